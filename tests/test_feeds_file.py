"""feeds.yaml as a program may write it: the new feeds, and not one character of anybody else's."""

from __future__ import annotations

import os
import stat
import time
from difflib import ndiff
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from monitor.errors import ConfigError
from monitor.model import Feed
from monitor.settings.config import read_config
from monitor.settings.feeds_file import append_feeds
from monitor.settings.yaml_file import load_tree, written

HEAD = """\
# What the night desk watches.

contact: https://desk.example/     # ours
alerts: {group_wait: 30s}   # a list in one line stays in one line
channels:
{dash}- {{name: mail, kind: email, host: localhost, security: none, from: 'Desk <desk@desk.example>'}}
recipients:
{dash}- name: desk
{dash}  channel: mail
{dash}  address: "desk@desk.example"
{dash}  digest_at: "07:00"   # before the conference
watches:
{dash}- name: ferries
{dash}  query: '"ferry" AND (fog OR storm OR "a very long line that nobody should ever fold, however long it becomes, because it is ours")'
feeds:
"""  # noqa: E501 - that is the point of it
LIST = """\
{dash}# the fast one
{dash}- name: Ferry Times
{dash}  url: https://ferry.example/feed    # moved in May

{dash}- {{name: Courier, url: 'https://courier.example/feed'}}
{dash}# to be continued
"""
NEW = Feed(url="https://new.example/feed", name="New", outlet="new.example")


def write(directory: Path, *, dash: str = "  ") -> Path:
    path = directory / "feeds.yaml"
    text = HEAD.replace("{group_wait: 30s}", "{{group_wait: 30s}}") + LIST
    path.write_text(text.format(dash=dash), encoding="utf-8")
    return path


def read(path: Path) -> list[Feed]:
    return list(read_config(path, {}, with_secrets=False).feeds.values())


@pytest.mark.parametrize("dash", ["", "  ", "    "])
def test_feeds_are_added_at_the_end_and_everything_else_stays_as_it_was_typed(tmp_path: Path, dash: str) -> None:
    path = write(tmp_path, dash=dash)
    before = path.read_text()
    new = Feed(
        url="https://isla.example/feed", name="La Isla: diario", outlet="isla.example", language="es",
        tags=("sea", "#1"), enabled=False,
    )  # fmt: skip
    assert append_feeds(path, [new, NEW]) == (2, ())
    changed = [line for line in ndiff(before.splitlines(), path.read_text().splitlines()) if line[0] != " "]
    assert {line[0] for line in changed} == {"+"}
    assert changed[0] == f"+ {dash}- name: 'La Isla: diario'"
    assert read(path)[2:] == [new, NEW]


def test_the_shipped_file_is_kept_to_the_character(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[1] / "feeds.yaml").read_text(encoding="utf-8")
    path = tmp_path / "feeds.yaml"
    path.write_text(shipped, encoding="utf-8")
    assert append_feeds(path, [NEW])[0] == 1
    assert path.read_text(encoding="utf-8").startswith(shipped)


def test_an_empty_list_grows_into_a_readable_one(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().partition("feeds:\n")[0] + "feeds: []\n")
    assert append_feeds(path, [NEW]) == (1, ())
    assert path.read_text().endswith(
        "feeds:\n  - name: New\n    url: https://new.example/feed\n    outlet: new.example\n"
    )


@pytest.mark.parametrize(
    "url",
    ["https://ferry.example/feed", "http://ferry.example/feed", "https://ferry.example/feed/"],
)
def test_a_feed_that_is_there_is_not_added_again(tmp_path: Path, url: str) -> None:
    path = write(tmp_path)
    before = path.read_bytes()
    assert append_feeds(path, [Feed(url=url, name="Twin", outlet="x")]) == (0, (f"{url}: is in the file already",))
    assert path.read_bytes() == before
    again = Feed(url="http://new.example/feed/", name="Again", outlet="x")
    assert append_feeds(path, [NEW, again]) == (1, ("http://new.example/feed/: the same feed as New, which is added",))


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    path = write(tmp_path)
    twins = [Feed(url=f"https://{number}.example/", name="Courier", outlet="courier.example") for number in (1, 2)]
    nameless = Feed(url="https://3.example/", name="", outlet="three.example")
    assert append_feeds(path, [*twins, nameless])[0] == 3
    assert [feed.name for feed in read(path)[2:]] == ["Courier (2)", "Courier (3)", "https://3.example/"]


