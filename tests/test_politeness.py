"""What a server sees of us over days: conditional, patient, one question at a time, and nothing beside.

Most of it runs on a clock that the test moves. The requests themselves are looked at in test_fetch.
"""

from __future__ import annotations

import dataclasses
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib import import_module
from itertools import pairwise
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from monitor.errors import ConfigError, FetchError
from monitor.model import Feed, FeedOutcome, FeedState, Fetched
from monitor.net.fetch import Client
from monitor.pipeline.lanes import Lanes, host_of
from monitor.pipeline.refresh import Refresh
from monitor.rhythm.cadence import parse_retry_after
from monitor.run import open_client
from monitor.version import VERSION
from storage import claims
from storage.schema import feeds as feed_table
from tests.command import Ran, tipsheet
from tests.conftest import NOON
from tests.scripted_server import Answer, Request
from tests.test_network import Resolver
from tests.test_refresh import HOUR, MONDAY, TUESDAY, Stand, body, parser, rss, stand

__all__ = ["parser", "stand"]  # fixtures

MINUTE = timedelta(minutes=1)
DAILY = 24 * HOUR / 1.05  # a day with the jitter in it


def daemon(stand: Stand) -> Refresh:
    """One first stage that lives on, as in a process."""
    return Refresh(
        database=stand.database, config=stand.config, client=stand.client, parser=stand.parser,
        clock=stand.clock, stop=stand.stop,
    )  # fmt: skip


def polled(refresh: Refresh) -> list[FeedOutcome]:
    return list(refresh())


# ---- conditional -----------------------------------------------------------------------------------------------------


@dataclass
class Publisher:
    """One feed's server: it never forgets what it gave and asked for, and does all that HTTP allows, and more."""

    path: str
    dice: random.Random
    given: tuple[str | None, str | None] = (None, None)  # ETag, Last-Modified
    rest_until: datetime = NOON
    titles: tuple[str, ...] = ("First",)
    says: Answer = field(default_factory=Answer)

    def turn(self, now: datetime) -> Answer:
        """What it will say next, if it is asked."""
        number = self.dice.randrange(10**9)
        tricks = (self._news, self._known_body, self._unchanged, self._unchanged, self._throttled, self._broken)
        self.says = self.dice.choice(tricks if any(self.given) else tricks[:1])(number, now)
        return self.says

    def _news(self, number: int, _now: datetime) -> Answer:
        self.titles = (f"Ferry {number}", *self.titles)[:9]
        return self._known_body(number, _now)

    def _known_body(self, number: int, _now: datetime) -> Answer:
        """Under validators of its own, of which there is always one."""
        etag, modified = self.dice.choice([(f'W/"{number}"', ""), ("", MONDAY), (f"{number}", TUESDAY)])
        wishes = {"Cache-Control": f"max-age={number % 9000}"} if number % 3 else {}
        given = {"ETag": etag, "Last-Modified": modified} | wishes
        return Answer(body=body(*self.titles), headers={name: value for name, value in given.items() if value})

    def _unchanged(self, number: int, _now: datetime) -> Answer:
        return Answer(status=304, headers={"ETag": f'"{number}"'} if number % 2 else {"Cache-Control": "max-age=5400"})

    def _throttled(self, number: int, now: datetime) -> Answer:
        wait = timedelta(seconds=number % 40_000)
        written = {"seconds": str(wait.seconds), "date": format_datetime(now + wait), "missing": "", "odd": "soon"}
        header = written[self.dice.choice([*written])]
        return Answer(
            status=self.dice.choice([429, 503]), headers={"Retry-After": header, "Date": format_datetime(now)}
        )

    def _broken(self, number: int, _now: datetime) -> Answer:
        return self.dice.choice(
            [
                Answer(status=500 + number % 5 % 3, headers={"ETag": '"error"'}),
                Answer(status=404, body=body("Not this")),
                Answer(body=b"<html><title>Sign in</title></html>", headers={"ETag": '"login"'}),
                Answer(raw=True),
            ]
        )

    def heard(self, request: Request, now: datetime) -> timedelta | None:
        """Holds us to what it said before. Returns what its Retry-After asks of all feeds of its host."""
        asked = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
        assert asked == self.given
        assert now >= self.rest_until
        headers = dict(self.says.headers)
        fresh = re.fullmatch(r"max-age=(\d+)", headers.get("Cache-Control", ""))
        if fresh:
            self.rest_until = now + timedelta(seconds=int(fresh[1]))
        if self.says.status == 304:
            self.given = headers.get("ETag") or self.given[0], self.given[1]
        elif self.says.status == 200 and "<rss" in str(self.says.body):
            self.given = headers.get("ETag"), headers.get("Last-Modified")
        return parse_retry_after(headers.get("Retry-After", ""), now=now)


