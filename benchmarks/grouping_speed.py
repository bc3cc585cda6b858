"""What grouping costs as the window fills: `./dev bench grouping-speed [--growth]`.

For each size of the window: so many articles of a made-up stream are laid into it, each in the story that it truly
tells, as a start lays them from imprints at hand; seconds of CPU for that, and the bytes that an article then holds.
Then a tenth as many arrive, 5,000 at most, while as many leave it: milliseconds of CPU for one of those, its share of
the merges every ten minutes included; what of that is the reading of its words, which no window makes longer; the
share of copies found. Beside it the same articles pass through rensa's MinHash index (128 permutations, 32 bands) as a
search for candidates that share words, which is the first of the three questions that grouping asks.

`--growth` adds a window of a million, which needs half an hour and four gigabytes. Each size runs in a
process of its own, and its line is printed when it is known.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path

from rensa import RMinHash, RMinHashLSH

from benchmarks.story_stream import REMEMBERED, Arrival, stream
from monitor.story.grouping import Grouper
from monitor.story.imprint import imprint_of, traits_from
from monitor.story.likeness import traits_of
from monitor.words.text import tokens

SIZES = (1_000, 10_000, 100_000)
GROWTH = 1_000_000
MERGE_EVERY = timedelta(minutes=10)
_PERMUTATIONS, _BANDS = 128, 32
_LATE = 5_000  # articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    milliseconds: float  # for an article, with a full window
    reading: float  # of that, the reading of its words
    bytes_each: float
    restore: float  # seconds
    copies: float  # of the true copies, how many were found


def grouping(size: int) -> Cost:
    """Fill the window, then measure; the articles themselves are made before the clock runs."""
    arrivals = _arrivals(size)
    before = _memory()
    grouper, restore = _restored(islice(arrivals, size))
    grouper.merge()
    held = _memory() - before
    gc.freeze()  # as a start does (`pipeline.examine`)
    late, merging = list(arrivals), Merging()
    started = time.process_time()
    read = [traits_of(arrival.document) for arrival in late]
    reading = time.process_time() - started
    relations = []
    for arrival, traits in zip(late, read, strict=True):
        merging(grouper, arrival.seen)
        placement = grouper.place(arrival.document, seen=arrival.seen, credited=arrival.credited, traits=traits)
        relations.append(placement.relation in ("copy", "update"))
    spent = time.process_time() - started
    found = [hit for arrival, hit in zip(late, relations, strict=True) if arrival.truth == "copy"]
    return Cost(
        milliseconds=1000 * spent / len(late), reading=1000 * reading / len(late), bytes_each=held / size,
        restore=restore, copies=sum(found) / len(found),
    )  # fmt: skip


class Merging:
    """The merge pass, as often as a running monitor has it."""

    def __init__(self) -> None:
        self._at: datetime | None = None

    def __call__(self, grouper: Grouper, now: datetime) -> None:
        self._at = self._at or now
        if now - self._at >= MERGE_EVERY:
            self._at = now
            grouper.merge()


def _arrivals(size: int) -> Iterator[Arrival]:
    """A window of articles, then those that arrive late; the first are made at once.

    So what the stream itself remembers is there before memory is counted, and is not counted as the window's.
    """
    source = stream(size + min(max(size // 10, 200), _LATE), a_window=size)
    made = deque(islice(source, REMEMBERED))
    return chain((made.popleft() for _ in range(len(made))), source)


def _restored(arrivals: Iterable[Arrival]) -> tuple[Grouper, float]:
    """Every article in its own story, or its original's, from its imprint: as the rows would say; and the seconds."""
    grouper, story, spent = Grouper(), array("I"), 0.0
    for number, arrival in enumerate(arrivals):
        story.append(story[int(arrival.of)] if arrival.of else number)
        imprint = imprint_of(traits_of(arrival.document)).value
        started = time.process_time()
        grouper.restore(
            arrival.document, story=str(story[number]), seen=arrival.seen, credited=arrival.credited,
            traits=traits_from(imprint), settled=True,
        )  # fmt: skip
        spent += time.process_time() - started
    return grouper, spent


def minhash(size: int) -> Cost:
    """The peer: candidates by five-word runs, as many as share a band."""
    arrivals = _arrivals(size)
    before = _memory()
    index = RMinHashLSH(threshold=0.5, num_perm=_PERMUTATIONS, num_bands=_BANDS)
    for number, arrival in enumerate(islice(arrivals, size)):
        index.insert(number, _signature(arrival))
    held = _memory() - before
    late = list(arrivals)
    started = time.process_time()
    signatures = [_signature(arrival) for arrival in late]
    reading = time.process_time() - started
    hits = []
    for number, (arrival, signature) in enumerate(zip(late, signatures, strict=True), start=size):
        hits.append(int(arrival.of or -1) in index.query(signature))
        index.insert(number, signature)
        index.remove(number - size)
    spent = time.process_time() - started
    found = [hit for arrival, hit in zip(late, hits, strict=True) if arrival.truth == "copy"]
    return Cost(
        milliseconds=1000 * spent / len(late), reading=1000 * reading / len(late), bytes_each=held / size, restore=0.0,
        copies=sum(found) / len(found),
    )  # fmt: skip


def _signature(arrival: Arrival) -> RMinHash:
    document = arrival.document
    words = [token.folded for token in tokens(f"{document.title} {document.text}")]
    signature = RMinHash(num_perm=_PERMUTATIONS, seed=1)
    signature.update([" ".join(words[start : start + 5]) for start in range(len(words) - 4)])
    return signature


def _memory() -> float:
    """Bytes that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _alone(measure: Callable[[int], Cost], size: int) -> Cost:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (size,))


def show(sizes: Sequence[int]) -> None:
    print("in the window   ms each  reading      MB  bytes each  restore s  copies    rensa ms     MB  copies")
    costs = []
    for size in sizes:
        ours, peer = _alone(grouping, size), _alone(minhash, size)
        costs.append(ours)
        print(
            f"{size:>13,}  {ours.milliseconds:>8.3f} {ours.reading:>8.3f} {ours.bytes_each * size / 1e6:>7.0f} "
            f"{ours.bytes_each:>11,.0f} {ours.restore:>10.1f} {ours.copies:>7.1%}    "
            f"{peer.milliseconds:>8.3f} {peer.bytes_each * size / 1e6:>6.0f} {peer.copies:>7.1%}",
            flush=True,
        )
    print(f"processes that waited for a core in these minutes: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores")
    longer, more = costs[-1].milliseconds / costs[0].milliseconds, sizes[-1] / sizes[0]
    print(f"{more:,.0f} times the articles: {longer:.1f} times the time for each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--growth", action="store_true", help=f"also a window of {GROWTH:,}")
    parser.add_argument("--size", type=int, action="append", help="only this size; may be given again")
    asked = parser.parse_args()
    show(asked.size or (*SIZES, *((GROWTH,) if asked.growth else ())))


if __name__ == "__main__":
    main()