def test_what_would_spoil_the_file_is_left_out_with_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path)
    odd = [
        Feed(url="https://odd.example:4443/feed", name="Odd port", outlet="odd.example"),
        Feed(url="https://me:secret@odd.example/feed", name="Password", outlet="odd.example"),
        Feed(url="https://long.example/feed", name="x" * 201, outlet="long.example"),
    ]
    added, skipped = append_feeds(path, [odd[0], NEW, odd[1], odd[2]])
    assert added == 1
    reasons = {reason.partition(": ")[0]: reason.partition(": ")[2] for reason in skipped}
    assert set(reasons) == {feed.url for feed in odd}
    assert "port 4443 is not among network.ports" in reasons[odd[0].url]
    assert "a user name or password does not belong in this file" in reasons[odd[1].url]
    assert [feed.url for feed in read(path)][2:] == [NEW.url]


def test_an_older_fault_of_the_file_is_not_the_new_feeds_fault(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("group_wait: 30s", "group_wait: soon"))
    assert append_feeds(path, [NEW]) == (1, ())


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_permissions_and_links_are_kept(tmp_path: Path, mode: int) -> None:
    """What somebody watches is theirs to show."""
    (tmp_path / "private").mkdir()
    path = write(tmp_path / "private")
    path.chmod(mode)
    link = tmp_path / "feeds.yaml"
    link.symlink_to(path)
    append_feeds(link, [NEW])
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert len(read(path)) == 3


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        append_feeds(path, [NEW])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    seen: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.read_bytes()))
    append_feeds(path, [NEW])
    assert seen
    assert all(b"new.example" not in content for content in seen)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("contact: x\n", "feeds: expected a list of feeds"),
        ("feeds: {a: b}\n", "feeds: expected a list of feeds"),
        ("- a\n", "expected keys such as feeds"),
        ("feeds: [\n", "is not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_an_error_and_stays(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        append_feeds(path, [NEW])
    assert path.read_text() == text


def test_a_list_that_is_followed_by_other_keys_grows_where_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + "keep: {texts: 30d}\n")
    assert append_feeds(path, [NEW]) == (1, ())
    assert [feed.name for feed in read(path)] == ["Ferry Times", "Courier", "New"]
    assert path.read_text().endswith("# to be continued\nkeep: {texts: 30d}\n")


def test_line_ends_and_a_missing_last_one_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    before = path.read_bytes()
    assert append_feeds(path, [NEW]) == (1, ())
    assert path.read_bytes().startswith(before + b"\r\n  - name: New\r\n")
    assert len(read(path)) == 3


def test_a_list_in_brackets_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text().partition("feeds:\n")[0] + "feeds: [{name: A, url: https://a.example/}]\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is a list in brackets"):
        append_feeds(path, [NEW])
    assert path.read_text() == text


def test_ten_thousand_feeds_fit_and_take_seconds(tmp_path: Path) -> None:
    path = write(tmp_path)
    many = [
        Feed(
            url=f"https://site{n % 50}.example/section/{n}/rss.xml", name=f"Section {n}", outlet=f"site{n % 50}.example"
        )
        for n in range(10_104)
    ]
    began = time.process_time()
    assert append_feeds(path, many) == (10_104, ())
    assert time.process_time() - began < 10
    assert len(load_tree(path)["feeds"]) == 10_106


@given(st.text(min_size=1).filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
@example("yes").via("a switch")
@example("12:30").via("a number in base 60")
@example("a: b").via("a key")
@example("# no").via("a comment")
@example("'\"\\\n\u2028\x07").via("what needs escapes")
def test_what_is_written_is_read_back_by_us_and_by_others(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    line = f"key: {written(text)}\nlist: [{written(text, in_brackets=True)}, b]\n"
    path = tmp_path_factory.getbasetemp() / "scalar.yaml"
    path.write_bytes(line.encode())
    assert load_tree(path) == {"key": text, "list": [text, "b"]}
    assert YAML(typ="safe", pure=True).load(line) == {"key": text, "list": [text, "b"]}
    assert yaml.safe_load(line) == {"key": text, "list": [text, "b"]}