def test_of_a_thousand_polls_the_first_of_each_feed_is_unconditional_and_none_is_early(stand: Stand) -> None:
    """Each carries what the last 200 or 304 gave, byte for byte, and comes when it may; also after restarts."""
    dice = random.Random(20_260_218)
    publishers = {path: Publisher(path, dice) for path in ("/a", "/b", "/c", "/d")}
    stand.subscribe(*publishers)
    refresh, heard = daemon(stand), 0
    while heard < 1_000:
        for publisher in publishers.values():
            stand.server.script(publisher.path, publisher.turn(stand.clock()))
        due = due_now(stand)
        polled(refresh)
        for request in stand.server.requests[heard:]:
            assert request.path[1:] in due, "also after a restart"
            wait = publishers[request.path].heard(request, stand.clock())
            for each in publishers.values() if wait else ():
                each.rest_until = max(each.rest_until, stand.clock() + (wait or timedelta()))
        heard = len(stand.server.requests)
        stand.clock.move(timedelta(minutes=dice.choice((5, 60, 1500, 1500))))
        if dice.random() < 0.05:
            refresh = restarted(stand)
    plain = [
        request for request in stand.server.requests if not {"if-none-match", "if-modified-since"} & {*request.headers}
    ]
    assert sorted(request.path for request in plain) == sorted(publishers)


def due_now(stand: Stand) -> set[str]:
    with stand.database.read() as connection:
        rows = connection.execute(select(feed_table.c.name, feed_table.c.next_poll_at)).all()
    return {row.name for row in rows if row.next_poll_at is None or row.next_poll_at <= stand.clock()}


def restarted(stand: Stand) -> Refresh:
    """As a new process begins."""
    with stand.database.write() as connection:
        claims.release(connection, feed_table)
    return daemon(stand)


def test_a_feed_behind_a_lasting_temporary_redirect_stays_conditional(stand: Stand) -> None:
    """The validators go to the URL that gave them: never to the one that redirects, never to another target."""
    stand.server.script("/a", Answer(status=302, headers={"Location": "/there"}))
    stand.server.script("/there", rss("One", etag='"1"'), Answer(status=304))
    stand.server.script("/elsewhere", rss("One", etag='"2"'))
    assert [stand.poll(after=2 * HOUR)["a"].status for _ in range(3)] == [200, 304, 304]
    assert [request.headers.get("if-none-match") for request in stand.server.asked("/there")] == [None, '"1"', '"1"']
    stand.server.script("/a", Answer(status=302, headers={"Location": "/elsewhere"}))
    assert stand.poll(after=2 * HOUR)["a"].status == 200
    assert stand.asked_with("/elsewhere").get("if-none-match") is None
    assert not any("if-none-match" in request.headers for request in stand.server.asked("/a"))


