"""What the documentation promises: nothing undocumented, nothing documented that is not there, no broken link.

The commands, the settings and the values are asked themselves; the pages are read as text.
"""

from __future__ import annotations

import ast
import base64
import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from alerts.webhook import signed_headers
from monitor import cli
from monitor.cli import tipsheet
from monitor.cli.backup import Restored
from monitor.cli.recipients import RecipientState
from monitor.errors import Fault
from monitor.model import Account, AuditLine, FeedRow, Key
from monitor.operating.checkup import Check
from monitor.pipeline.offers import OfferedFeed
from monitor.rhythm.condition import Condition
from monitor.settings import shape
from monitor.settings.config import example_faults, read_config
from monitor.watches import packs
from monitor.watches.explain import Explanation
from storage.copying import Extent
from storage.decisions import DecisionRow
from storage.outbox import OutboxRow
from storage.stories import StoryRow
from tests import command
from tests.test_architecture import FLOORS, MODULES

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMED = [str(page.relative_to(ROOT)) for page in PAGES]


@cache
def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(name: str) -> dict[str, str]:
    """Heading → what stands under it, for the `##` headings of a page."""
    parts = re.split(r"(?m)^## (.*)\n", page(name))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of every table whose first column is called `head`."""
    found: list[list[str]] = []
    for table in re.findall(r"(?m)(?:^\|.*\|\n)+", text):
        first, _, *others = (re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines())
        if first[0].strip() == head:
            found += [[cell.strip() for cell in row] for row in others]
    return found


def words(text: str, head: str) -> set[str]:
    """What stands in backquotes in the first column of the tables under `head`."""
    return {word for row in rows(text, head) for word in re.findall(r"`([^`]+)`", row[0])}


# ---- commands --------------------------------------------------------------------------------------------------------


def commands(group: click.Group, name: str = "tipsheet") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something by itself, with its full name."""
    for word, one in group.commands.items():
        if not isinstance(one, click.Group) or one.invoke_without_command:
            yield f"{name} {word}", one
        if isinstance(one, click.Group):
            yield from commands(one, f"{name} {word}")


COMMANDS = dict(commands(tipsheet))


def options(one: click.Command) -> set[str]:
    return {name for option in one.params if isinstance(option, click.Option) for name in option.opts}


def documented_options(text: str) -> set[str]:
    return {word.split()[0] for word in words(text, "option")}


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    documented = {heading.strip("`") for heading in sections("docs/commands.md") if heading.startswith("`tipsheet ")}
    assert documented == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_section_has_exactly_its_options(name: str) -> None:
    assert documented_options(sections("docs/commands.md")[f"`{name}`"]) == options(COMMANDS[name])


def test_the_states_of_a_delivery_are_those_that_one_can_ask_for() -> None:
    (asked,) = (option for option in COMMANDS["tipsheet alerts"].params if option.name == "state")
    assert isinstance(asked.type, click.Choice)
    assert words(sections("docs/commands.md")["`tipsheet alerts`"], "state") == set(asked.type.choices)


def test_the_exit_codes_are_those_that_the_program_says() -> None:
    said = re.findall(r"(?:Exit codes:|·) (\d+) ", " ".join((cli.__doc__ or "").split()))
    shared = rows(sections("docs/commands.md")["What they share"], "exit code")
    assert said == [row[0] for row in shared]


