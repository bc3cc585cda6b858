"""How fast several workers are: questions a second, entries a second, and whose processor time they cost."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from sqlalchemy import text

from benchmarks.cluster_postgres import Process, Server, ended_after, seconds_of, start, until, write_file
from benchmarks.cluster_server import Farm
from storage.database import Database

_PATIENCE = 180  # seconds in which all feeds must have been asked for the first time, or all entries be examined
_ENTRIES = 20  # of each feed, where entries are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Things a second, and the milliseconds of a processor that one of them costs the workers, the server, the farm."""

    workers: int  # 0: the one process on SQLite
    rate: float
    ours: float
    servers: float
    farms: float

    @property
    def busy(self) -> float:
        """How many cores all of it kept busy."""
        return self.rate * (self.ours + self.servers + self.farms) / 1000


def ask(server: Server, counts: Iterable[int], feeds: int, seconds: float) -> Iterator[Speed]:
    """So many workers each, of the same feeds on as many hosts, all due all the time, that answer "not modified"."""
    with _farm(hosts=feeds, every="1s", items=1) as (farm, config):
        urls = f"sqlite:///{config.parent}/tipsheet.db", server.new_database()
        for workers in counts:
            with _running(urls[workers > 0], config, workers) as (database, processes):
                before = len(farm.asked)
                _insist(until(partial(_is_warm, farm, before + feeds, database), _PATIENCE))
                time.sleep(3)
                with _Meter(server, processes, lambda: len(farm.asked)) as meter:
                    time.sleep(seconds)
            yield meter.speed(workers)
        server.drop(urls[1])


def examine(server: Server, workers: int, count: int) -> Speed:
    """New entries that match nothing, as most do; one worker of all examines them."""
    hosts = count // _ENTRIES
    with _farm(hosts=hosts, every="1h", items=_ENTRIES) as (farm, config):
        url = server.new_database() if workers else f"sqlite:///{config.parent}/tipsheet.db"
        with _running(url, config, workers) as (database, processes):
            _insist(until(lambda: len(farm.asked) >= hosts, _PATIENCE))
            with _Meter(server, processes, lambda: -_waiting(database)) as meter:
                _insist(until(lambda: not _waiting(database), _PATIENCE))
        if workers:
            server.drop(url)
        return meter.speed(workers)


def _is_warm(farm: Farm, asked: int, database: Database) -> bool:
    """So much was asked, and all is examined."""
    return len(farm.asked) >= asked and not _waiting(database)


class _Meter:
    """What was counted while the block lasted, and what it cost."""

    def __init__(self, server: Server, processes: Sequence[Process], counted: Callable[[], int]) -> None:
        self._counted = counted
        self._workers = [process.pid for process in processes]
        self._server = [server.pid]

    def _look(self) -> tuple[float, ...]:
        """Time, count, and the processor time of the workers, of the server, and of the farm, which is our own."""
        costs = (sum(map(seconds_of, pids)) for pids in (self._workers, self._server))
        return time.monotonic(), self._counted(), *costs, time.process_time()

    def __enter__(self) -> Self:
        self._began = self._look()
        return self

    def __exit__(self, *_: object) -> None:
        self._spent = [after - before for before, after in zip(self._began, self._look(), strict=True)]

    def speed(self, workers: int) -> Speed:
        elapsed, count, *costs = self._spent
        if count <= 0:
            raise AssertionError("all was done before it could be measured; give it more to do")
        ours, servers, farms = (1000 * cost / count for cost in costs)
        return Speed(workers=workers, rate=count / elapsed, ours=ours, servers=servers, farms=farms)


@contextmanager
def _farm(*, hosts: int, every: str, items: int) -> Iterator[tuple[Farm, Path]]:
    with Farm(period=None, delay=0.0, items=items) as farm, tempfile.TemporaryDirectory() as directory:
        yield farm, write_file(Path(directory), farm.port, hosts=hosts, feeds=1, every=every, gap=0)


@contextmanager
def _running(url: str, config: Path, workers: int) -> Iterator[tuple[Database, list[Process]]]:
    """So many workers on a PostgreSQL; none is the one process on SQLite."""
    command = "worker" if workers else "run"
    with Database(url) as database:
        processes = [start(config, url, name=f"w{n}", command=command) for n in range(max(1, workers))]
        with ended_after(processes):
            yield database, processes


def _insist(reached: bool) -> None:
    if not reached:
        raise AssertionError(
            f"not all was done within {_PATIENCE} s; {os.cpu_count()} cores are too busy, or it is broken"
        )


def _waiting(database: Database) -> int:
    """Entries that are to be examined."""
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM entries WHERE examine_at IS NOT NULL")).scalar_one())
