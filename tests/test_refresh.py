"""One poll, from the server's answer to the committed rows: what a server gave us to ask with, and what came along."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Connection, select, update

from monitor.errors import FetchError, StorageError
from monitor.feeds import changes
from monitor.isolate import IsolatedParser
from monitor.model import Changes, FeedOutcome, Fetched, ParsedFeed
from monitor.net.fetch import Client
from monitor.pipeline.lanes import Askers
from monitor.pipeline.refresh import LEASE, Refresh
from monitor.rhythm.cadence import NEVER
from monitor.settings.config import Config, read_config
from storage import entries, feeds
from storage.database import Database
from storage.schema import entries as entry_table
from storage.schema import feeds as feed_table
from tests.conftest import NOON, Clock
from tests.scripted_server import Answer, ScriptedServer
from tests.test_volume import watched

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    with IsolatedParser(workers=1) as parser:
        yield parser


@dataclass
class Stand:
    """Feeds on a server, the first stage, and a clock that stands still between polls."""

    server: ScriptedServer
    database: Database
    clock: Clock
    directory: Path
    parser: IsolatedParser
    client: Client
    stop: threading.Event = field(default_factory=threading.Event)
    config: Config = field(init=False)

    def subscribe(self, *addresses: str, gap: str = "0s") -> None:
        """Follow these addresses: paths on the server, or whole URLs. A feed is called by its path."""
        urls = [address if "://" in address else self.server.url(address) for address in addresses]
        wanted = [{"name": url.rpartition("/")[2], "url": url, "outlet": "ferry.example"} for url in urls]
        path = self.directory / "feeds.yaml"
        blocks = {
            "contact": "https://desk.example/", "fetch": {"gap": gap, "at_once": 4},
            "network": {"allow": ["127.0.0.0/8", "::1/128"], "ports": [self.server.port]},
            "channels": [], "recipients": [], "watches": [], "feeds": wanted,
        }  # fmt: skip
        path.write_text(json.dumps(blocks))  # JSON is YAML
        self.config = read_config(path, {})
        with self.database.write() as connection:
            feeds.remember(connection, tuple(self.config.feeds.values()))

    def poll(self, *, after: timedelta = timedelta()) -> dict[str, FeedOutcome]:
        """What one round of polls came to, by the feed's name."""
        self.clock.move(after)
        refresh = Refresh(
            database=self.database, config=self.config, client=self.client, parser=self.parser,
            clock=self.clock, stop=self.stop,
        )  # fmt: skip
        names = {number: name for number, name, *_ in self._rows()}
        return {names[outcome.feed_id]: outcome for outcome in refresh()}

    def row(self, name: str = "a") -> Any:
        return next(row for row in self._rows() if row.name == name)

    def validators(self, name: str = "a") -> tuple[str | None, str | None]:
        row = self.row(name)
        return row.etag, row.last_modified

    def _rows(self) -> list[Any]:
        with self.database.read() as connection:
            columns = [column for column in feed_table.c if column.name not in ("id", "name")]
            return list(connection.execute(select(feed_table.c.id, feed_table.c.name, *columns)).all())

    def titles(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.execute(select(entry_table.c.title).order_by(entry_table.c.id)).scalars())

    def asked_with(self, path: str = "/a") -> Mapping[str, str]:
        """The headers of the last request for a path."""
        return self.server.asked(path)[-1].headers


@pytest.fixture
def stand(database: Database, clock: Clock, tmp_path: Path, parser: IsolatedParser) -> Iterator[Stand]:
    with ExitStack() as stack:
        server = stack.enter_context(ScriptedServer())
        client = stack.enter_context(Client(server.settings(allow_networks=("127.0.0.0/8", "::1/128"))))
        stand = Stand(server, database, clock, tmp_path, parser, client)
        stand.subscribe("/a")
        yield stand


def body(*titles: str, whole: bool = True) -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>{title.partition(' (')[0]}</guid><title>{title}</title></item>"
        for title in titles
    )
    end = "</channel></rss>" if whole else "<item><title>Ferry in the mid"
    return f"<rss version='2.0'><channel><title>Ferry Times</title>{items}{end}".encode()


