"""How well headlines are grouped into stories: `./dev bench grouping-quality [--errors [MOST]]`.

Headlines with gold story ids, in time order, from TIPSHEET_DATA: each half alone, as a choice made on one is to be
judged by the other, and both in one stream. BCubed precision, recall and F1 on arrival and after the last merge;
microseconds for a document, with its share of the merges. Then, of each day's stories with twenty headlines or more: in
how many more than one in twenty is a stranger to what most of its headlines tell. `--errors` lists what was told as one
story and is several, and what was told as several and is one, the costliest first, 8 of each or MOST of them (0: every
one, headline by headline); read them, for several "true" stories are at times one event.
"""

from __future__ import annotations

import argparse
import csv
import lzma
import os
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.model import Document
from monitor.story.grouping import Grouper

MERGE_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    document: Document
    seen: datetime
    story: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}  recall {self.recall:.3f}  F1 {self.f1:.3f}"


def gold(path: Path) -> list[Headline]:
    with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [_headline(row) for row in csv.DictReader(lines)]


def _headline(row: dict[str, str]) -> Headline:
    document = Document(id=row["ID"], title=row["TITLE"], url=row["URL"], outlet=row["HOSTNAME"])
    seen = datetime.fromtimestamp(int(row["TIMESTAMP"]) / 1000, UTC)
    return Headline(document=document, seen=seen, story=row["STORY"])


def bcubed(told: Sequence[str], true: Sequence[str]) -> Quality:
    """Of a document's story-mates, how many are true (precision); of its true mates, how many are told (recall)."""
    sizes, true_sizes, both = Counter(told), Counter(true), Counter(zip(told, true, strict=True))
    precision = sum(count * count / sizes[story] for (story, _), count in both.items()) / len(told)
    recall = sum(count * count / true_sizes[story] for (_, story), count in both.items()) / len(told)
    return Quality(precision=precision, recall=recall)


def group(headlines: Sequence[Headline]) -> tuple[list[str], list[str], float]:
    """The story of each headline on arrival, and after the last merge, and seconds for a headline."""
    grouper, arrived, kept = Grouper(), [], dict[str, str]()
    started, merged_at = time.process_time(), headlines[0].seen
    for headline in headlines:
        if headline.seen - merged_at > MERGE_EVERY:
            merged_at = headline.seen
            kept.update({merge.gone: merge.kept for merge in grouper.merge()})
        arrived.append(grouper.place(headline.document, seen=headline.seen).story)
    kept.update({merge.gone: merge.kept for merge in grouper.merge()})
    seconds = (time.process_time() - started) / len(headlines)
    return arrived, [_root(story, kept) for story in arrived], seconds


def _root(story: str, kept: dict[str, str]) -> str:
    while story in kept:
        story = kept[story]
    return story


# ---- what went wrong -------------------------------------------------------------------------------------------------

STRANGERS = 0.05
_SMALLEST = 20  # headlines; in a smaller story even one stranger is more than that share


def crowded(headlines: Sequence[Headline], told: Sequence[str]) -> tuple[int, int]:
    """Stories of a day in which more than STRANGERS tell something else than most, and all that are large enough."""
    days: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for headline, story in zip(headlines, told, strict=True):
        days[f"{headline.seen:%F}", story][headline.story] += 1
    large = [counted for counted in days.values() if counted.total() >= _SMALLEST]
    return sum(max(counted.values()) < (1 - STRANGERS) * counted.total() for counted in large), len(large)


def show_errors(headlines: Sequence[Headline], told: Sequence[str], most: int) -> None:
    """The costliest errors; of each of its parts the first headline, or all of them where `most` is 0: then nothing is
    left out."""
    true = [headline.story for headline in headlines]
    for what, outer, inner in (("one story, truly several", told, true), ("several stories, truly one", true, told)):
        parts: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for headline, whole, part in zip(headlines, outer, inner, strict=True):
            parts[whole][part].append(headline.document.title)
        wrong = sorted((held for held in parts.values() if len(held) > 1), key=_cost, reverse=True)
        print(f"  told as {what}: {len(wrong)} times")
        for held in wrong[: most or None]:
            ranked = sorted(held.values(), key=len, reverse=True)
            print(f"    {', '.join(str(len(titles)) for titles in ranked)}")
            for titles in ranked[: 4 if most else None]:
                print(f"      {len(titles):>4} × {titles[0][:100]}")
                for title in () if most else titles[1:]:
                    print(f"             {title[:100]}")


def _cost(parts: dict[str, list[str]]) -> float:
    """How many headlines' worth of precision, or of recall, it costs that these are not one."""
    sizes = [len(titles) for titles in parts.values()]
    return sum(sizes) - sum(size * size for size in sizes) / sum(sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--errors", nargs="?", type=int, const=8, metavar="MOST",
        help="list what was grouped wrongly, of both halves in one stream; 0: all of it",
    )  # fmt: skip
    asked = parser.parse_args()
    path = Path(os.environ.get("TIPSHEET_DATA", ""), "data", "stories-gold.csv.xz")
    if not path.is_file():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    headlines = gold(path)
    half = len(headlines) // 2
    parts = {"first half": headlines[:half], "second half": headlines[half:], "both in one stream": headlines}
    for name, part in parts.items():
        arrived, final, seconds = group(part)
        true = [headline.story for headline in part]
        print(f"{name}: {len(part)} headlines, {len(set(final))} stories, {seconds * 1e6:.0f} µs each")
        print(f"  on arrival   {bcubed(arrived, true)}")
        print(f"  after merge  {bcubed(final, true)}")
        mixed, large = crowded(part, final)
        print(f"  stories of a day with more than {STRANGERS:.0%} strangers: {mixed} of {large}")
        if asked.errors is not None and name == "both in one stream":
            show_errors(part, final, asked.errors)


if __name__ == "__main__":
    main()
