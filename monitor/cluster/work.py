"""What a worker does of the work: a part of it, in a turn that is his alone, for a while.

What lives here: which stage a part is, for how long, and what a turn takes over from one whose owner died. What must
not: who gets which turn (`jobs`), what a stage does. Times are the database's: a worker's own clock may be wrong.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Timer
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.exc import DBAPIError

from monitor.errors import StorageError, TipsheetError, TurnError
from monitor.pipeline.journal import note
from monitor.pipeline.lists import follow_lists
from monitor.pipeline.rhythm import Rhythms
from monitor.pipeline.upkeep import PAUSE
from monitor.run import Stages
from monitor.settings.feed_lists import Mark
from storage import claims, entries, facts, outbox, shards, turns
from storage.database import Database
from storage.schema import entries as entry_table
from storage.schema import errands as errand_table
from storage.schema import outbox as outbox_table
from storage.turns import Turn

if TYPE_CHECKING:
    from monitor.pipeline.examine import Examine

SLICE = 15.0  # seconds for which the feeds of a shard are asked in one turn, and as many for its pages
LONG = 300.0  # for which one worker examines: another would have to read the stories of the window again
TICK = 2.0
SWEEP = 10.0
BACKLOG = 50_000  # entries that wait for examination, beyond which no feed is asked
SIGN = timedelta(minutes=10)  # within which the work must have gone on for a sign of life to be given

CHORES: Mapping[str, timedelta] = {
    "pushes": timedelta(), "lists": timedelta(seconds=10),
    "index": timedelta(seconds=10), "snapshots": timedelta(seconds=10), "hubs": timedelta(seconds=10),
    "strays": timedelta(seconds=30), "digests": timedelta(seconds=30), "reminders": timedelta(seconds=30),
    "questions": timedelta(seconds=30),
    "owner": timedelta(minutes=1), "heartbeat": timedelta(minutes=5),
    "retention": timedelta(hours=1),  # it looks itself whether a day is over
}  # fmt: skip

_RELEASED: Mapping[str, tuple[Table, ColumnElement[bool] | None]] = {
    "examine": (entry_table, None),
    "snapshots": (errand_table, errand_table.c.kind == "snapshot"),
}  # what a turn may leave claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the work that is to be done now. Its name is what nobody else may be at meanwhile."""

    task: str
    about: str = ""

    @property
    def name(self) -> str:
        return f"{self.task} {self.about}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """A turn, and the database as whoever has it may write to it."""

    turn: Turn
    database: Database
    since: float = field(default_factory=time.monotonic)

    def clock(self) -> datetime:
        return self.turn.began_at + timedelta(seconds=time.monotonic() - self.since)


@dataclass(slots=True, kw_only=True)
class Work:
    """All that one worker may be asked to do. Each method is one turn; they may run beside each other."""

    stages: Stages
    owner: str  # like nobody else's
    file: str = ""  # the mark of our file; "": whichever counts
    lists: Mark | None = None  # that of its lists, which one worker follows for all; None: it names none
    over: str = field(init=False, default="")  # why this worker cannot go on; "": it can
    _limits: set[Event] = field(init=False, default_factory=set)
    _rhythms: Rhythms = field(init=False, default_factory=Rhythms)
    _examiner: Examine | None = field(init=False, default=None)

    def stop(self) -> None:
        """What is under way is finished; nothing is begun."""
        self.stages.stop.set()
        for limit in tuple(self._limits):
            limit.set()

    def is_time(self, name: str, seconds: float) -> bool:
        """Whether this worker is to do what one of all does so often, by the clock of the database."""
        with self.stages.database.write(alongside=True) as connection:
            self._agree(connection)
            return turns.is_time(connection, name, every=timedelta(seconds=seconds))

    def doubt(self, part: str, error: Exception) -> None:
        """Something went wrong that no stage reckons with. If the database has outgrown us, it would go on for ever."""
        note("failed", level=logging.ERROR, stage=part, error=error)
        with suppress(StorageError):  # it is away as well: the next fault asks again
            if why := self.stages.database.outgrown():
                self._end(f"{why}; a statement of this one failed, and nothing of it was kept. Start a newer version")

    def _end(self, why: str) -> None:
        self.over = self.over or why
        self.stop()

    def _agree(self, connection: Connection) -> None:
        """What is decided by a file that does not count any more must not be written."""
        if self.file and facts.workers_file(connection) not in ("", self.file):
            self._end("another feeds.yaml counts now for the workers on this database; this one ends with its own")
            raise TurnError("another file counts")

    def due(self) -> list[Part]:
        """The parts in which something is to be done now, the most urgent first."""
        config = self.stages.config
        with self.stages.database.read() as connection:
            now = turns.now(connection)
            waiting = entries.count_due(connection, now=now)
            crowded = waiting > BACKLOG
            due = [] if crowded else shards.due(connection, now=now)
            channels = outbox.channels_due(connection, now=now)
            begun = turns.begun(connection, "chore ")
            followed, *_ = facts.lists_followed(connection)
        if crowded:
            note("crawl", level=logging.WARNING, paused=f"{waiting} entries wait for examination")
        return [
            *(Part(task="deliver", about=channel) for channel in channels if channel in config.channels),
            Part(task="examine"),
            *(Part(task="crawl", about=str(shard)) for shard in due),
            *self._chores_due(begun, now, followed=followed),
        ]

    def _chores_due(self, begun: Mapping[str, datetime], now: datetime, *, followed: str) -> Iterator[Part]:
        config = self.stages.config
        behind = self.lists is not None and self.lists.digest != followed
        wanted = {"snapshots": config.archive, "pushes": config.websub, "lists": behind}
        for about, every in CHORES.items():
            part = Part(task="chore", about=about)
            last = begun.get(part.name)
            if wanted.get(about, True) and (last is None or not now - every < last <= now):
                yield part

    def do(self, part: Part) -> None:
        """One turn. What goes wrong is said, and left to the next turn."""
        do: Mapping[str, Callable[[Part], None]] = {
            "crawl": self._crawl, "examine": self._examine, "deliver": self._deliver, "chore": self._chore
        }  # fmt: skip
        try:
            do[part.task](part)
        except TurnError as error:
            note("turn", level=logging.WARNING, part=part.name, lost=error)
        except TipsheetError as error:
            note("failed", level=logging.ERROR, stage=part.name, error=error)
        except DBAPIError as error:
            self.doubt(part.name, error)

    # ---- the parts ----

    def _crawl(self, part: Part) -> None:
        shard = int(part.about)
        with self._turn(part) as (shift, rests):
            if not shift.turn.clean:
                self._void(shift, partial(shards.release, shard=shard))
                self.stages.stop.wait(self.stages.config.gap.total_seconds())  # any host may have been asked just now
            begun = time.monotonic()
            free_at = {host: begun + rest.total_seconds() for host, rest in shift.turn.rests.items()}
            refresh = replace(self.stages.refresh, rhythms=self._rhythms, free_at=free_at, shard=shard)
            pages = replace(self.stages.read_pages, free_at=free_at, shard=shard)
            with self._limit(SLICE) as stop:
                _exhaust(replace(refresh, database=shift.database, clock=shift.clock, stop=stop)(meanwhile=True))
            with self._limit(SLICE) as stop:
                _exhaust(replace(pages, database=shift.database, clock=shift.clock, stop=stop)())
            self._void(shift, partial(shards.release, shard=shard))  # those whose turn did not come
            ended = time.monotonic()
            rests |= {host: at - ended for host, at in free_at.items() if at > ended}

    def _examine(self, part: Part) -> None:
        with self._turn(part) as (shift, _), self._limit(LONG) as stop:
            if self._examiner is None or not (shift.turn.again and shift.turn.clean):
                self._examiner = replace(self.stages).examine
            examiner = self._examiner
            examiner.database, examiner.clock, examiner.stop = shift.database, shift.clock, stop
            while not stop.is_set():
                _exhaust(examiner())
                stop.wait(TICK)

    def _deliver(self, part: Part) -> None:
        channel = part.about
        free = partial(claims.release, table=outbox_table, where=outbox_table.c.channel == channel)
        with self._turn(part) as (shift, _), self._limit(SLICE) as stop:
            if not shift.turn.clean:
                put_behind = partial(outbox.put_behind, now=shift.clock(), pause=PAUSE, channel=channel)
                self._void(shift, put_behind, free)
            stage = replace(self.stages.deliver, database=shift.database, clock=shift.clock, stop=stop)
            _exhaust(stage.empty(channel))
            self._void(shift, free)

    def _chore(self, part: Part) -> None:
        with self._turn(part) as (shift, _), self._limit(LONG) as stop:
            stages = replace(self.stages, database=shift.database, clock=shift.clock, stop=stop)
            chores: Mapping[str, Callable[[], object]] = {
                "strays": replace(self.stages.deliver, database=shift.database).settle_strays,
                "digests": stages.queue_digests,
                "reminders": stages.queue_reminders,
                "questions": stages.ask_new_addresses,
                "owner": stages.tell_owner,
                "hubs": lambda: _exhaust(stages.subscribe()),
                "pushes": lambda: _exhaust(stages.take_in()),
                "snapshots": lambda: _exhaust(stages.save_pages()),
                "index": lambda: _exhaust(stages.index_words()),
                "retention": stages.forget_old_texts,
                "lists": partial(self._follow_lists, shift, stop),
                "heartbeat": partial(self._give_sign, shift),
            }
            chores[part.about]()

    def _follow_lists(self, shift: _Shift, stop: Event) -> None:
        """As far as there is time; whoever has the next turn goes on where something is left to write."""
        if self.lists is not None:
            for _ in follow_lists(shift.database, self.stages.config, self.lists):
                if stop.is_set():
                    break

    def _give_sign(self, shift: _Shift) -> None:
        """A sign of life of all workers together: their work has gone on, whoever did it."""
        heartbeat, since = replace(self.stages).heartbeat, shift.clock() - SIGN
        with shift.database.read() as connection:
            crawled, examined = turns.last_end(connection, "crawl "), turns.last_end(connection, "examine")
            idle = not shards.due(connection, now=since)
        for stage, at in (("refresh", crawled), ("examine", examined)):
            if (at is not None and at > since) or (stage == "refresh" and idle):
                heartbeat.ended(stage, well=True)
        heartbeat.beat()

    # ---- turns ----

    @contextmanager
    def _turn(self, part: Part) -> Iterator[tuple[_Shift, dict[str, float]]]:
        """The next turn of this part is ours. It ends well with the block; the hosts in the dictionary rest then."""
        database, rests = self.stages.database, dict[str, float]()
        with database.write(alongside=True) as connection:
            self._agree(connection)
            turn = turns.take(connection, part.name, owner=self.owner)
        shift = _Shift(turn=turn, database=database.under(partial(turns.check, turn=turn)))
        if not turn.clean and part.name in _RELEASED:
            table, where = _RELEASED[part.name]
            self._void(shift, partial(claims.release, table=table, where=where))
        yield shift, rests
        with database.write(alongside=True) as connection:
            turns.end(connection, turn, rests=rests)

    def _void(self, shift: _Shift, *voids: Callable[[Connection], None]) -> None:
        """What an earlier turn had claimed, or this one did not come to, is free again."""
        with shift.database.write(alongside=True) as connection:
            for void in voids:
                void(connection)

    @contextmanager
    def _limit(self, seconds: float) -> Iterator[Event]:
        """An event that is set when the time is over, or the worker is to stop."""
        limit = Event()
        timer = Timer(seconds, limit.set)
        timer.daemon = True
        self._limits.add(limit)
        if self.stages.stop.is_set():
            limit.set()
        timer.start()
        try:
            yield limit
        finally:
            timer.cancel()
            self._limits.discard(limit)


def _exhaust(work: Iterable[object]) -> None:
    deque(work, maxlen=0)