def rss(*titles: str, etag: str = "", modified: str = "", whole: bool = True, **headers: str) -> Answer:
    given = {"Content-Type": "application/rss+xml", "ETag": etag, "Last-Modified": modified} | headers
    return Answer(body=body(*titles, whole=whole), headers={name: value for name, value in given.items() if value})


MONDAY = "Mon, 16 Feb 2026 08:00:00 GMT"
TUESDAY = "Tue, 17 Feb 2026 08:00:00 GMT"


# ---- validators ------------------------------------------------------------------------------------------------------


def test_a_first_poll_keeps_entries_and_validators(stand: Stand) -> None:
    stand.server.script("/a", rss("One", "Two", etag='W/"x y"', modified=MONDAY))
    outcome = stand.poll()["a"]
    assert (outcome.result, outcome.status, len(outcome.changes.new)) == ("read", 200, 2)
    assert sorted(stand.titles()) == ["One", "Two"]
    assert stand.validators() == ('W/"x y"', MONDAY)
    assert (stand.row().title, stand.row().polls, stand.row().succeeded_at) == ("Ferry Times", 1, stand.clock())
    assert stand.row().next_poll_at > stand.clock()
    assert stand.row().claimed_by is None


def test_what_is_new_bears_when_its_feed_was_last_read_without_it(stand: Stand) -> None:
    failed = Answer(status=500)
    stand.server.script("/a", rss("One", etag="x"), Answer(status=304), failed, rss("Two", "One"))
    stand.poll()
    looked = stand.clock()
    stand.poll(after=2 * HOUR)
    last_read = stand.clock()
    for _ in range(2):
        stand.poll(after=24 * HOUR)
    with stand.database.read() as connection:
        columns = entry_table.c.title, entry_table.c.first_seen_at, entry_table.c.absent_at, entry_table.c.first_look
        kept = {tuple(row) for row in connection.execute(select(*columns))}
    assert kept == {("One", looked, None, True), ("Two", stand.clock(), last_read, False)}


def test_validators_are_sent_back_byte_for_byte_and_a_304_keeps_them(stand: Stand) -> None:
    stand.server.script("/a", rss("One", etag='W/"x y"', modified=MONDAY), Answer(status=304))
    stand.poll()
    assert "if-none-match" not in stand.asked_with()
    for _ in range(2):
        outcome = stand.poll(after=2 * HOUR)["a"]
        assert (outcome.result, outcome.status) == ("unchanged", 304)
        assert stand.asked_with()["if-none-match"] == 'W/"x y"'
        assert stand.asked_with()["if-modified-since"] == MONDAY
        assert stand.validators() == ('W/"x y"', MONDAY)
    assert stand.titles() == ["One"]


def test_a_304_replaces_the_validators_that_it_names(stand: Stand) -> None:
    stand.server.script(
        "/a", rss("One", etag='"1"', modified=MONDAY), Answer(status=304, headers={"ETag": '"2"'}), Answer(status=304)
    )
    stand.poll()
    stand.poll(after=2 * HOUR)
    assert stand.validators() == ('"2"', MONDAY)


@pytest.mark.parametrize(
    ("second", "left"),
    [
        (rss("Two", etag='"2"', modified=TUESDAY), ('"2"', TUESDAY)),
        (rss("Two", etag='"2"'), ('"2"', None)),
        (rss("Two", modified=TUESDAY), (None, TUESDAY)),
        (rss("Two"), (None, None)),
        (rss("One", etag='"2"'), ('"2"', None)),  # the same body under another tag
    ],
)
def test_a_200_replaces_both_validators_even_with_nothing(
    stand: Stand, second: Answer, left: tuple[str | None, str | None]
) -> None:
    stand.server.script("/a", rss("One", etag='"1"', modified=MONDAY), second)
    stand.poll()
    stand.poll(after=2 * HOUR)
    assert stand.validators() == left


def test_a_body_that_is_known_byte_for_byte_is_not_read_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.server.script("/a", rss("One"))
    stand.poll()

    def refuse(*_args: object, **_more: object) -> ParsedFeed:
        raise AssertionError("parsed again")

    monkeypatch.setattr(stand.parser, "parse", refuse)
    assert stand.poll(after=2 * HOUR)["a"].result == "unchanged"


