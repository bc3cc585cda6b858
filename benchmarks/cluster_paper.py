"""What a million feeds would ask of ten machines and of a hundred: reckoned from what the other parts measured.

Nothing here is measured, and what was not measured in the same run is not reckoned with. Machines are taken to be as
this one, and the server of the database to have one of its own, with as many cores as it needs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from benchmarks.cluster_plans import Planned
from benchmarks.cluster_speed import Speed
from monitor.settings.yaml_file import MAX_BYTES
from storage.shards import SHARDS

FEEDS, EVERY = 1_000_000, 900  # and seconds between two questions to each
_BYTES = 150  # of a feeds.yaml for each feed
_NEWS = 5  # entries a day that a feed brings
_CRAWLS = 8  # shards that a worker asks at once, if it is not told otherwise


def reckon(planned: Planned | None, asked: Speed | None, examined: Speed | None) -> Iterator[str]:
    """Lines to print."""
    wanted = FEEDS / EVERY
    yield f"paper: {FEEDS:,} feeds each {EVERY // 60} minutes, {wanted:,.0f} questions a second; reckoned, not measured"
    if asked:
        yield from _machines(asked, wanted)
    yield "what of each limit they would use, and so which comes first:"
    for share, what in sorted(_limits(planned, asked, examined, wanted), reverse=True):
        yield f"{share:>10.1%} of {what}"


def _machines(asked: Speed, wanted: float) -> Iterator[str]:
    """A worker on each core; of those that find no shard to ask, nothing comes."""
    cores = os.cpu_count() or 1
    yield f"{'machines':>10} {'asked/s':>10} {'workers':>10} {'with shards':>12} {'server cores':>13}"
    for machines in (10, 100):
        workers = machines * cores
        busy = min(workers, SHARDS / _CRAWLS)
        rate = busy * 1000 / asked.ours
        yield f"{machines:>10} {rate:>10,.0f} {workers:>10} {busy:>12.0f} {rate * asked.servers / 1000:>13.1f}"
    needed = wanted * asked.ours / 1000
    yield f"{'needed':>10} {wanted:>10,.0f} {needed:>10.1f} {'':>12} {wanted * asked.servers / 1000:>13.1f}"


def _limits(
    planned: Planned | None, asked: Speed | None, examined: Speed | None, wanted: float
) -> Iterator[tuple[float, str]]:
    in_file = MAX_BYTES / _BYTES
    yield FEEDS / in_file, f"what a feeds.yaml may hold: {MAX_BYTES / 1e6:.0f} MB, some {in_file:,.0f} feeds"
    if asked:
        yield wanted * asked.servers / 8000, f"8 cores of the database's server, at {asked.servers:.2f} ms a question"
        on_ten = 10 * (os.cpu_count() or 1)
        yield wanted * asked.ours / 1000 / on_ten, f"the cores of ten machines, at {asked.ours:.2f} ms a question"
    if planned:
        yield wanted / planned.both, f"what one connection claims and plans, of {planned.size:,} feeds"
    if examined:
        news = FEEDS * _NEWS / 86_400
        yield (
            news / examined.rate,
            f"the one examiner's {examined.rate:,.0f} entries a second, at {_NEWS} a day a feed",
        )
