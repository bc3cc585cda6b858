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
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from monitor import cadence
from monitor.model import FeedState

AT_ONCE = 64  # results that are handed over together, at most: nobody's next turn waits for more

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
        self._known: set[int] = set()  # feeds that wait or are being asked
        self._order = 0
        self._length = 0

    def __len__(self) -> int:
        """How many feeds wait."""
        return self._length

    def add(self, states: Iterable[FeedState]) -> None:
        """In order of their turn. A feed that waits already, or is being asked, is not taken in twice."""
        for state in states:
            if state.id in self._known:
                continue
            self._known.add(state.id)
            host = host_of(state)
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

    def heard(self, state: FeedState) -> None:
        """The host of this feed has answered, or failed to."""
        host = host_of(state)
        self._known.discard(state.id)
        self._free_at[host] = time.monotonic() + self._gap
        if self._waiting[host]:
            self._take_turn(host)
        else:
            del self._waiting[host]

    def others(self, state: FeedState) -> list[FeedState]:
        """Takes away those that wait for the same host. Ask before `heard`."""
        waiting = self._waiting[host_of(state)]
        others = list(waiting)
        self._length -= len(waiting)
        waiting.clear()
        self._known -= {other.id for other in others}
        return others

    def next_turn(self) -> float:
        """When somebody's turn comes; infinity for an empty house."""
        return self._turns[0][0] if self._turns else float("inf")

    def _take_turn(self, host: str) -> None:
        self._order += 1
        heapq.heappush(self._turns, (self._free_at.get(host, 0.0), self._order, host))


class Askers(Generic[T]):
    """Threads that wait for servers, and what they heard. Use as a context manager; the end waits for those at work."""

    def __init__(self, at_once: int) -> None:
        """A quarter of the threads is for doubtful servers, so that the dead hold up each other, and nobody else."""
        doubtful = at_once // 4
        self._sure = ThreadPoolExecutor(max(1, at_once - doubtful), thread_name_prefix="refresh")
        self._doubtful = ThreadPoolExecutor(doubtful, thread_name_prefix="doubtful") if doubtful else self._sure
        self._done: SimpleQueue[Future[T]] = SimpleQueue()
        self.busy = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in {self._sure, self._doubtful}:
            pool.shutdown(cancel_futures=True)

    def begin(self, ask: Callable[[FeedState], T], state: FeedState) -> None:
        pool = self._doubtful if state.failures else self._sure
        self.busy += 1
        pool.submit(ask, state).add_done_callback(self._done.put)

    def heard(self, until: float) -> list[T]:
        """The next results, as many as have come; none if there is none by `until`."""
        futures = []
        with suppress(Empty):
            futures.append(self._done.get(timeout=max(0.0, until - time.monotonic())))
            while len(futures) < AT_ONCE:
                futures.append(self._done.get_nowait())
        self.busy -= len(futures)
        return [future.result() for future in futures]