def fields(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


JSON_FIELDS = [
    ("tipsheet check", fields(Fault)),
    ("tipsheet explain", fields(Explanation)),
    ("tipsheet stories", fields(StoryRow) | fields(DecisionRow)),
    ("tipsheet feeds health", fields(FeedRow) - {"habit", "tags"} | fields(Condition) | {"hub"}),
    ("tipsheet feeds add", fields(OfferedFeed)),
    ("tipsheet alerts", fields(OutboxRow)),
    ("tipsheet doctor", fields(Check)),
    ("tipsheet restore", fields(Restored)),
    ("tipsheet recipients", fields(RecipientState)),
    ("tipsheet db copy", fields(Extent)),
    ("tipsheet users", fields(Account)),
    ("tipsheet users log", fields(AuditLine)),
    ("tipsheet users tokens list", fields(Key)),
]


@pytest.mark.parametrize(("name", "given"), JSON_FIELDS, ids=[name for name, _ in JSON_FIELDS])
def test_every_field_of_json_is_documented(name: str, given: set[str]) -> None:
    assert words(sections("docs/commands.md")[f"`{name}`"], "field") == given


def test_what_once_counts_is_documented(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(BASE, encoding="utf-8")
    ran = command.tipsheet(
        "once", "--json", "--config", tmp_path / "feeds.yaml", "--database", f"sqlite:///{tmp_path / 'tipsheet.db'}"
    )
    assert words(sections("docs/commands.md")["`tipsheet once`"], "field") == set(ran.objects[0])


def test_what_is_listed_of_a_feed_is_documented() -> None:
    ran = command.tipsheet("feeds", "list", "--json", "--config", ROOT / "feeds.yaml")
    assert words(sections("docs/commands.md")["`tipsheet feeds list`"], "field") == set(ran.objects[0])


def test_the_webhook_carries_what_the_recipe_says() -> None:
    sent = json.loads(page("tests/data/golden/alert.json"))
    named = words(sections("docs/how-to.md")["Receive alerts in a program of yours"], "field")
    assert named == set(sent)


def calls() -> Iterator[tuple[str, str]]:
    """Every call of the program: on a line for a shell, behind a pipe or a variable, in running text; with its page."""
    for name in NAMED:
        text = page(name)
        code = "\n".join([*blocks(text, "(?:sh|ini|text)"), *re.findall(r"(?m)^ {4,}((?:tipsheet|\./dev) .*)$", text)])
        for call in re.findall(r"(?m)(?:^|\| *|/|=\S+ )((?:tipsheet|\./dev run) [^|>#\n]+)", code):
            yield name, call
        for call in re.findall(r"`((?:tipsheet|\./dev run) [^`]+)`", text):
            yield name, call


@pytest.mark.parametrize(("name", "call"), sorted(set(calls())))
def test_every_call_in_the_documentation_is_one(name: str, call: str) -> None:
    """The words up to the first option or argument name a command, and each option is that command's."""
    one: click.Command = tipsheet
    for word in call.removeprefix("./dev run").removeprefix("tipsheet").split():
        if word.startswith("-"):
            known = options(one) | {"-h", "--help", "--version", "-"}
            assert word.split("=")[0].rstrip(",;.") in known, f"{name}: {call}: {one.name} has no {word}"
        elif isinstance(one, click.Group) and (word in one.commands or not one.invoke_without_command):
            if word == "NAME":  # stands for any of them
                return
            assert word in one.commands, f"{name}: there is no command {word!r} in {call!r}"
            one = one.commands[word]


def test_dev_knows_the_verbs_that_contributing_names() -> None:
    known = set(re.findall(r"(?m)^ {4}([a-z]+)(?:\|[^)]*)?\)", page("dev")))
    assert {word.removeprefix("./dev ").split()[0] for word in words(page("CONTRIBUTING.md"), "type")} == known


# ---- the filters: the examples are run -------------------------------------------------------------------------------

FILTERS = [name for name in COMMANDS if name.startswith("tipsheet stage ")]
REFUSED = {"input", "unreadable"}


def shaped(value: object) -> object:
    """A value without its particulars: what a program that reads it relies on."""
    if isinstance(value, dict):
        return {key: shaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shaped(value[0])] if value else []
    return type(value).__name__


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_gives_what_its_example_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = sections("docs/commands.md")[f"`{name}`"]
    (given,), (shown,) = blocks(text, "jsonl in"), blocks(text, "jsonl out")
    expected = [json.loads(line) for line in shown.splitlines()]
    ran = command.tipsheet(*name.split()[1:], stdin=given)
    assert [shaped(one) for one in ran.objects] == [shaped(one) for one in expected]
    if name != "tipsheet stage match":  # whose scores follow the pack, and may be better tomorrow
        assert ran.objects == expected
    refused = [one for one in expected if one.get("error") and one["error"]["kind"] in REFUSED]
    assert ran.code == (1 if refused else 0)


# ---- the configuration -----------------------------------------------------------------------------------------------

BLOCKS: dict[str, type[shape.Block]] = {
    "The whole": shape.File,
    "`fetch`": shape.FetchBlock,
    "`network`": shape.NetworkBlock,
    "`alerts`": shape.AlertsBlock,
    "`websub`": shape.WebsubBlock,
    "`desk`": shape.DeskBlock,
    "`health`": shape.HealthBlock,
    "`pages`": shape.PagesBlock,
    "`archive`": shape.ArchiveBlock,
    "`keep`": shape.KeepBlock,
    "`channels`: email": shape.EmailChannel,
    "`channels`: webhook": shape.WebhookChannel,
    "`channels`: Slack, Discord, Mattermost, Teams": shape.HookChannel,
    "`channels`: ntfy": shape.NtfyChannel,
    "`channels`: Telegram": shape.TelegramChannel,
    "`channels`: Matrix": shape.MatrixChannel,
    "`channels`: feed": shape.FeedChannel,
    "`channels`: folder": shape.FolderChannel,
    "`channels`: Apprise": shape.AppriseChannel,
    "`recipients`": shape.RecipientBlock,
    "`sets`": shape.SetBlock,
    "`watches`": shape.WatchBlock,
    "`feeds`": shape.FeedBlock,
    "`feed_lists`": shape.FeedListBlock,
}


def settings(block: type[shape.Block]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in block.model_fields.items()}


def key_row(heading: str, key: str) -> list[str]:
    (row,) = (row for row in rows(sections("docs/configuration.md")[heading], "key") if row[0] == f"`{key}`")
    return row


def test_every_block_of_the_file_has_its_section() -> None:
    assert set(BLOCKS.values()) == set(shape.Block.__subclasses__())


@pytest.mark.parametrize("heading", BLOCKS)
def test_a_blocks_section_has_exactly_its_keys(heading: str) -> None:
    assert words(sections("docs/configuration.md")[heading], "key") == set(settings(BLOCKS[heading]))


def written(value: object) -> str:
    """A default as the page writes it."""
    if isinstance(value, timedelta):
        units = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"))
        size, unit = next((one for one in units if not value % one[0]), (timedelta(seconds=1), "s"))
        return f"`{value // size}{unit}`"
    if value is None or value == {}:
        return "none"
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


@pytest.mark.parametrize(
    ("heading", "key"), [(heading, key) for heading, block in BLOCKS.items() for key in settings(block)]
)
def test_a_keys_default_is_the_documented_one(heading: str, key: str) -> None:
    field, default = settings(BLOCKS[heading])[key], key_row(heading, key)[2]
    if field.is_required():
        assert default == "needed"
    else:
        assert default == ("" if isinstance(field.default, shape.Block) else written(field.default))


def test_the_packs_that_ship_are_named() -> None:
    assert set(packs.names()) <= set(re.findall(r"`([^`]+)`", key_row("`watches`", "pack")[3]))


# ---- every YAML in the pages -----------------------------------------------------------------------------------------

BASE = """
contact: https://example.org/press-monitor
channels:
  - {name: mail, kind: email, host: localhost, from: desk@example.org}
recipients:
  - {name: desk, channel: mail, address: desk@example.org}
watches:
  - {name: raids, query: raid}
feeds: []
"""
EXAMPLES = [
    pytest.param(text, id=f"{name}-{number}")
    for name in NAMED
    for number, text in enumerate(blocks(page(name), "yaml"), start=1)
]


def completed(part: dict[str, Any]) -> dict[str, Any]:
    """A whole file with the part in it. Of two things of one name, the part's own is kept."""
    whole: dict[str, Any] = YAML(typ="safe").load(BASE)
    for key, value in part.items():
        if isinstance(value, list):
            own = {one.get("name") for one in value}
            value = [*(one for one in whole.get(key, ()) if one["name"] not in own), *value]
        whole[key] = value
    return whole


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_yaml_example_is_valid_and_keeps_its_promises(text: str, tmp_path: Path) -> None:
    part = YAML(typ="safe").load(text)
    if "halves" in part:  # a piece of a pack
        part["rules"] = {"alert": 0.5, "digest": 0.3, "strong": 0, "near": 9, "apart": 1, "body": 1, "shouted": 1}
        (tmp_path / "our-beat.yaml").write_text(json.dumps({"name": "our beat"} | part), encoding="utf-8")
        part = {"watches": [{"name": "our beat", "pack": "our-beat.yaml"}]}
    else:
        (tmp_path / "our-beat.yaml").write_text(packs.shipped("wage-theft-and-staffing"), encoding="utf-8")
    for one in part.get("feed_lists", ()):
        (tmp_path / one["file"]).parent.mkdir(exist_ok=True)
        (tmp_path / one["file"]).write_text("url\nhttps://example.org/\n", encoding="utf-8")
    path = tmp_path / "feeds.yaml"
    if "contact" in part and "feeds" in part:
        path.write_text(text, encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8") as stream:
            YAML().dump(completed(part), stream)
    secrets = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", text), "hunter2")
    assert example_faults(read_config(path, secrets)) == ()


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) >= 10


# ---- the log ---------------------------------------------------------------------------------------------------------


def noted() -> Iterator[tuple[str, set[str]]]:
    """Every event that the program logs, with the fields that it is given in one place."""
    for path in sorted((ROOT / "monitor").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "note":
                event = call.args[0]
                assert isinstance(event, ast.Constant), f"{path}:{call.lineno}: expected the event's name itself"
                yield str(event.value), {field.arg for field in call.keywords if field.arg} - {"level"}


def test_every_event_of_the_log_is_documented_with_its_fields() -> None:
    table = rows(page("docs/commands.md"), "event")
    documented = {
        event: set(re.findall(r"`([^`]+)`", fields))
        for events, _, fields in table
        for event in re.findall(r"`([^`]+)`", events)
    }
    said: dict[str, set[str]] = {"library": {"library", "message"}}
    for event, fields in noted():
        said.setdefault(event, set()).update(fields)
    assert set(said) == set(documented)
    assert [event for event, fields in said.items() if not fields <= documented[event]] == []


# ---- the environment -------------------------------------------------------------------------------------------------


def variables() -> set[str]:
    """What the program, its tests and its benchmarks ask of the environment by name."""
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("monitor", "storage", "alerts", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
    asked = re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", source)
    return {*asked, *re.findall(r"envvar=\"([A-Z_]+)\"", source)}


def test_every_variable_is_documented() -> None:
    documented = words(page("docs/configuration.md"), "variable") | words(page("CONTRIBUTING.md"), "variable")
    assert variables() <= documented


@pytest.mark.parametrize("name", NAMED)
def test_every_variable_of_ours_that_a_page_names_is_one(name: str) -> None:
    secrets = set(re.findall(r"\$\{(\w+)\}", page("feeds.yaml")))
    assert set(re.findall(r"\bTIPSHEET_[A-Z_]+", page(name))) <= variables() | secrets


# ---- promises of fetching and of alerts ------------------------------------------------------------------------------

PROMISED = {"docs/fetching.md": 50, "docs/alerts.md": 35}  # page → promises that it has at least
HELD = [held for name in PROMISED for held in re.findall(r"`(test_\w+)::(test_\w+)`", page(name))]


@pytest.mark.parametrize(("module", "test"), sorted(set(HELD)))
def test_a_promise_is_held_by_a_test_that_exists(module: str, test: str) -> None:
    assert f"\ndef {test}(" in page(f"tests/{module}.py")


@pytest.mark.parametrize("name", PROMISED)
def test_every_promise_names_what_holds_it(name: str) -> None:
    promises = rows(page(name), "promise")
    assert len(promises) >= PROMISED[name]
    assert [promise for promise, held in promises if "::" not in held] == []


# ---- recipes ---------------------------------------------------------------------------------------------------------


def test_the_recipe_for_receivers_believes_us_and_nobody_else() -> None:
    (source,) = blocks(page("docs/how-to.md"), "python")
    recipe: dict[str, Any] = {}
    exec(compile(source, "how-to.md", "exec"), recipe)  # the reader's program
    verify = recipe["verify"]
    key, other = b"ABC" * 8, b"abc" * 8
    secret, body, now = f"whsec_{base64.b64encode(key).decode()}", b'{"type":"test"}', datetime.now(UTC)
    headers = signed_headers("msg_1", now, body, (other, key))
    assert verify(secret, headers, body)
    assert not verify(secret, headers, body + b" ")
    assert not verify(secret, headers | {"webhook-id": "msg_2"}, body)
    assert not verify(secret, signed_headers("msg_1", now, body, (other,)), body)
    assert not verify(secret, signed_headers("msg_1", now - timedelta(seconds=400), body, (key,)), body)


# ---- the architecture ------------------------------------------------------------------------------------------------


def tree() -> set[str]:
    """The rooms that the page's tree names: modules, and packages, whose own rooms it may leave out."""
    (listed,) = blocks(sections("docs/architecture.md")["The tree"], "text")
    found, path = set(), list[str]()
    for line in listed.splitlines():
        if room := re.match(r"( *)(\w+)(?:\.py|/)", line):
            path[len(room[1]) // 2 :] = [room[2]]
            found.add(".".join(path))
    return found


def test_the_tree_names_every_room() -> None:
    listed = tree()
    opened = {name.rpartition(".")[0] for name in listed}
    missing = {name for name in MODULES if name.rpartition(".")[0] in opened and name not in listed}
    assert missing == set(), "not in the tree of docs/architecture.md"
    folders = {name for name in listed if (ROOT / name.replace(".", "/")).is_dir()}
    assert listed - set(MODULES) - folders == set(), "in the tree, and not in the house"


def groups(floor: Sequence[str]) -> set[frozenset[str]]:
    """The groups of a floor, each room by its short name."""
    return {
        frozenset(
            name.removesuffix(".*").removeprefix("monitor.") for name in group.split() if "migrations" not in name
        )
        for group in floor
    }


def test_the_floors_are_those_that_the_imports_are_held_to() -> None:
    (shown,) = blocks(page("docs/architecture.md"), "text floors")
    floors = [groups(line.split("·")) for line in reversed(shown.splitlines())]
    assert floors == [groups(floor) for floor in FLOORS]


# ---- links -----------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links() -> Iterator[tuple[str, str]]:
    """Every link that leads to a file of ours, with its page."""
    for name in NAMED:
        prose = re.sub(r"(?ms)^```.*?^```$|`[^`\n]*`", "", page(name))
        for target in re.findall(r"\]\(\s*([^)\s]+)\s*\)", prose):
            if not re.match(r"[a-z]+:", target):
                yield name, target


@pytest.mark.parametrize(("name", "target"), sorted(set(links())))
def test_no_link_is_broken(name: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    goal = (ROOT / name).parent / path if path else ROOT / name
    assert goal.exists(), f"{name}: {target}"
    assert not anchor or anchor in anchors(goal), f"{name}: no heading for #{anchor}"


@pytest.mark.parametrize("name", NAMED)
def test_no_page_knows_anybodys_machine(name: str) -> None:
    assert not re.search(r"(?<![\w.~%}])/(?:home|root|work|tmp|Users)/", page(name))
