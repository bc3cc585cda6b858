"""The schedule of very many feeds: how many a second are claimed and planned anew, through what the stages call.

Each lot is a shard's feeds, at most a thousand, in the transaction of a turn, as `refresh` does it. The floor beside it
is one UPDATE of as many rows of a table that has an id and a time, and nothing else.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from benchmarks.cluster_postgres import Server
from monitor.model import Feed, FeedOutcome, FeedState
from storage import feeds, shards, turns
from storage.claims import new_claimant
from storage.database import Database

_LOT = 1_000
_LEASE = timedelta(minutes=30)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Feeds a second in a schedule of that size."""

    size: int
    claimed: float
    planned: float
    floor: float

    @property
    def both(self) -> float:
        return 1 / (1 / self.claimed + 1 / self.planned)


def plan(server: Server, size: int, seconds: float) -> Planned:
    url = server.new_database()
    with Database(url) as database:
        wanted = _fill(database, size)
        claimed, planned = _plan(database, wanted, seconds)
        floor = _floor(database, size, seconds / 3)
    server.drop(url)
    return Planned(size=size, claimed=claimed, planned=planned, floor=floor)


def _fill(database: Database, size: int) -> dict[str, Feed]:
    with database.write() as connection:
        psycopg: Any = connection.connection.driver_connection
        psycopg.execute(_FILL.format(size=size))
        psycopg.execute("ANALYZE feeds")
    urls = (f"http://h{n}.example/feed" for n in range(1, size + 1))
    return {url: Feed(url=url, name=url, outlet="h.example") for url in urls}


def _plan(database: Database, wanted: dict[str, Feed], seconds: float) -> tuple[float, float]:
    spent, done, shard, now = [0.0, 0.0], 0, 0, datetime.now(UTC)
    habit = tuple(round(random.random(), 4) for _ in range(40))
    with database.write() as connection:
        turn = turns.take(connection, "crawl", owner="bench")
    fenced = database.under(partial(turns.check, turn=turn))
    while sum(spent) < seconds:
        claimant, begun = new_claimant(), time.perf_counter()
        with fenced.write(alongside=True) as connection:
            states = feeds.claim_due(
                connection, wanted, claimant=claimant, now=now, lease=_LEASE, limit=_LOT, shard=shard
            )
        spent[0] += time.perf_counter() - begun
        outcomes = [_outcome(state, now, habit) for state in states]
        begun = time.perf_counter()
        with fenced.write(alongside=True) as connection:
            if len(feeds.record(connection, outcomes, claimant=claimant)) != len(outcomes):
                raise AssertionError("a plan was not written")
        spent[1] += time.perf_counter() - begun
        done, shard = done + len(outcomes), (shard + 1) % shards.SHARDS
    return done / spent[0], done / spent[1]


def _outcome(state: FeedState, now: datetime, habit: tuple[float, ...]) -> FeedOutcome:
    """Unchanged, as most are. It is due at once, and in the same shard, so that the next round finds as many."""
    return FeedOutcome(
        feed_id=state.id, polled_at=now, next_poll_at=now - timedelta(minutes=1), result="unchanged",
        reason="as usual: every 15 minutes", status=304, validators=state.validators, habit=habit,
        body_hash=state.body_hash,
    )  # fmt: skip


def _floor(database: Database, size: int, seconds: float) -> float:
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        first = done % size
        rows = range(first + 1, min(first + _LOT, size) + 1)
        values = ",".join(f"({n}, now())" for n in rows)
        with database.write(alongside=True) as connection:
            connection.execute(
                text(
                    f"UPDATE floor SET at = given.at FROM (VALUES {values}) AS given (id, at) WHERE floor.id = given.id"
                )
            )
        done += len(rows)
    return done / (time.perf_counter() - begun)
