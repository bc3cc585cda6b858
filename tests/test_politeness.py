"""What a server sees of us over days: conditional, patient, one question at a time, and nothing beside.

Most of it runs on a clock that the test moves. The requests themselves are looked at in test_fetch.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from datetime import timedelta
from email.utils import format_datetime
from importlib import import_module
from itertools import pairwise

import pytest

from monitor.errors import ConfigError, FetchError
from monitor.fetch import Client
from monitor.model import FeedOutcome, Fetched
from monitor.pipeline import Refresh
from storage import claims
from storage.schema import feeds as feed_table
from tests.command import Ran, tipsheet
from tests.scripted_server import Answer
from tests.test_refresh import HOUR, MONDAY, TUESDAY, Stand, body, parser, rss, stand

__all__ = ["parser", "stand"]  # fixtures

MINUTE = timedelta(minutes=1)


def daemon(stand: Stand) -> Refresh:
    """One first stage that lives on, as in a process."""
    return Refresh(
        database=stand.database, config=stand.config, client=stand.client, parser=stand.parser,
        clock=stand.clock, stop=stand.stop,
    )  # fmt: skip


def polled(refresh: Refresh) -> list[FeedOutcome]:
    return list(refresh())


# ---- conditional -----------------------------------------------------------------------------------------------------


def test_of_three_hundred_polls_one_is_unconditional_and_no_validator_is_made_up(stand: Stand) -> None:
    """Each question carries exactly what the last 200 or 304 gave."""
    same = Answer(status=304)
    turns = [
        (rss("One", etag='W/"1"', modified=MONDAY), 119),
        (rss("Two", etag='"2"'), 59),  # the old Last-Modified is gone with it
        (rss("Three", modified=TUESDAY), 59),
        (Answer(status=304, headers={"ETag": '"4"'}), 59),
    ]
    stand.server.script("/a", *[answer for first, times in turns for answer in (first, *[same] * times)])
    refresh = daemon(stand)
    for _ in range(300):
        assert len(polled(refresh)) == 1
        stand.clock.move(30 * HOUR)
    asked = [
        (request.headers.get("if-none-match"), request.headers.get("if-modified-since"))
        for request in stand.server.requests
    ]
    assert asked[0] == (None, None)
    assert asked[1:121] == [('W/"1"', MONDAY)] * 120
    assert asked[121:181] == [('"2"', None)] * 60
    assert asked[181:241] == [(None, TUESDAY)] * 60
    assert asked[241:] == [('"4"', TUESDAY)] * 59


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

    monkeypatch.setattr("monitor.fetch.decoded", refuse)
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


def test_a_restart_asks_nothing_early(stand: Stand) -> None:
    stand.server.script("/a", rss("One", etag='"1"'), Answer(status=304))
    stand.poll()
    for _ in range(5):
        with stand.database.write() as connection:
            claims.release(connection, feed_table)  # as a new process does
        assert polled(daemon(stand)) == []
        stand.clock.move(5 * MINUTE)
    assert len(stand.server.requests) == 1


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


# ---- nothing else ----------------------------------------------------------------------------------------------------


def test_a_poll_is_one_get_and_nothing_beside_it(stand: Stand) -> None:
    """No robots.txt, no icon, no page of an entry, no HEAD."""
    stand.server.script("/a", rss("One", "Two"))
    stand.poll()
    stand.poll(after=2 * HOUR)
    assert [(request.method, request.target) for request in stand.server.requests] == [("GET", "/a")] * 2


def test_one_address_is_one_feed(stand: Stand) -> None:
    with pytest.raises(ConfigError, match="feeds"):
        stand.subscribe("/a", "/a")
