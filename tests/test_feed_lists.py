"""Lists of feeds beside feeds.yaml: what a row says, what is wrong with one, and how the database follows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from monitor.errors import ConfigError, Fault
from monitor.model import Feed
from monitor.pipeline.lists import Present, follow_lists, left_out, lots, to_follow
from monitor.pipeline.rhythm import Rhythms
from monitor.settings.config import Config, read_config
from monitor.settings.feed_lists import written
from storage import entries, facts, feed_lines, feeds
from storage.database import Database
from storage.schema import feeds as table
from tests.command import tipsheet
from tests.conftest import NOON
from tests.engines import on_each
from tests.memory import memory_grown
from tests.rows import LEASE, keep, keyed
from tests.test_volume import watched

FILE = """
contact: https://desk.example/
channels: [{name: box, kind: folder, path: "."}]
recipients: [{name: desk, channel: box}]
watches: [{name: ferries, query: ferry%s}]
feed_lists: [%s]
feeds: [%s]
"""
FERRY = '{name: Ferry Times, url: "https://ferry.example/feed"}'
HEAD = "url,name,tags,every\n"


def config_of(
    folder: Path, rows: str | bytes, *, scope: str = "", more: str = "", feeds: str = "", name: str = "coast.csv"
) -> Config:
    """A file that names one list with these rows."""
    (folder / name).write_bytes(rows.encode() if isinstance(rows, str) else rows)
    path = folder / "feeds.yaml"
    path.write_text(FILE % (scope and f", feeds: [{scope}]", f"{{file: {name}{more}}}", feeds))
    return read_config(path, {})


def good(rows: Iterable[Feed | Fault]) -> list[Feed]:
    return [row for row in rows if isinstance(row, Feed)]


def bad(rows: Iterable[Feed | Fault]) -> list[tuple[int, str]]:
    return [(row.line, f"{row.path}: {row.message}") for row in rows if isinstance(row, Fault)]


def test_a_row_says_of_its_feed_what_a_block_could_and_the_list_says_the_rest(tmp_path: Path) -> None:
    head = "\ufeffURL; name; outlet; language; tags; about; enabled; every; pages; max_delay; conditional\r\n"
    full = "https://quay.example/a;Quay;quay.example;es;sea | harbor;ports;no;15m;yes;2h;false\r\n"
    bare = 'https://www.pier.example/feed;;;;"";;;;;;\r\n'
    config = config_of(tmp_path, head + full + bare, more=", tags: [coast], every: 1d")
    assert list(config.read_lists()) == [
        Feed(
            url="https://quay.example/a", name="Quay", outlet="quay.example", language="es",
            tags=("coast", "sea", "harbor"), about=("ports",), enabled=False, every=timedelta(minutes=15), pages=True,
            max_delay=timedelta(hours=2), conditional=False, listed_in="coast.csv",
        ),
        Feed(
            url="https://www.pier.example/feed", name="www.pier.example/feed", outlet="pier.example", tags=("coast",),
            every=timedelta(days=1), listed_in="coast.csv",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"ftp://quay.example/,Quay,,", "url: expected a URL that starts with http:// or https:// and names a host"),
        (b",Quay,,", "url: is missing"),
        (b"https://quay.example/,Quay,,soon", "every: expected a duration such as 30s, 15m, 1h, 2d or 1w, got 'soon'"),
        (b"https://quay.example:99/,,,", "url: port 99 is not among network.ports, so it would not be asked"),
        (b"http://quay.onion/,,,", "url: an onion address is reached through Tor only; expected network.proxy"),
        (b"http://first.example/feed/,,,", "url: stands in a row above, or in a list before this one"),
        (b"https://quay.example/,Quay", ": has 2 cells; expected 4, as many as there are columns"),
        (b'https://quay.example/,"Quay,,', ": is no row of CSV: unexpected end of data; expected each row in one line"),
        (b"https://quay.example/,Mu\xf1oz,,", ": is not UTF-8"),
        (b"https://quay.example/," + b"x" * 50_000 + b",,", ": has more than 20,000 bytes"),
    ],
)
def test_a_row_with_a_fault_is_named_by_its_line_and_those_beside_it_go_on(
    tmp_path: Path, row: bytes, said: str
) -> None:
    first, last = b"https://first.example/feed,,,\n\n", b"\nhttps://last.example/feed,,,"
    config = config_of(tmp_path, HEAD.encode() + first + row + last)
    assert [feed.outlet for feed in good(config.read_lists())] == ["first.example", "last.example"]
    ((line, message),) = bad(config.read_lists())
    assert line == 4
    assert message.startswith(said)


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("coast.txt", HEAD, "expected a file that ends in .csv or .opml"),
        ("coast.csv", "", "has no column `url` in its first line"),
        ("coast.csv", HEAD, "has no rows; expected some"),
        ("coast.csv", "url,nmae\nhttps://quay.example/,Quay\n", "has a column 'nmae'; did you mean `name`?"),
        ("coast.csv", "url,url\nhttps://quay.example/,\n", "has a column twice"),
        ("coast.csv", HEAD.encode("utf-16"), "is not UTF-8; save it as CSV in UTF-8"),
        ("coast.opml", " " * 10_000_001, "has 10,000,001 bytes; expected at most 10,000,000, or a CSV"),
    ],
)
def test_a_list_of_which_nothing_can_be_read_is_a_fault_of_the_file(
    tmp_path: Path, name: str, rows: str | bytes, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config_of(tmp_path, rows, name=name)
    (fault,) = refused.value.faults
    assert (fault.path, fault.line) == ("feed_lists[0].file", 6)
    assert said in fault.message


def test_a_list_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    config = config_of(tmp_path, HEAD + "https://quay.example/,,,\n")
    (tmp_path / "coast.csv").unlink()
    with pytest.raises(ConfigError, match=r"coast\.csv cannot be read: No such file"):
        read_config(config.path, {})
    with pytest.raises(ConfigError, match=r"coast\.csv: cannot be read: No such file"):
        list(config.read_lists())


def test_a_list_may_be_opml(tmp_path: Path) -> None:
    outlines = '<outline text="Quay" xmlUrl="https://quay.example/a"/>\n<outline type="rss" text="None"/>'
    rows = f'<opml><body>\n<outline text="sea">{outlines}</outline></body></opml>'
    config = config_of(tmp_path, rows, name="coast.opml")
    (feed,) = good(config.read_lists())
    assert (feed.name, feed.outlet, feed.tags, feed.listed_in) == ("Quay", "quay.example", ("sea",), "coast.opml")
    assert bad(config.read_lists()) == [(3, ": no feed address (xmlUrl)")]
    with pytest.raises(ConfigError, match="the document holds no outline"):
        list(config_of(tmp_path, "<html></html>", name="coast.opml").read_lists())


def test_what_stands_in_feeds_yaml_counts_and_not_what_a_list_says_of_it(tmp_path: Path) -> None:
    config = config_of(tmp_path, HEAD + "http://ferry.example/feed/,Another,,\nhttps://quay.example/,,,\n", feeds=FERRY)
    assert [feed.outlet for feed in good(config.read_lists())] == ["quay.example"]
    assert bad(config.read_lists()) == []


@pytest.mark.parametrize("scope", ["coast", "sea", "Quay"])
def test_a_watch_may_look_at_what_only_a_list_names(tmp_path: Path, scope: str) -> None:
    rows = HEAD + "https://quay.example/,Quay,land|sea,\n"
    assert config_of(tmp_path, rows, scope=scope, more=", tags: [coast]").watches
    with pytest.raises(ConfigError, match="no feed has the name or the tag 'lake'"):
        config_of(tmp_path, rows, scope=f"lake, {scope}", more=", tags: [coast]")


def test_what_is_written_as_a_list_is_read_as_it_was(tmp_path: Path) -> None:
    rows = [
        Feed(
            url="https://quay.example/a?b=1,2", name='Quay, "the" paper; and more', outlet="quay.example",
            language="es", tags=("sea", "land"), about=("ports",), enabled=False,
            every=timedelta(minutes=15), pages=True, max_delay=timedelta(hours=2), conditional=False,
            listed_in="coast.csv",
        ),
        Feed(url="https://pier.example/", name="A\nB", outlet="pier.example", listed_in="coast.csv"),
    ]  # fmt: skip
    config = config_of(tmp_path, "\n".join(written(rows)))
    read = good(config.read_lists())
    assert read[0] == rows[0]
    assert read[1].name == "A B"  # a row stands in one line


# ---- the rows of the database ---------------------------------------------------------------------------------------


def follow(database: Database, config: Config) -> int | None:
    """How many steps it took; None where there was nothing to do."""
    with database.write() as connection:
        feeds.remember(connection, tuple(config.feeds.values()))
    mark = to_follow(database, config)
    return None if mark is None else len(list(follow_lists(database, config, mark)))


def shown(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def asked(database: Database, config: Config) -> dict[str, Feed]:
    """The feeds that are due, as they are asked for."""
    with database.write() as connection:
        claimed = feeds.claim_due(connection, config.feeds, claimant="me", now=NOON, lease=LEASE, limit=100)
        feeds.record(connection, [], claimant="me")
        connection.execute(update(table).values(claimed_until=None, claimed_by=None))
    return {state.feed.name: state.feed for state in claimed}


@on_each
def test_the_rows_follow_the_lists_and_an_unchanged_list_is_not_read_again(tmp_path: Path, database: Database) -> None:
    rows = HEAD + "https://quay.example/,Quay,sea,15m\nhttps://pier.example/,Pier,,\nnonsense,,,\n"
    config = config_of(tmp_path, rows, feeds=FERRY)
    assert follow(database, config) == 1
    found = asked(database, config)
    assert found == {"Ferry Times": config.feeds["https://ferry.example/feed"]} | {
        feed.name: feed for feed in good(config.read_lists())
    }
    with database.read() as connection:
        assert facts.lists_followed(connection)[1:] == (2, 1)
        (said,) = left_out(connection)
    assert said.startswith("1 row of the lists of feeds cannot be used")
    place = ("--config", config.path, "--database", shown(database))
    doctor = tipsheet("doctor", "--offline", "--only", "settings", "--json", *place)
    assert ("warn", said) in [(check["level"], check["sentence"]) for check in doctor.objects]
    assert follow(database, config) is None

    changed = config_of(tmp_path, HEAD + "https://pier.example/,The Pier,,\nhttps://slip.example/,Slip,,\n")
    assert follow(database, changed) == 1
    assert set(asked(database, changed)) == {"The Pier", "Slip"}  # what left the list is at rest, and not forgotten
    again = config_of(tmp_path, rows, feeds=FERRY)
    assert follow(database, again) == 1
    assert asked(database, again) == found

    config.path.write_text(FILE % ("", "", FERRY))
    alone = read_config(config.path, {})
    assert follow(database, alone) == 0
    assert set(asked(database, alone)) == {"Ferry Times"}


def test_a_feed_may_move_from_a_list_into_the_file_and_back(tmp_path: Path, database: Database) -> None:
    rows = HEAD + "https://ferry.example/feed,Listed,,\nhttps://quay.example/,Quay,,\n"
    listed, itself = config_of(tmp_path, rows), None
    for _ in range(2):
        follow(database, config_of(tmp_path, rows))
        assert asked(database, listed)["Listed"].listed_in == "coast.csv"
        itself = config_of(tmp_path, rows, feeds=FERRY)
        follow(database, itself)
        assert asked(database, itself)["Ferry Times"].listed_in == ""
    with database.read() as connection:
        assert len(connection.execute(select(table.c.id)).all()) == 2


def test_what_a_list_says_of_a_feed_holds_for_its_entries(tmp_path: Path, database: Database) -> None:
    config = config_of(tmp_path, "url,tags,about,language,pages\nhttps://quay.example/,sea,ports,es,yes\n")
    follow(database, config)
    keep(database, keyed("1"), now=NOON)
    with database.write() as connection:
        (entry,) = entries.claim_due(connection, config.feeds, claimant="me", now=NOON, lease=LEASE, limit=9)
    assert (entry.document.tags, entry.document.about, entry.document.language) == (("sea",), ("ports",), "es")
    assert entry.pages


def test_the_feeds_of_lists_take_part_in_the_rhythm_and_are_shown(tmp_path: Path, database: Database) -> None:
    rows = HEAD + "https://quay.example/,Quay,sea,15m\nhttps://pier.example/,Pier,,\n"
    config = config_of(tmp_path, rows)
    follow(database, config)
    with database.write() as connection:
        connection.execute(update(table).values(habit=list(watched(12).kept())))
    with database.read() as connection:
        every = {one.url: one.every for one in feeds.habits(connection)}
        shown = {row.name: (row.listed_in, row.tags) for row in feeds.each(connection, in_use=True)}
        (quay,) = feeds.each(connection, names=["Quay"])
    assert every == {"https://quay.example/": timedelta(minutes=15), "https://pier.example/": None}
    assert shown == {"Quay": ("coast.csv", ("sea",)), "Pier": ("coast.csv", ())}
    assert quay.url == "https://quay.example/"
    with database.read() as connection:
        number = feed_lines.numbers(connection)[quay.url]
        assert feed_lines.address(connection, number) == quay.url
        assert feed_lines.address(connection, 99) is None
        assert [row.name for row in feeds.each(connection, url=quay.url)] == ["Quay"]
        assert feed_lines.count(connection) == 2
    assert Rhythms().now(database, config, NOON).rhythm is not None
    asked_now = tipsheet("feeds", "refresh", "Quay", "nobody", "--database", str(database.url))
    assert (asked_now.code, "1 will be asked now" in asked_now.out, "no feed of this name" in asked_now.err) == (
        1, True, True
    )  # fmt: skip
    health = tipsheet("feeds", "health", "--json", "--database", str(database.url)).objects
    assert [(one["name"], one["listed_in"]) for one in health] == [("Pier", "coast.csv"), ("Quay", "coast.csv")]


def test_who_is_stopped_in_the_midst_leaves_no_feed_alone_and_the_next_goes_on(
    tmp_path: Path, database: Database
) -> None:
    many = "".join(f"https://quay.example/{number},,,\n" for number in range(1_500))
    follow(database, config_of(tmp_path, HEAD + "https://pier.example/,Pier,,\n"))
    config = config_of(tmp_path, HEAD + many)
    mark = to_follow(database, config)
    assert mark is not None
    assert lots(mark) == 2
    next(follow_lists(database, config, mark))  # and no more: it is killed
    assert "Pier" in asked(database, config)
    assert follow(database, config) == 2
    with database.read() as connection:
        assert facts.lists_followed(connection)[1] == 1_500
        assert len(connection.execute(select(table.c.id).where(table.c.active)).all()) == 1_500


def test_a_list_that_changes_while_it_is_read_is_refused_and_no_feed_is_left_alone(
    tmp_path: Path, database: Database
) -> None:
    follow(database, config_of(tmp_path, HEAD + "https://pier.example/,Pier,,\n"))
    config = config_of(tmp_path, HEAD + "https://quay.example/,Quay,,\nhttps://slip.example/,Slip,,\n")
    mark = to_follow(database, config)
    assert mark is not None
    steps = follow_lists(database, config, mark)
    next(steps)
    config_of(tmp_path, HEAD + "https://quay.example/,Quay,,\n")
    with pytest.raises(ConfigError, match="changed since the start"):
        deque(steps, maxlen=0)
    assert "Pier" in asked(database, config)
    assert to_follow(database, config) is not None
    with pytest.raises(ConfigError, match="changed since the start"):
        next(follow_lists(database, config, mark))  # without a look at any row


def test_which_numbers_were_seen_takes_a_bit_for_each() -> None:
    present = Present()
    present.add([3, 8, 1_000_000])
    assert [number for number in (0, 3, 4, 8, 9, 999_999, 1_000_000, 1_000_001) if number in present] == [
        3,
        8,
        1_000_000,
    ]


def test_the_memory_that_a_list_takes_is_a_number_for_each_row(tmp_path: Path) -> None:
    rows = HEAD + "".join(f"https://quay.example/{number},Quay {number},sea|land,15m\n" for number in range(30_000))
    config = config_of(tmp_path, rows)
    with memory_grown() as grown:
        assert sum(isinstance(row, Feed) for row in config.read_lists()) == 30_000
    assert grown.megabytes < 12  # as feeds they are 20 MB


# ---- commands -------------------------------------------------------------------------------------------------------


def test_commands_speak_of_lists(tmp_path: Path) -> None:
    rows = HEAD + "https://quay.example/,Quay,sea,\nnonsense,,,\n"
    path = config_of(tmp_path, rows, feeds=FERRY).path
    checked = tipsheet("check", "--config", path)
    assert checked.code == 2
    assert "coast.csv:3: url: expected a URL" in checked.err
    listed = tipsheet("feeds", "list", "--config", path, "--json")
    assert [(row["name"], row["listed_in"]) for row in listed.objects] == [("Ferry Times", ""), ("Quay", "coast.csv")]
    assert "left out: " in listed.err
    assert tipsheet("feeds", "export", "--config", path, tmp_path / "all.csv").code == 0
    again = config_of(tmp_path, (tmp_path / "all.csv").read_text(), name="all.csv")
    assert [feed.name for feed in good(again.read_lists())] == ["Ferry Times", "Quay"]
    assert "is valid: 2 feeds" in tipsheet("check", "--config", again.path).out
    with_many = config_of(tmp_path, HEAD + "nonsense,,,\n" * 150)
    assert "50 more rows of its lists have faults" in tipsheet("check", "--config", with_many.path).err
