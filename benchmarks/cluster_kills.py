"""Workers and their PostgreSQL are killed in the middle of their work, while two of three clocks are half a minute off.

What is counted is counted outside of the program: at the feed servers, and at the receiver of the alerts.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from sqlalchemy import create_engine, text

from benchmarks.cluster_postgres import Process, Server, ended_after, start, until, write_file
from benchmarks.cluster_server import Asked, Farm
from storage.shards import shard_of

GAP = 1  # seconds for which a host is left alone
RESUMED = 45  # seconds after which what a dead worker had is in other hands
SKEWS = (-30.0, 0.0, 30.0)
_EVERY = 20  # seconds between two kills
_CALM = 45  # seconds before the first; each feed brings something within 30
_PATIENCE = 90  # for what is untold when the killing is over; more, if the outbox says that something waits for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """What was seen from outside."""

    killed: int
    questions: int
    owners: int  # pairs of questions of two workers to one shard at the same time
    sooner: int  # questions to a host sooner than its gap after an answer, or before it
    silence: float  # seconds for which a feed was left alone, at most
    feeds: int
    feeds_lost: int
    alerts: int
    untold: dict[str, int]  # how it stands with what was never told, as the outbox has it → how many
    copies: int  # of one alert, at most
    repeated: int  # alerts that came more than once
    calm: tuple[
        float, float
    ]  # seconds from a feed's answer to the alert, half of them and at most, before the first kill
    slowest: float  # the same at most, in all
    errors: int  # lines of errors in the server's log before the first kill


def kill(server: Server, seconds: float) -> Kills:
    url, errors = server.new_database(), server.errors
    with Farm(period=30.0, delay=0.03) as farm, tempfile.TemporaryDirectory() as directory:
        config = write_file(Path(directory), farm.port, hosts=12, feeds=2, every="2s", gap=GAP)
        workers = [start(config, url, name=f"w{n}", skew=skew) for n, skew in enumerate(SKEWS)]
        with ended_after(workers):
            if not until(lambda: len(farm.told) >= 20, 120):
                raise AssertionError("no alert came although nothing was killed")
            began = time.monotonic()
            time.sleep(_CALM)
            errors, calm_until = server.errors - errors, time.monotonic()
            killed = _murder(server, workers, config, url, seconds)
            time.sleep(_EVERY)
            farm.quiet.set()
            until(lambda: farm.served_at.keys() <= farm.told.keys(), _PATIENCE)
            until(lambda: farm.served_at.keys() <= farm.told.keys(), _longest_wait(url))
            time.sleep(max(0, killed[-1] + RESUMED + 5 - time.monotonic()))
            ended = time.monotonic()
        untold = _stand(url, farm.served_at.keys() - farm.told.keys())
    return _seen(
        farm, killed=len(killed), began=began, calm_until=calm_until, ended=ended, untold=untold, errors=errors
    )


def _murder(server: Server, workers: list[Process], config: Path, url: str, seconds: float) -> list[float]:
    """Again and again one of the workers; in the middle, the server. When each died."""
    killed, begun, chance, killed_server = list[float](), time.monotonic(), random.Random(3), False
    while time.monotonic() - begun < seconds:
        killed.append(time.monotonic())
        if not killed_server and killed[-1] - begun > seconds / 2 - _EVERY:
            killed_server = True
            server.kill()
        else:
            number = chance.randrange(len(workers))
            workers[number].kill()
            workers[number].wait()
            workers[number] = start(config, url, name=f"w{number}", skew=SKEWS[number])
        time.sleep(_EVERY)
    return killed


# ---- what is untold --------------------------------------------------------------------------------------------------


_UNTOLD = """
SELECT CASE WHEN o.id IS NULL AND e.examine_at IS NOT NULL THEN 'not examined'
            WHEN o.id IS NULL THEN 'examined, and no alert'
            ELSE o.state || ', ' || o.reason END
FROM entries e LEFT JOIN outbox o ON o.entry_id = e.id WHERE e.key LIKE '%' || :token || '%'
"""


def _stand(url: str, tokens: Iterable[str]) -> dict[str, int]:
    """What the rows say of entries whose alert never came."""
    found: dict[str, int] = defaultdict(int)
    engine = create_engine(url)
    with engine.connect() as connection:
        for token in tokens:
            found[connection.execute(text(_UNTOLD), {"token": token}).scalar() or "not read"] += 1
    engine.dispose()
    return dict(found)


def _longest_wait(url: str) -> float:
    """Seconds until all is due that waits. What was in hand when two workers died in a row waits ten minutes."""
    engine = create_engine(url)
    with engine.connect() as connection:
        waits = "SELECT extract(epoch FROM max(due_at) - clock_timestamp()) FROM outbox WHERE state = 'waiting'"
        seconds = connection.execute(text(waits)).scalar()
    engine.dispose()
    return 0.0 if seconds is None else max(0.0, float(seconds)) + 30


# ---- what was seen ---------------------------------------------------------------------------------------------------


def _seen(
    farm: Farm, *, killed: int, began: float, calm_until: float, ended: float, untold: dict[str, int], errors: int
) -> Kills:
    by_feed = defaultdict[str, list[float]](list)
    for asked in farm.asked:
        by_feed[asked.feed].append(asked.begun)
    delays = {token: at - farm.served_at[token] for token, at in farm.told_at.items()}
    calm = [
        delay for token, delay in delays.items() if began <= farm.served_at[token] <= calm_until - 10
    ]  # time enough to be told
    return Kills(
        killed=killed,
        questions=len(farm.asked),
        owners=sum(_overlaps(one) for one in _parted(farm.asked, lambda asked: str(shard_of(f"http://{asked.host}/")))),
        sooner=sum(_too_soon(one) for one in _parted(farm.asked, lambda asked: asked.host)),
        silence=max(
            later - before for times in by_feed.values() for before, later in pairwise([*sorted(times), ended])
        ),
        feeds=len(by_feed),
        feeds_lost=sum(times[-1] < ended - RESUMED for times in by_feed.values()),
        alerts=len(farm.served_at),
        untold=untold,
        copies=max(farm.told.values()),
        repeated=sum(count > 1 for count in farm.told.values()),
        calm=(median(calm), max(calm)) if calm else (float("nan"), float("nan")),
        slowest=max(delays.values()),
        errors=errors,
    )


def _parted(all_asked: Sequence[Asked], by: Callable[[Asked], str]) -> Iterator[list[Asked]]:
    """The questions to each, in their order."""
    parts = defaultdict[str, list[Asked]](list)
    for asked in sorted(all_asked, key=lambda one: one.begun):
        parts[by(asked)].append(asked)
    yield from parts.values()


def _overlaps(asked: Sequence[Asked]) -> int:
    """Two workers ask at the same time what only one of them owns."""
    return sum(before.by != later.by and later.begun < before.ended for before, later in pairwise(asked))


def _too_soon(asked: Sequence[Asked]) -> int:
    return sum(later.begun - before.ended < GAP - 0.005 for before, later in pairwise(asked))