def test_a_known_body_is_neither_inflated_nor_read(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without validators sends all of it each time; its hash over the wire says that nothing is new."""
    stand.server.script("/a", rss("One"))
    stand.poll()

    def refuse(*_args: object, **_more: object) -> Iterable[bytes]:
        raise AssertionError("inflated")

    monkeypatch.setattr("monitor.net.fetch.decoded", refuse)
    assert stand.poll(after=2 * HOUR)["a"].result == "unchanged"


def test_a_server_that_can_only_send_all_of_it_is_asked_less_often(stand: Stand) -> None:
    stand.subscribe("/a", "/b")
    stand.config = dataclasses.replace(stand.config, every=5 * MINUTE)
    stand.server.script("/a", rss("One"))
    stand.server.script("/b", rss("One", etag='"1"'), Answer(status=304))
    for _ in range(2):
        waits = {name: outcome.next_poll_at - outcome.polled_at for name, outcome in stand.poll(after=HOUR).items()}
        assert waits["a"] >= 15 * MINUTE > waits["b"]


def test_a_server_whose_304_is_not_to_be_believed_is_asked_in_full(stand: Stand) -> None:
    """It keeps its ETag while its feed changes. Asked in full, it is asked less often, and a known body is not read."""
    stand.server.script("/a", rss("One", etag='"1"'), rss("One", etag='"1"'), rss("Two", "One", etag='"1"'))
    (feed,) = stand.config.feeds.values()
    doubted = dataclasses.replace(feed, conditional=False)
    stand.config = dataclasses.replace(stand.config, feeds={feed.url: doubted}, every=5 * MINUTE)
    outcomes = [stand.poll(after=HOUR)["a"] for _ in range(3)]
    assert [outcome.result for outcome in outcomes] == ["read", "unchanged", "read"]
    assert stand.titles() == ["One", "Two"]
    assert not any("if-none-match" in request.headers for request in stand.server.requests)
    assert all(outcome.next_poll_at - outcome.polled_at >= 15 * MINUTE for outcome in outcomes)


# ---- patient ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("written", ["seconds", "date"])
def test_retry_after_is_never_violated(stand: Stand, status: int, written: str) -> None:
    until = stand.clock() + 5 * HOUR
    wait = str(5 * 3600) if written == "seconds" else format_datetime(until)
    answers = {"Retry-After": wait, "Date": format_datetime(stand.clock())}
    stand.server.script("/a", Answer(status=status, headers=answers), rss("One"))
    refresh = daemon(stand)
    polled(refresh)
    while stand.clock() < until:
        assert len(stand.server.requests) == 1
        stand.clock.move(10 * MINUTE)
        if stand.clock() < until:
            assert polled(refresh) == []
    stand.clock.move(HOUR)
    assert [outcome.result for outcome in polled(refresh)] == ["read"]


def test_a_host_that_asked_for_rest_is_not_asked_for_a_feed_that_falls_due_meanwhile(stand: Stand) -> None:
    """The other feeds that are due at that moment are looked at in test_refresh."""
    stand.subscribe("/a", "/b")
    for path in ("/a", "/b"):
        stand.server.script(path, rss("One"))
    refresh = daemon(stand)
    polled(refresh)
    with stand.database.write() as connection:  # b is due half an hour after a
        late = stand.clock() + 150 * MINUTE
        connection.execute(feed_table.update().where(feed_table.c.name == "b").values(next_poll_at=late))
    stand.server.script("/a", Answer(status=429, headers={"Retry-After": "36000"}))
    stand.clock.move(2 * HOUR)
    assert [outcome.result for outcome in polled(refresh)] == ["failed"]
    rested = stand.clock() + 10 * HOUR
    stand.clock.move(HOUR)
    (waiting,) = polled(refresh)
    assert (waiting.result, len(stand.server.asked("/b"))) == ("postponed", 1)
    assert waiting.next_poll_at >= rested
    assert waiting.reason.startswith("its host asked for fewer requests")


def test_throttling_without_retry_after_slows_a_feed_down(stand: Stand) -> None:
    stand.server.script("/a", Answer(status=429))
    waits = []
    for _ in range(5):
        (outcome,) = stand.poll().values()
        waits.append(outcome.next_poll_at - outcome.polled_at)
        stand.clock.move(waits[-1])
    assert all(later > earlier for earlier, later in pairwise(waits))
    assert waits[-1] >= 16 * HOUR


def test_feeds_that_failed_together_do_not_come_back_together(stand: Stand) -> None:
    paths = [f"/{letter}" for letter in "abcdefgh"]
    stand.subscribe(*paths)
    for path in paths:
        stand.server.script(path, Answer(status=500))
    due = {outcome.next_poll_at.replace(microsecond=0) for outcome in stand.poll().values()}
    assert len(due) >= 7


@pytest.mark.parametrize("failure", [Answer(raw=True), Answer(status=500), Answer(status=404)])
def test_a_poll_that_fails_is_not_repeated_before_its_time(stand: Stand, failure: Answer) -> None:
    stand.server.script("/a", failure)
    refresh = daemon(stand)
    for _ in range(3):
        polled(refresh)
    assert len(stand.server.requests) == 1


FAILURES: dict[str, Answer | FetchError] = {
    "no name": FetchError("dns", "the name cannot be resolved"),
    "no connection": FetchError("connect", "it cannot be reached"),
    "no certificate": FetchError("tls", "no secure connection"),
    "no answer in time": FetchError("timeout", "no answer in full"),
    "forbidden": Answer(status=403),
    "not found": Answer(status=404),
    "broken": Answer(status=500),
    "no HTTP": Answer(raw=True),
    "too many redirects": Answer(status=302, headers={"Location": "/a"}),
    "a page": Answer(body=b"<html><title>Welcome</title></html>"),
    "no feed": Answer(body=b"just words"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_is_left_alone_for_longer_each_time_and_one_success_forgives_all(
    stand: Stand, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = FAILURES[failure]
    stand.server.script("/a", what if isinstance(what, Answer) else rss("One"))
    with monkeypatch.context() as patched:
        if isinstance(what, FetchError):
            patched.setattr(Client, "get", Mock(side_effect=what))
        waits = [wait_of(stand) for _ in range(7)]
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits[:5])), "it doubles"
    assert DAILY <= waits[6] <= 24 * HOUR, "up to a day"
    stand.server.script("/a", rss("One"))
    assert wait_of(stand) < 1.1 * HOUR
    assert stand.row().failures == 0


def wait_of(stand: Stand) -> timedelta:
    """One poll, at its time: for how long the feed is left alone after it."""
    (outcome,) = stand.poll().values()
    wait = outcome.next_poll_at - outcome.polled_at
    stand.clock.move(wait)
    return wait


def test_a_feed_that_is_not_found_for_a_month_is_shown_asked_daily_and_goes_on_where_it_stopped(stand: Stand) -> None:
    stand.server.script("/a", rss("One", etag='"1"'), Answer(status=404))
    stand.poll()
    stand.clock.move(2 * HOUR)
    waits = [wait_of(stand) for _ in range(35)]
    assert all(DAILY <= wait <= 24 * HOUR for wait in waits[6:])
    assert (stand.row().failures, stand.row().problem_kind, stand.row().active) == (35, "http", True)
    stand.server.script("/a", rss("Two", "One", etag='"2"'))
    assert stand.poll()["a"].result == "read"
    assert stand.asked_with()["if-none-match"] == '"1"'
    assert stand.titles() == ["One", "Two"]


def test_a_captive_portal_moves_no_feed(stand: Stand) -> None:
    """A hotel answers every address with a permanent redirect to its own page."""
    stand.server.script("/a", rss("One", etag='"1"'), Answer(status=301, headers={"Location": "/portal"}))
    stand.server.script("/portal", Answer(body=b"<html><title>Welcome to the hotel</title></html>"))
    stand.poll()
    for _ in range(20):
        assert stand.poll(after=25 * HOUR)["a"].result == "failed"
    assert (stand.row().request_url, stand.validators(), stand.titles()) == ("", ('"1"', None), ["One"])
    stand.server.script("/a", Answer(status=304))
    assert stand.poll(after=25 * HOUR)["a"].result == "unchanged"


def test_a_clock_that_leaps_makes_one_poll_of_each_feed(stand: Stand) -> None:
    stand.subscribe("/a", "/b")
    for path in ("/a", "/b"):
        stand.server.script(path, rss("One"))
    refresh = daemon(stand)
    polled(refresh)
    stand.clock.move(timedelta(days=30))
    assert len(polled(refresh)) == 2
    assert polled(refresh) == []


def test_a_person_may_have_a_feed_asked_before_its_time_but_not_before_its_servers(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the command, as a person does it; a second word within five minutes sends nothing, and says why."""
    stand.subscribe("/a", "/b", f"http://localhost:{stand.server.port}/c")
    stand.server.script("/a", rss("One", etag='"1"'), Answer(status=304))
    stand.server.script("/b", Answer(body=body("One"), headers={"Cache-Control": "max-age=1200"}))
    stand.server.script("/c", Answer(status=429, headers={"Retry-After": "1800"}))
    monkeypatch.setattr(import_module("monitor.cli.feeds"), "utc_now", stand.clock)  # the name is the group's as well
    refresh = daemon(stand)
    polled(refresh)
    stand.clock.move(6 * MINUTE)

    first = by_hand(stand, "--all")
    assert sorted(first.err.splitlines()) == [
        "b: its server asked for rest, for another 14 min", "c: its server asked for rest, for another 24 min",
    ]  # fmt: skip
    assert (first.code, first.out) == (1, "1 will be asked now, by the running daemon or by `tipsheet once`.\n")
    assert [outcome.status for outcome in polled(refresh)] == [304]

    second = by_hand(stand, "a")
    assert second.err == "a: it was asked 0 s ago; nobody is asked twice within 5 min\n"
    assert polled(refresh) == []
    stand.clock.move(15 * MINUTE)
    assert by_hand(stand, "a", "b").code == 0
    assert len(polled(refresh)) == 2
    assert by_hand(stand, "nobody").err.startswith("nobody: no feed of this name is watched")


def by_hand(stand: Stand, *names: str) -> Ran:
    return tipsheet("feeds", "refresh", *names, "--database", str(stand.database.url))


# ---- one question at a time ------------------------------------------------------------------------------------------


def test_the_gap_to_a_host_holds_from_one_round_to_the_next(stand: Stand) -> None:
    stand.subscribe("/a", "/b", gap="1s")
    for path in ("/a", "/b"):
        stand.server.script(path, rss("One"))
    refresh = daemon(stand)
    for _ in range(2):
        polled(refresh)
        stand.clock.move(30 * HOUR)
    starts = [request.at for request in stand.server.requests]
    assert len(starts) == 4
    assert all(later - earlier >= 1 for earlier, later in pairwise(starts))


def test_nobody_waits_for_the_round_of_a_slow_host(stand: Stand) -> None:
    """What falls due on another host while one is still thinking is asked at once."""
    stand.subscribe("/a", f"http://localhost:{stand.server.port}/d")
    stand.server.script("/d", rss("News"))
    stand.server.script("/a", rss("One"))
    refresh = daemon(stand)
    polled(refresh)

    def thinking() -> Iterable[bytes]:
        stand.clock.move(6 * MINUTE)  # d falls due
        ends = time.monotonic() + 10
        while len(stand.server.asked("/d")) < 2 and time.monotonic() < ends:
            time.sleep(0.02)
        yield body("One", "Two")

    stand.server.script("/a", Answer(body=thinking))
    stand.clock.move(2 * HOUR)
    with stand.database.write() as connection:
        due = stand.clock() + 5 * MINUTE
        connection.execute(feed_table.update().where(feed_table.c.name == "d").values(next_poll_at=due))
    begun = time.monotonic()
    assert {outcome.result for outcome in refresh(meanwhile=True)} == {"read", "unchanged"}
    assert time.monotonic() - begun < 9


def test_a_dead_host_is_tried_once_for_all_its_feeds_from_the_second_time_on(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.subscribe(*(f"http://localhost:{stand.server.port}/{letter}" for letter in "abc"))
    calls: list[str] = []

    def get(_client: object, url: str, *_args: object, **_more: object) -> Fetched:
        calls.append(url)
        raise FetchError("connect", "localhost cannot be reached: no answer in time")

    monkeypatch.setattr(Client, "get", get)
    assert [outcome.result for outcome in stand.poll().values()] == ["failed"] * 3
    results = sorted(outcome.result for outcome in stand.poll(after=2 * HOUR).values())
    assert results == ["failed", "postponed", "postponed"]
    assert len(calls) == 4


def test_no_more_requests_are_in_flight_than_the_file_allows(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, stand, *(f"h{number}.example" for number in range(12)))
    busy = Busy()
    for number in range(12):
        stand.server.script(f"/h{number}.example", Answer(body=busy.answering(f"{number}")))
    assert len(stand.poll()) == 12
    assert 1 < busy.most <= stand.config.at_once == 4


def test_feeds_that_lead_to_one_host_are_asked_there_one_after_the_other(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is known where they lead: the first time, nobody can know."""
    names = [f"h{number}.example" for number in range(4)]
    resolver = named(monkeypatch, stand, *names)
    resolver.answers["big.example"] = [["127.0.0.1"]]
    busy = Busy()
    for name in names:
        there = f"http://big.example:{stand.server.port}/there-{name}"
        stand.server.script(f"/{name}", Answer(status=302, headers={"Location": there}))
        stand.server.script(f"/there-{name}", Answer(body=busy.answering(name)))
    stand.poll()
    busy.most = 0
    assert len(stand.poll(after=2 * HOUR)) == 4
    assert busy.most == 1


def named(monkeypatch: pytest.MonkeyPatch, stand: Stand, *hosts: str) -> Resolver:
    """These names lead to the server, and each has a feed that is called as it is."""
    resolver = Resolver(monkeypatch)
    resolver.answers |= {host: [["127.0.0.1"]] for host in hosts}
    stand.subscribe(*(f"http://{host}:{stand.server.port}/{host}" for host in hosts))
    return resolver


@dataclass
class Busy:
    """Counts the answers that are under way."""

    now: int = 0
    most: int = 0

    def answering(self, title: str) -> Callable[[], Iterable[bytes]]:
        def pieces() -> Iterator[bytes]:
            self.now += 1
            self.most = max(self.most, self.now)
            time.sleep(0.1)
            yield body(title)
            self.now -= 1

        return pieces


@pytest.mark.parametrize("count", [1_229, 10_104])
def test_the_first_fetch_of_a_long_list_keeps_the_gap_to_each_of_its_hosts(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of feeds from elsewhere, on 50 hosts, all due at once."""
    monkeypatch.setattr("monitor.pipeline.lanes.time", clock := Mock(monotonic=Mock(return_value=0.0)))
    feeds = [Feed(url=f"https://h{n % 50}.example/{n}", name=str(n), outlet="h.example") for n in range(count)]
    lanes, starts = Lanes(1.0, {}), defaultdict(list)
    lanes.add(FeedState(id=number, feed=feed) for number, feed in enumerate(feeds))
    while len(lanes):
        for state in list(lanes.ready()):
            starts[host_of(state)].append(clock.monotonic())
            lanes.heard(state, answered=True)
        clock.monotonic.return_value = lanes.next_turn()
    assert sum(map(len, starts.values())) == count
    assert len(starts) == 50
    assert all(later - earlier >= 1 for times in starts.values() for earlier, later in pairwise(times))
    assert max(times[-1] for times in starts.values()) <= count / 50, "and nobody waits for longer than that"


# ---- nothing else ----------------------------------------------------------------------------------------------------


def test_a_poll_is_one_get_and_nothing_beside_it(stand: Stand) -> None:
    """No robots.txt, no icon, no page of an entry, no HEAD."""
    stand.server.script("/a", rss("One", "Two"))
    stand.poll()
    stand.poll(after=2 * HOUR)
    assert [(request.method, request.target) for request in stand.server.requests] == [("GET", "/a")] * 2


def test_nothing_that_an_entry_names_is_fetched(stand: Stand) -> None:
    """Pictures, frames, enclosures, style sheets, the channel's own icon: nobody is told that an entry was read."""
    named_here = (
        "<image><url>{0}/icon</url></image><item><title>One</title><link>{0}/page</link><guid>{0}/guid</guid>"
        "<enclosure url='{0}/sound' type='audio/mpeg' length='1'/><comments>{0}/comments</comments>"
        "<description>&lt;img src='{0}/pixel'&gt;&lt;iframe src='{0}/frame'&gt;&lt;/iframe&gt;</description></item>"
    ).format(stand.server.url(""))
    feed = f"<?xml-stylesheet href='{stand.server.url('/style')}'?><rss><channel>{named_here}</channel></rss>"
    stand.server.script("/a", Answer(body=feed.encode()))
    assert stand.poll()["a"].result == "read"
    assert [request.path for request in stand.server.requests] == ["/a"]


def test_the_program_says_its_name_its_version_and_whom_to_write_to(stand: Stand) -> None:
    stand.server.script("/a", rss("One"))
    with open_client(stand.config) as client:
        client.get(stand.server.url("/a"))
    assert stand.asked_with()["user-agent"] == f"Tipsheet/{VERSION} (+https://desk.example/)"


def test_one_address_is_one_feed(stand: Stand) -> None:
    with pytest.raises(ConfigError, match="feeds"):
        stand.subscribe("/a", "/a")