def test_of_a_body_that_changed_only_new_and_edited_entries_are_read(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse, read = stand.parser.parse, list[list[str]]()

    def watched(body: bytes, *, headers: Mapping[str, str], url: str) -> ParsedFeed:
        feed = parse(body, headers=headers, url=url)
        read.append([entry.title for entry in feed.entries])
        return feed

    monkeypatch.setattr(stand.parser, "parse", watched)
    stand.server.script("/a", rss("One", "Two"), rss("Three", "One", "Two"), rss("Three", "One (edited)", "Two"))
    found = [stand.poll(after=2 * HOUR)["a"].changes for _ in range(3)]
    assert read == [["One", "Two"], ["Three"], ["One (edited)"]]
    assert [(len(each.new), len(each.edited), each.same) for each in found] == [(2, 0, 0), (1, 0, 2), (0, 1, 2)]
    assert sorted(stand.titles()) == ["One (edited)", "Three", "Two"]


# ---- entries and validators are one transaction ----------------------------------------------------------------------


def test_changed_entries_and_their_validators_are_kept_together_or_not_at_all(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.server.script("/a", rss("One", "Two", etag='"1"'), rss("Three", "Two (edited)", "One", etag='"2"'))
    stand.poll()

    def full(*_args: object, **_more: object) -> None:
        raise StorageError("the database refused: database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(entries, "edit", full)  # after the feed's row and the new entries have been written
        with pytest.raises(StorageError, match="full"):
            stand.poll(after=2 * HOUR)
    assert stand.validators() == ('"1"', None)
    assert sorted(stand.titles()) == ["One", "Two"]

    outcome = stand.poll(after=LEASE)["a"]
    assert stand.asked_with()["if-none-match"] == '"1"'
    assert (len(outcome.changes.new), len(outcome.changes.edited)) == (1, 1)
    assert sorted(stand.titles()) == ["One", "Three", "Two (edited)"]
    assert stand.validators() == ('"2"', None)


def test_what_one_feed_brings_costs_no_other_its_poll(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls that come together are written together; where that fails, each is written alone."""
    stand.subscribe("/a", f"http://localhost:{stand.server.port}/b", f"http://127.0.0.2:{stand.server.port}/c")
    for path in ("/a", "/b"):
        stand.server.script(path, rss(f"One of {path}", etag='"1"'))
    real_keep, real_heard = entries.keep, Askers.heard

    def spoilt(connection: Connection, brought: Sequence[entries.Brought]) -> None:
        if "One of /b" in [keyed.entry.title for one in brought for keyed in one.new]:
            raise ValueError("a surprise")
        real_keep(connection, brought)

    def together(askers: Askers[Any], until: float) -> list[Any]:
        heard: list[Any] = []
        while askers.busy:
            heard += real_heard(askers, until + 5)
        return heard

    monkeypatch.setattr(entries, "keep", spoilt)
    monkeypatch.setattr(Askers, "heard", together)
    outcomes = stand.poll()
    assert {name: outcome.result for name, outcome in outcomes.items()} == {"a": "read", "b": "failed", "c": "failed"}
    assert "a surprise" in stand.row("b").problem
    assert (stand.titles(), stand.validators("a"), stand.validators("b")) == (
        ["One of /a"],
        ('"1"', None),
        (None, None),
    )
    assert [stand.row(name).polls for name in "abc"] == [1, 1, 1]


def test_whoever_lost_the_claim_writes_nothing(stand: Stand) -> None:
    def stolen() -> Iterable[bytes]:
        with stand.database.write() as connection:  # another process took over while the server was thinking
            theirs = {"claimed_by": "another", "claimed_until": stand.clock() + LEASE}
            connection.execute(update(feed_table).values(theirs))
        yield body("One")

    stand.server.script("/a", Answer(body=stolen, headers={"ETag": '"1"'}))
    assert stand.poll() == {}
    assert stand.titles() == []
    assert stand.validators() == (None, None)


# ---- errors keep what was there --------------------------------------------------------------------------------------

LOGIN = b"<html><head><title>Sign in</title></head><body><form><input type=password></form></body></html>"


@pytest.mark.parametrize(
    ("failure", "kind", "status"),
    [
        (Answer(status=500), "http", 500),
        (Answer(status=404), "http", 404),
        (Answer(status=503, headers={"Retry-After": "60"}), "throttled", 503),
        (Answer(body=LOGIN, headers={"Content-Type": "text/html", "ETag": '"login"'}), "login", 200),
        (Answer(body=b"", headers={"ETag": '"empty"'}), "empty", 200),
        (Answer(body=b"\x00garbage", raw=True), "protocol", None),
    ],
)
def test_an_error_keeps_entries_and_validators(stand: Stand, failure: Answer, kind: str, status: int | None) -> None:
    stand.server.script("/a", rss("One", etag='"1"', modified=MONDAY), failure, failure, Answer(status=304))
    stand.poll()
    failed_at = stand.clock() + 2 * HOUR
    for times in (1, 2):
        outcome = stand.poll(after=2 * HOUR)["a"]
        assert outcome.problem is not None
        assert (outcome.result, outcome.problem.kind, outcome.status) == ("failed", kind, status)
        assert (stand.row().failures, stand.row().failing_since) == (times, failed_at)
        assert stand.row().problem == outcome.problem.message
        assert stand.validators() == ('"1"', MONDAY)
    assert stand.titles() == ["One"]

    assert stand.poll(after=4 * HOUR)["a"].result == "unchanged"
    assert stand.asked_with()["if-none-match"] == '"1"'
    assert (stand.row().failures, stand.row().failing_since, stand.row().problem) == (0, None, "")


def test_a_feed_that_is_gone_is_never_asked_again_and_its_entries_stay(stand: Stand) -> None:
    stand.server.script("/a", rss("One", etag='"1"'), Answer(status=410))
    stand.poll()
    assert stand.poll(after=2 * HOUR)["a"].result == "gone"
    assert stand.row().next_poll_at == NEVER
    assert stand.poll(after=timedelta(days=400)) == {}
    assert stand.titles() == ["One"]


def test_a_feed_that_is_cut_off_gives_its_entries_and_is_read_again_in_full(stand: Stand) -> None:
    cut = rss("One", "Two", etag='"1"', modified=MONDAY, whole=False)
    stand.server.script("/a", cut, cut, rss("One", "Two", "Three", etag='"1"', modified=MONDAY))
    first = stand.poll()["a"]
    assert first.problem is not None
    assert (first.result, first.problem.kind) == ("read", "truncated")
    assert set(stand.titles()) >= {"One", "Two"}
    assert stand.validators() == (None, None)
    assert (stand.row().failures, stand.row().problem_kind) == (0, "truncated")

    assert stand.poll(after=2 * HOUR)["a"].result == "read", "the same bytes are read again, not taken for known"
    assert "if-none-match" not in stand.asked_with()
    whole = stand.poll(after=2 * HOUR)["a"]
    assert whole.problem is None
    assert "Three" in stand.titles()
    assert stand.validators() == ('"1"', MONDAY)


# ---- one host, many feeds --------------------------------------------------------------------------------------------


def test_a_host_that_asks_for_fewer_requests_postpones_its_other_feeds_unasked(stand: Stand) -> None:
    elsewhere = f"http://localhost:{stand.server.port}/d"
    stand.subscribe("/a", "/b", "/c", elsewhere)
    for path in ("/a", "/b", "/c", "/d"):
        stand.server.script(path, rss(f"One of {path}", etag='"1"'))
    stand.poll()
    for path in ("/a", "/b", "/c"):
        stand.server.script(path, Answer(status=429, headers={"Retry-After": "7200"}))
    outcomes = stand.poll(after=3 * HOUR)
    assert sorted(outcomes[name].result for name in "abc") == ["failed", "postponed", "postponed"]
    assert outcomes["d"].result == "unchanged", "another host's feeds are none of its business"
    postponed = [name for name in "abc" if outcomes[name].result == "postponed"]
    for name in postponed:
        assert len(stand.server.asked(f"/{name}")) == 1
        row = stand.row(name)
        assert row.next_poll_at >= stand.clock() + timedelta(seconds=7200)
        assert "its host asked for fewer requests" in row.next_poll_reason
        assert (row.polls, row.failures, row.problem, row.etag, row.claimed_by) == (1, 0, "", '"1"', None)


def test_a_restart_does_not_forget_that_a_host_asked_for_rest(stand: Stand) -> None:
    """Neither for the feed that falls due later, nor for one that is added meanwhile."""
    stand.subscribe("/a", "/b")
    for path in ("/a", "/b", "/c"):
        stand.server.script(path, rss(f"One of {path}"))
    stand.poll()
    with stand.database.write() as connection:
        late = stand.clock() + 3 * HOUR
        connection.execute(update(feed_table).where(feed_table.c.name == "b").values(next_poll_at=late))
    stand.server.script("/a", Answer(status=429, headers={"Retry-After": "36000"}))
    assert set(stand.poll(after=2 * HOUR)) == {"a"}
    rested = stand.clock() + 10 * HOUR
    stand.subscribe("/a", "/b", "/c")
    outcomes = stand.poll(after=HOUR)  # each poll of the stand is a new first stage, as in a new process
    assert {name: outcome.result for name, outcome in outcomes.items()} == {"b": "postponed", "c": "postponed"}
    assert all(outcome.next_poll_at >= rested for outcome in outcomes.values())
    assert (len(stand.server.asked("/b")), stand.server.asked("/c")) == (1, [])
    stand.server.script("/a", rss("One of /a"))
    assert {outcome.result for outcome in stand.poll(after=15 * HOUR).values()} == {"read", "unchanged"}


def test_a_proxy_that_is_down_is_nobodys_fault(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are asked again soon, however often it fails: the wait is for us, and bothers no server."""
    stand.server.script("/a", rss("One"))
    stand.poll()

    def down(*_args: object, **_more: object) -> Fetched:
        raise FetchError("proxy", "the proxy does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(Client, "get", down)
        for _ in range(7):
            outcome = stand.poll(after=2 * HOUR)["a"]
            assert (outcome.result, outcome.problem and outcome.problem.kind) == ("failed", "proxy")
            assert outcome.next_poll_at - outcome.polled_at == timedelta(minutes=5)
    assert stand.poll(after=timedelta(minutes=5))["a"].result == "unchanged"


def test_one_host_is_asked_one_after_the_other_with_a_gap(stand: Stand) -> None:
    stand.subscribe("/a", "/b", gap="1s")
    busy, most = [0], [0]

    def slowly(title: str) -> Callable[[], Iterable[bytes]]:
        def pieces() -> Iterable[bytes]:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            yield body(title)
            busy[0] -= 1

        return pieces

    for path in ("/a", "/b"):
        stand.server.script(path, Answer(body=slowly(path)))
    assert {outcome.result for outcome in stand.poll().values()} == {"read"}
    first, second = stand.server.requests
    assert (first.path, second.path) == ("/a", "/b")
    assert second.at - first.at >= 1
    assert most == [1]


def test_a_stop_finishes_what_is_being_asked_and_leaves_the_rest_due(stand: Stand) -> None:
    stand.subscribe("/a", "/b")

    def stopping() -> Iterable[bytes]:
        stand.stop.set()
        yield body("One")

    stand.server.script("/a", Answer(body=stopping))
    assert set(stand.poll()) == {"a"}
    assert stand.titles() == ["One"]
    assert stand.server.asked("/b") == []
    assert stand.row("b").next_poll_at is None


def test_only_what_is_due_and_enabled_is_asked(stand: Stand) -> None:
    stand.subscribe("/a", "/b")
    stand.server.script("/a", rss("One"))
    stand.server.script("/b", rss("Two"))
    stand.poll()
    stand.subscribe("/a")
    assert stand.poll() == {}
    assert set(stand.poll(after=2 * HOUR)) == {"a"}
    assert sorted(stand.titles()) == ["One", "Two"], "a feed that left the file loses nothing"


# ---- moved for good --------------------------------------------------------------------------------------------------


def test_a_permanent_redirect_is_believed_after_five_polls(stand: Stand) -> None:
    stand.server.script("/a", Answer(status=301, headers={"Location": "/new"}))
    stand.server.script("/new", rss("One", etag='"new"'))
    for seen in (1, 2, 3, 4):
        stand.poll(after=2 * HOUR)
        assert (stand.row().redirect_seen, stand.row().request_url) == (seen, "")
        assert stand.validators() == ('"new"', None)
        assert "if-none-match" not in stand.asked_with("/a"), "those of another address are not sent to this one"
    stand.poll(after=2 * HOUR)
    assert (stand.row().redirect_to, stand.row().request_url) == ("", stand.server.url("/new"))
    assert len(stand.server.asked("/a")) == 5

    stand.server.script("/new", rss("Two", "One", etag='"new"'), Answer(status=304))
    assert len(stand.poll(after=2 * HOUR)["a"].changes.new) == 1
    assert len(stand.server.asked("/a")) == 5
    assert stand.validators() == ('"new"', None)
    assert stand.poll(after=2 * HOUR)["a"].result == "unchanged"
    assert stand.asked_with("/new")["if-none-match"] == '"new"'
    assert sorted(stand.titles()) == ["One", "Two"]
    assert stand.row().url == stand.server.url("/a"), "the file says what; the row remembers what happened"


@pytest.mark.parametrize("status", [302, 307])
def test_a_temporary_redirect_is_never_believed(stand: Stand, status: int) -> None:
    stand.server.script("/a", Answer(status=status, headers={"Location": "/new"}))
    stand.server.script("/new", rss("One"))
    for _ in range(6):
        stand.poll(after=2 * HOUR)
    assert (stand.row().redirect_seen, stand.row().request_url) == (0, "")


# ---- surprises -------------------------------------------------------------------------------------------------------


def test_a_surprise_in_one_feed_is_that_feeds_failure(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.subscribe("/a", "/b", "/c", "/d")
    for path in ("/a", "/b", "/c", "/d"):
        stand.server.script(path, rss(f"One of {path[1:]}", etag='"1"'))
    parse, decide = stand.parser.parse, changes.decide

    def odd_parse(content: bytes, **more: Any) -> ParsedFeed:
        if b"One of a" in content:
            raise ZeroDivisionError("nobody thought of this")
        return parse(content, **more)

    def odd_decide(parsed: ParsedFeed, **more: Any) -> Changes:
        found = decide(parsed, **more)
        (first,) = found.new
        if first.entry.title == "One of b":
            raise LookupError("nor of this")
        if first.entry.title == "One of c":  # what the database cannot write
            return dataclasses.replace(found, new=(dataclasses.replace(first, backlog=cast(bool, "perhaps")),))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(stand.parser, "parse", odd_parse)
        patched.setattr(changes, "decide", odd_decide)
        outcomes = stand.poll()
    assert {name: outcome.result for name, outcome in outcomes.items()} == {
        "a": "failed", "b": "failed", "c": "failed", "d": "read",
    }  # fmt: skip
    assert stand.titles() == ["One of d"]
    assert "Tipsheet itself failed on this feed: ZeroDivisionError" in stand.row("a").problem
    assert "LookupError" in stand.row("b").problem
    assert [stand.validators(name) for name in "abc"] == [(None, None)] * 3
    assert {outcome.result for outcome in stand.poll(after=3 * HOUR).values()} == {"read", "unchanged"}


def test_an_old_pinned_item_does_not_stop_the_feed(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll looks at the newest entries of a feed, and at those that the document names, however old they are."""
    monkeypatch.setattr(changes, "memory_of", lambda _: 2)
    stand.server.script("/a", rss("Pinned"), rss("Two", "Three", "Pinned"), rss("Two", "Three"), rss("Four", "Pinned"))
    for _ in range(3):
        stand.poll(after=2 * HOUR)
    found = stand.poll(after=2 * HOUR)["a"].changes
    assert ([keyed.entry.title for keyed in found.new], found.same) == (["Four"], 1)
    assert sorted(stand.titles()) == ["Four", "Pinned", "Three", "Two"]


# ---- habits ----------------------------------------------------------------------------------------------------------


def dated(*titles: str, every: timedelta, until: datetime = NOON) -> Answer:
    """A feed whose items came one after the other, the last of them `every` before `until`."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{title}</guid><title>{title}</title>"
        f"<pubDate>{format_datetime(until - (number + 1) * every)}</pubDate></item>"
        for number, title in enumerate(titles)
    )
    return Answer(body=f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode())


def test_busy_feeds_are_asked_more_often_than_quiet_ones_for_the_same_number_of_polls(stand: Stand) -> None:
    stand.subscribe("/busy", "/quiet")
    ferries = [f"Ferry {number}" for number in range(58)]  # the latest first
    stand.server.script(
        "/busy", dated(*ferries[8:], every=HOUR / 4), dated(*ferries, every=HOUR / 4, until=NOON + 2 * HOUR)
    )
    stand.server.script("/quiet", dated(*(f"Old {number}" for number in range(20)), every=25 * HOUR))
    first = stand.poll()
    assert {outcome.reason for outcome in first.values()} == {"every 1 h"}, "nothing is known of either"
    later = stand.poll(after=2 * HOUR)
    waits = {name: outcome.next_poll_at - outcome.polled_at for name, outcome in later.items()}
    assert timedelta(minutes=5) <= waits["busy"] < HOUR < waits["quiet"] <= 4.2 * HOUR
    assert re.search(r"this feed brings [789]\d items a day", later["busy"].reason)
    assert "items a week" in later["quiet"].reason
    assert stand.row("busy").next_poll_reason == later["busy"].reason


def test_a_habit_is_kept_with_the_poll_that_taught_it_and_survives_a_failure(stand: Stand) -> None:
    titles = [f"Ferry {number}" for number in range(20)]
    stand.server.script("/a", dated(*titles, every=HOUR), Answer(status=500), dated(*titles, every=HOUR))
    stand.poll()
    learned = stand.row().habit
    assert len(learned) > 48
    stand.poll(after=2 * HOUR)
    assert stand.row().habit == learned, "nobody watched"
    assert stand.poll(after=3 * HOUR)["a"].result == "unchanged"
    assert stand.row().habit != learned, "five hours without news"


def test_the_hours_of_rest_are_remembered_for_polls_that_bring_no_body(stand: Stand) -> None:
    """NOON is a Wednesday's; the feed rests in the afternoon."""
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(13, 18))
    resting = body("One").replace(b"<item>", f"<skipHours>{hours}</skipHours><item>".encode(), 1)
    stand.server.script("/a", Answer(body=resting, headers={"ETag": '"1"'}), Answer(status=304))
    for now, due in ((NOON, 18), (NOON + 24 * HOUR, 18)):
        outcome = stand.poll(after=now - stand.clock())["a"]
        assert outcome.next_poll_at.hour == due
        assert outcome.next_poll_at.date() == now.date()
        assert "the feed asks for rest" in outcome.reason


def test_a_flood_holds_what_bears_no_date_and_tells_the_rest(stand: Stand) -> None:
    """Of 60 items at once where 5 a day are usual, those without a date are more likely an archive than news."""
    ferry = (
        f"<item><guid isPermaLink='false'>now</guid><title>Now</title><pubDate>{format_datetime(NOON)}</pubDate></item>"
    )
    archive = body("Known", *(f"Old {number}" for number in range(60))).replace(
        b"<item>", ferry.encode() + b"<item>", 1
    )
    stand.server.script("/a", rss("Known"), rss("Known", "First"), Answer(body=archive))
    stand.poll()
    with stand.database.write() as connection:
        connection.execute(update(feed_table).values(habit=watched(5).kept()))
    assert [item.backlog for item in stand.poll(after=5 * HOUR)["a"].changes.new] == [False], "a usual day"
    flood = stand.poll(after=5 * HOUR)["a"].changes.new
    assert [item.entry.title for item in flood if not item.backlog] == ["Now"]
    assert len(flood) == 61


def test_two_polls_that_share_no_item_leave_a_warning_and_hasten_the_next(stand: Stand) -> None:
    stand.server.script("/a", rss("One", "Two"), rss("Five", "Six"), rss("Five", "Six", "Seven"))
    assert not stand.poll()["a"].gap
    assert stand.row().gap_at is None
    missed = stand.poll(after=1.1 * HOUR)["a"]
    assert missed.gap
    assert missed.next_poll_at - missed.polled_at < 0.6 * HOUR
    at = stand.clock()
    assert not stand.poll(after=HOUR)["a"].gap
    assert stand.row().gap_at == at, "the warning stands for longer than until the next poll"
