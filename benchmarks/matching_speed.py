"""How fast many watches meet many articles, on one core, and how that grows: `./dev bench matching-speed`.

Four ways find the same pairs of article and watch: the program's, one Aho–Corasick pass with evaluation of what it
finds, SQLite's full-text index, and a loop of compiled regular expressions. Articles of 443 words and watches of mixed
shapes are made up (`matching_texts`). Each point is measured in a process of its own, in CPU time. A way stops where
its next point would take over a minute. `--picture` draws docs/pictures/matching-speed.svg; `--most 10000` stops early.
With TIPSHEET_DATA set, our way is also measured on the entries of real feeds, with watches made of their words.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from benchmarks.matching_plot import Curve, log_log
from benchmarks.matching_texts import TEXT, TITLE, made_up, queries, real
from benchmarks.matching_ways import WAYS
from monitor.watches.page import Page

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "matching-speed.svg"
ARTICLES = 500
COMPARED = 10  # the first articles, whose pairs every way must find
SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
PATIENCE = 60.0  # CPU seconds for a point
BUDGET = 4.0  # CPU seconds of meeting, after which a rate is known well enough
FEW = 100  # candidates an article, below which a cost for each would only show what an article costs anyway
HEAD = "way            watches articles/s built in s     MB  matches candidates µs each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One way at one number of watches."""

    rate: float  # articles a CPU second
    reading: float  # CPU seconds to read an article, which every way of ours begins with
    building: float  # CPU seconds
    megabytes: float  # that the built watches take, their texts included
    least: float  # CPU seconds without which there is no point: building, comparing, measuring
    matches: float  # an article, among those compared
    candidates: float  # an article: watches whose rarest required word it holds
    fingerprint: str  # of the pairs found in the compared articles


def main() -> int:
    """Print a row for each way and number of watches, and draw them on request."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--most", type=int, default=SIZES[-1], help="the largest number of watches")
    options.add_argument("--picture", action="store_true", help="draw docs/pictures/matching-speed.svg")
    arguments = options.parse_args()
    sizes = [size for size in SIZES if size <= arguments.most]
    print(f"{ARTICLES} articles of {TITLE + TEXT} words, made up; one core\n{HEAD}")
    climbs = {name: dict(_climb(name, sizes)) for name in WAYS}
    alike = _print_agreement(climbs)
    if arguments.picture:
        curves = [
            Curve(name=name, points=[(size, point.rate) for size, point in climb.items()])
            for name, climb in climbs.items()
        ]
        PICTURE.write_text(log_log(curves, across="watches", up="articles a second"), encoding="utf-8")
    _print_real([size for size in sizes if 1_000 < size < SIZES[-1]])
    return 0 if alike else 1


def _climb(name: str, sizes: Sequence[int]) -> Iterator[tuple[int, Point]]:
    """The points of one way, until the next would take too long."""
    for size in sizes:
        point = _alone(name, size)
        _print_point(name, size, point)
        yield size, point
        if name != "Tipsheet" and size < sizes[-1] and point.least * 10 > PATIENCE:
            print(f"{name:12} {size * 10:9,}  would take over a minute")
            return


def _print_point(name: str, size: int, point: Point) -> None:
    each = 1e6 * (1 / point.rate - point.reading) / point.candidates if point.candidates >= FEW else None
    counted = f"{point.candidates:10,.0f} {each:7.2f}" if each is not None else ""
    row = f"{name:12} {size:9,} {point.rate:10,.0f} {point.building:10.1f} {point.megabytes:6,.0f} {point.matches:8.1f}"
    print(f"{row} {counted}".rstrip(), flush=True)


def _print_agreement(climbs: dict[str, dict[int, Point]]) -> bool:
    """Did all ways find the same at every size that they reached?"""
    found = [{climb[size].fingerprint for climb in climbs.values() if size in climb} for size in climbs["Tipsheet"]]
    alike = all(len(prints) == 1 for prints in found)
    print("all ways found the same matches" if alike else "THE WAYS DISAGREE about what matches", flush=True)
    return alike


def _print_real(sizes: Sequence[int]) -> None:
    if real(1) is None:
        print("real feeds: skipped: no data")
        return
    print(f"entries of real feeds that have 100 words or more, watches of their words\n{HEAD}")
    for size in sizes:
        _print_point("Tipsheet", size, _alone("Tipsheet", size, of_real_feeds=True))


# ---- one point -------------------------------------------------------------------------------------------------------


def _alone(name: str, watches: int, *, of_real_feeds: bool = False) -> Point:
    """A point measured in a process that has never done anything else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, name, watches, of_real_feeds=of_real_feeds).result()


def measure(name: str, watches: int, *, of_real_feeds: bool) -> Point:
    """One way at one number of watches."""
    room = (real(ARTICLES) if of_real_feeds else None) or made_up(ARTICLES)
    begun, held = time.process_time(), _resident()
    way = WAYS[name](queries(room, watches))
    built, holds = time.process_time(), _resident()
    gc.freeze()  # what was built stays: looking through it for garbage is no part of meeting an article
    pairs = sorted(way.meet(room.articles[:COMPARED]))
    once = time.process_time() - built
    articles = room.articles if way.in_batches else room.articles[: max(COMPARED, int(BUDGET * COMPARED / once))]
    met = _fastest(lambda: sum(1 for _ in way.meet(articles)), rounds=5 if once < 0.1 else 1)
    return Point(
        rate=len(articles) / met,
        reading=_fastest(lambda: [Page(article) for article in articles], rounds=5) / len(articles),
        building=built - begun,
        megabytes=(holds - held) / 1e6,
        least=built - begun + once + met,
        matches=len(pairs) / COMPARED,
        candidates=sum(map(way.candidates, room.articles)) / len(room.articles),
        fingerprint=sha256(repr(pairs).encode()).hexdigest(),
    )


def _fastest(work: Callable[[], object], *, rounds: int) -> float:
    """CPU seconds of the fastest of some rounds: the others were disturbed."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def _resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main())
