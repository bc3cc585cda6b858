"""rows of the lists beside feeds.yaml → rows of feeds | commit, some at a time

What lives here: following the lists, and what is said of it. What must not: what a row means (`settings.listed`), and
what is written (`storage.roster`).

Lists that are as they were when they were last followed are not read again. Whoever is stopped in the midst has kept
what was written; the next one begins anew, and writes what is left. A feed that left the lists is left alone only when
all of them were read, and did not change meanwhile.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from monitor.errors import ConfigError, Fault
from monitor.model import Feed
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from monitor.settings.feed_lists import Mark
from storage import facts, roster
from storage.database import Database

LOT = roster.AT_ONCE
TOLD = 20  # faults that are told by name; `tipsheet check` tells all


Show = Callable[[Iterator[int], str, int], Iterator[int]]  # passes work on, and shows how much of the total is done


def unshown(work: Iterator[int], label: str, total: int) -> Iterator[int]:
    """For when nobody watches."""
    return work


def keep_up(database: Database, config: Config, show: Show) -> None:
    """Make the feeds follow the lists, where these have changed. For whoever is alone on the database."""
    if mark := to_follow(database, config):
        deque(show(follow_lists(database, config, mark), "Reading the lists", lots(mark)), maxlen=0)


def count_wanted(database: Database, config: Config) -> int:
    """How many feeds are asked for, in the file and in its lists as far as they were read."""
    with database.read() as connection:
        _, of_lists, _ = facts.lists_followed(connection)
    return of_lists + sum(feed.enabled for feed in config.feeds.values())


def to_follow(database: Database, config: Config) -> Mark | None:
    """The mark of the lists, where the feeds do not follow them yet."""
    mark = config.lists_mark()
    with database.read() as connection:
        if facts.lists_followed(connection)[0] != mark.digest:
            return mark
        for sentence in left_out(connection):
            note("lists", level=logging.WARNING, problem=sentence)
    return None


def left_out(connection: Connection) -> tuple[str, ...]:
    """What is wrong with the rows of the lists that the feeds follow, if anything is."""
    _, _, faults = facts.lists_followed(connection)
    if not faults:
        return ()
    rows = "1 row" if faults == 1 else f"{faults:,} rows"
    return (f"{rows} of the lists of feeds cannot be used, the others are; `tipsheet check` names them",)


def lots(mark: Mark) -> int:
    """About how many steps `follow_lists` takes."""
    return mark.lines // LOT + 1


def follow_lists(database: Database, config: Config, mark: Mark) -> Iterator[int]:
    """Make the feeds follow the lists; yields after each step how many rows it took.

    ConfigError where a list cannot be read, or changes meanwhile: then no feed is left alone, and the next start begins
    anew.
    """
    _refuse_changed(config, mark)  # a worker that began long ago
    tally = _Tally()
    rows = config.read_lists()
    while some := list(islice(rows, LOT)):
        feeds = [row for row in some if isinstance(row, Feed)]
        with database.write() as connection:
            tally.add(roster.follow(connection, feeds))
        tally.count += sum(feed.enabled for feed in feeds)
        tally.tell(row for row in some if isinstance(row, Fault))
        yield len(some)
    _refuse_changed(config, mark)
    gone = _leave(database, tally.present)
    with database.write() as connection:
        facts.keep_lists_followed(connection, mark.digest, count=tally.count, faults=tally.faults)
    note("lists", feeds=tally.count, new=tally.new, changed=tally.changed, gone=gone, faults=tally.faults)


def _refuse_changed(config: Config, mark: Mark) -> None:
    """What is read must be what was there at the start: all workers have the same, and half a list is none."""
    if config.lists_mark() != mark:
        named = ", ".join(one.name for one in config.feed_lists)
        message = "changed since the start; put a list into its place in one step (mv), and start again"
        raise ConfigError((Fault(file=named, line=0, path="", message=message),))


def _leave(database: Database, present: Present) -> int:
    """Feeds that are in no list any more are left alone; how many."""
    last = gone = 0
    while True:
        with database.read() as connection:
            ids = roster.of_lists(connection, after=last, limit=LOT)
        if not ids:
            return gone
        away, last = [number for number in ids if number not in present], ids[-1]
        if away:
            with database.write() as connection:
                roster.leave(connection, away)
        gone += len(away)


@dataclass(slots=True)
class Present:
    """Which numbers were seen: a bit for each, since there may be a million."""

    _bits: bytearray = field(default_factory=bytearray)

    def add(self, numbers: Sequence[int]) -> None:
        if numbers and (short := max(numbers) // 8 + 1 - len(self._bits)) > 0:
            self._bits.extend(bytes(short))
        for number in numbers:
            self._bits[number // 8] |= 1 << number % 8

    def __contains__(self, number: int) -> bool:
        return number // 8 < len(self._bits) and bool(self._bits[number // 8] & 1 << number % 8)


@dataclass(slots=True)
class _Tally:
    """What came of the rows so far."""

    present: Present = field(default_factory=Present)
    count: int = 0  # that are to be asked
    new: int = 0
    changed: int = 0
    faults: int = 0

    def add(self, followed: roster.Followed) -> None:
        self.present.add(followed.ids)
        self.new += followed.new
        self.changed += followed.changed

    def tell(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.faults += 1
            if self.faults <= TOLD:
                note("lists", level=logging.WARNING, left_out=fault)
            if self.faults == TOLD:
                note("lists", level=logging.WARNING, problem="`tipsheet check` names every row with a fault")
