"""Who is asked next, and by whom: a queue for each host, and the threads that wait for servers.

What lives here: order, gaps, and the rule that nobody waits for somebody else's dead host. What must not: asking, the
database, what an answer means. Times are on the monotonic clock: a clock that is set back or forth makes no burst.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import takewhile
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from monitor.model import FeedState
from monitor.rhythm import cadence

SLOW = 1.0  # seconds without an answer after which a server is not waited for by others
SLOW_AT_MOST = 224  # of such servers; a thread that sleeps costs some ten kilobytes
TOGETHER = 64  # results that are handed over together, at most: nobody's next turn waits for more

T = TypeVar("T")


def host_of(state: FeedState) -> str:
    """The host in whose lane a feed waits."""
    return cadence.host(cadence.place(state))


class Lanes:
    """Feeds that wait their turn: of each host one at a time, with a gap from an answer to the next question."""

    def __init__(self, gap: float, free_at: MutableMapping[str, float]) -> None:
        """`free_at` says when each host may be asked again; it is kept up, and outlives a round."""
        self._gap = gap
        self._free_at = free_at
        self._waiting: dict[str, deque[FeedState]] = {}
        self._turns: list[tuple[float, int, str]] = []  # a heap: when, in which order, which host
        self._hosts: dict[int, str] = {}  # of the feeds that wait or are being asked
        self._order = 0
        self._length = 0
        self._failing: set[str] = set()  # hosts that did not answer the last time they were asked

    def __len__(self) -> int:
        """How many feeds wait."""
        return self._length

    def add(self, states: Iterable[FeedState]) -> None:
        """In order of their turn. A feed that waits already, or is being asked, is not taken in twice."""
        for state in states:
            if state.id in self._hosts:
                continue
            host = self._hosts[state.id] = host_of(state)
            if host not in self._waiting:
                self._waiting[host] = deque()
                self._take_turn(host)
            self._waiting[host].append(state)
            self._length += 1

    def ready(self) -> Iterator[FeedState]:
        """The feeds whose turn it is; none of their hosts has another turn until `heard`."""
        now = time.monotonic()
        while self._turns and self._turns[0][0] <= now:
            host = heapq.heappop(self._turns)[2]
            self._length -= 1
            yield self._waiting[host].popleft()

    def doubts(self, state: FeedState) -> bool:
        """Whether this feed failed last time, or its host did not answer a moment ago."""
        return bool(state.failures) or self._hosts[state.id] in self._failing

    def heard(self, state: FeedState, *, answered: bool) -> None:
        """The host of this feed has answered, or failed to."""
        host = self._hosts.pop(state.id)
        (self._failing.discard if answered else self._failing.add)(host)
        self._free_at[host] = time.monotonic() + self._gap
        if self._waiting[host]:
            self._take_turn(host)
        else:
            del self._waiting[host]

    def others(self, state: FeedState) -> list[FeedState]:
        """Takes away those that wait for the same host. Ask before `heard`."""
        waiting = self._waiting[self._hosts[state.id]]
        others = list(waiting)
        self._length -= len(waiting)
        waiting.clear()
        for other in others:
            del self._hosts[other.id]
        return others

    def next_turn(self) -> float:
        """When somebody's turn comes; infinity for an empty house."""
        return self._turns[0][0] if self._turns else float("inf")

    def _take_turn(self, host: str) -> None:
        self._order += 1
        heapq.heappush(self._turns, (self._free_at.get(host, 0.0), self._order, host))


class _Queue(Generic[T]):
    """Feeds that wait for a thread, and those that have one."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.waiting: deque[Callable[[], T]] = deque()
        self.asking: dict[Future[T], float] = {}  # since when, the longest first

    def has_room(self) -> bool:
        """Whether another may begin: who has waited for a while for his server is not counted any more."""
        recently = time.monotonic() - SLOW
        lively = sum(1 for _ in takewhile(lambda begun: begun > recently, reversed(self.asking.values())))
        return lively < self.room


class Askers(Generic[T]):
    """Threads that wait for servers, and what they heard. Use as a context manager; the end waits for those at work.

    Nobody waits for the dead: a server that has not answered after a second gives its place to the next, and costs a
    sleeping thread and nothing else; those that failed last time have a quarter of the places to themselves.
    """

    def __init__(self, at_once: int) -> None:
        self._most = at_once + SLOW_AT_MOST
        self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="refresh")
        doubtful = at_once // 4
        self._sure: _Queue[T] = _Queue(at_once - doubtful)
        self._doubtful: _Queue[T] = _Queue(doubtful) if doubtful else self._sure
        self._queues = {self._sure, self._doubtful}
        self._done: SimpleQueue[Future[T]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    @property
    def busy(self) -> int:
        """How many ask, or wait for a thread."""
        return sum(len(queue.asking) + len(queue.waiting) for queue in self._queues)

    def begin(self, ask: Callable[[FeedState], T], state: FeedState, *, doubtful: bool) -> None:
        queue = self._doubtful if doubtful else self._sure
        queue.waiting.append(partial(ask, state))
        self._start(queue)

    def dismiss(self) -> None:
        """Those that wait for a thread go away unasked."""
        for queue in self._queues:
            queue.waiting.clear()

    def heard(self, until: float) -> list[T]:
        """The next results, as many as have come; none if there is none by `until`, or if it is time to ask others."""
        if any(queue.waiting for queue in self._queues):
            until = min(until, time.monotonic() + SLOW / 4)
        futures = []
        with suppress(Empty):
            futures.append(self._done.get(timeout=max(0.0, until - time.monotonic())))
            while len(futures) < TOGETHER:
                futures.append(self._done.get_nowait())
        for queue in self._queues:
            for future in futures:
                queue.asking.pop(future, None)
            self._start(queue)
        return [future.result() for future in futures]

    def _start(self, queue: _Queue[T]) -> None:
        while queue.waiting and queue.has_room() and sum(len(each.asking) for each in self._queues) < self._most:
            future = self._pool.submit(queue.waiting.popleft())
            queue.asking[future] = time.monotonic()
            future.add_done_callback(self._done.put)
