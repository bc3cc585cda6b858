"""Who is asked next, and that nobody waits for somebody else's dead host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from monitor.model import Feed, FeedState
from monitor.pipeline import lanes
from monitor.pipeline.lanes import Askers, Lanes


def state(number: int, host: str, failures: int = 0) -> FeedState:
    feed = Feed(url=f"http://{host}/{number}", name=str(number), outlet=host)
    return FeedState(id=number, feed=feed, failures=failures)


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def ask(released: threading.Event) -> Callable[[FeedState], str]:
    """Whoever is called dead does not answer before he is released."""

    def asking(one: FeedState) -> str:
        if one.feed.outlet.startswith("dead"):
            released.wait(10)
        return one.feed.name

    return asking


def gathered(askers: Askers[str], count: int, seconds: float) -> list[str]:
    """What is heard until there are so many, or the time is over."""
    found: list[str] = []
    until = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        found += askers.heard(until)
    return found


@pytest.mark.parametrize("doubtful", [False, True])
def test_the_dead_hold_up_nobody(doubtful: bool, released: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve servers that never answer, all before the living, and four places."""
    monkeypatch.setattr(lanes, "SLOW", 0.1)
    with Askers[str](4) as askers:
        for number in range(12):
            askers.begin(ask(released), state(number, f"dead{number}.example"), doubtful=doubtful)
        for number in range(100, 120):
            askers.begin(ask(released), state(number, "news.example"), doubtful=False)
        assert sorted(gathered(askers, 20, 5)) == [str(number) for number in range(100, 120)]
        released.set()
        assert len(gathered(askers, 12, 5)) == 12
        assert askers.busy == 0


def test_no_more_are_asked_at_once_than_there_is_room_for(released: threading.Event) -> None:
    with Askers[str](4) as askers:
        for number in range(10):
            askers.begin(ask(released), state(number, f"dead{number}.example"), doubtful=False)
        assert [len(askers._sure.asking), len(askers._sure.waiting)] == [3, 7], "one of four is for doubtful servers"
        askers.dismiss()
        assert askers.busy == 3
        released.set()
        assert len(gathered(askers, 3, 5)) == 3


def test_the_sleeping_threads_have_an_end_too(released: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "SLOW", 0.01)
    monkeypatch.setattr(lanes, "SLOW_AT_MOST", 5)
    with Askers[str](2) as askers:
        for number in range(20):
            askers.begin(ask(released), state(number, f"dead{number}.example"), doubtful=False)
        gathered(askers, 1, 0.3)
        assert len(askers._sure.asking) == 7
        released.set()
        assert len(gathered(askers, 20, 5)) == 20


def test_a_host_that_did_not_answer_is_doubted_until_it_does() -> None:
    queue = Lanes(0.0, {})
    first, second, other = state(1, "a.example"), state(2, "a.example"), state(3, "b.example", failures=2)
    queue.add([first, second, other])
    assert len(queue) == 3
    assert list(queue.ready()) == [first, other]
    assert (len(queue), queue.doubts(first), queue.doubts(other)) == (1, False, True)
    queue.heard(first, answered=False)
    assert queue.doubts(second)
    assert list(queue.ready()) == [second]
    queue.heard(second, answered=True)
    queue.add([first])
    assert not queue.doubts(first)


def test_of_one_host_one_is_asked_at_a_time_and_the_others_can_be_taken_away() -> None:
    queue = Lanes(0.0, {})
    feeds = [state(number, "a.example") for number in range(4)]
    queue.add(feeds)
    queue.add(feeds)
    assert list(queue.ready()) == feeds[:1]
    assert list(queue.ready()) == []
    assert queue.others(feeds[0]) == feeds[1:]
    queue.heard(feeds[0], answered=True)
    assert (len(queue), queue.next_turn()) == (0, float("inf"))
