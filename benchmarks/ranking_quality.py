"""How much earlier the relevant stories of a day stand when verdicts have taught the order.

    python -m benchmarks.ranking_quality [--reasons]

Labelled stories are found under TIPSHEET_DATA; without it there is nothing to measure. Their labels are the verdicts on
what two watches find that are far too wide, as one begins with: one knows half of the beat's words, one the other. The
first part in time is judged, as far as a reader has judged it (a random share; five readers for each figure, drawn with
fixed seeds); the rest is cut into days of 40 stories. Three orders of each day are compared: the latest first, as a
desk without verdicts has them (every match of such a watch has the same score); as the verdicts teach; and by the score
of the shipped pack, which knows the whole beat and was made with these stories: what an order can come to.

Orders see headlines alone: in these data relevant stories have a summary more often, which would give them away.

Average precision (AP) is 1 where all relevant stories stand before all others; a mean rank (r) of 0.5 is chance.
`--reasons` shows one day with the reasons of each place.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from benchmarks.matching_quality import matcher
from monitor.model import Document, Match, StoryLine, Verdict, VerdictKind, Watch
from monitor.review.ranking import Ranking, learn
from monitor.watches.matching import Matcher, compile_watch

DAY = 40  # stories
SEEDS = range(5)
VERDICTS = (10, 25, 50, 100)
WATCHES = {
    "enforcement": "ICE OR immigra* OR inmigra* OR deport* OR migrant* OR border OR fronter* OR CBP OR DHS",
    "technology": "Palantir OR Amazon OR Microsoft OR Google OR Clearview OR surveillance OR data OR tech* OR app",
}
PARTS = (0.5, 0.6, 0.7)  # of the stories, that lie before the days that are judged

Order = Callable[[Sequence[StoryLine]], list[StoryLine]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Of one order over several days."""

    precision: float  # average precision, the mean of the days
    rank: float  # of the relevant: 0 the first place, 1 the last; the mean of the days


def labelled(folder: Path, watch: str) -> list[StoryLine]:
    """The labelled stories that a watch finds, as lines of a desk, in order of time.

    Ambiguous ones and those without a day are left out.
    """
    finder, lines = Matcher([compile_watch(Watch(name=watch, query=WATCHES[watch]), None, {})]), []
    for line in (folder / "data/stories-dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["label"] != "ambiguous" and len(row["date"]) == len("2026-02-18"):
            whole = Document(id=row["id"], title=row["title"], summary=row["summary"], language=row["language"])
            shown = replace(whole, summary="", outlet=row["outlet"])
            lines += [_line(shown, match, row["label"] == 1, row["date"]) for match in finder.match(whole)]
    return sorted(lines, key=lambda line: (line.began_at, line.story))


def _line(document: Document, match: Match, relevant: bool, day: str) -> StoryLine:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    kind: VerdictKind = "kept" if relevant else "refused"
    verdict = Verdict(version=1, watch=match.watch, kind=kind, reason="", by="label", at=at)
    return StoryLine(
        story=int(document.id[1:]), watch=match.watch, document=document, match=match, first_seen=at, backlog=False,
        entries=1, outlets=(document.outlet,), began_at=at, last_at=at, origin=(), decisions=(), verdict=verdict,
        notes=0, assignment=None, seen_at=None,
    )  # fmt: skip


def relevant(line: StoryLine) -> bool:
    return line.verdict is not None and line.verdict.kind == "kept"


def scores(days: Sequence[Sequence[StoryLine]], order: Order) -> Scores:
    """Days with nothing relevant, or nothing else, say nothing and are left out."""
    telling = [order(day) for day in days if 0 < sum(map(relevant, day)) < len(day)]
    return Scores(precision=fmean(map(_average_precision, telling)), rank=fmean(map(_mean_rank, telling)))


def _average_precision(ordered: Sequence[StoryLine]) -> float:
    places = [place for place, line in enumerate(ordered, start=1) if relevant(line)]
    return fmean(found / place for found, place in enumerate(places, start=1))


def _mean_rank(ordered: Sequence[StoryLine]) -> float:
    return fmean(place / (len(ordered) - 1) for place, line in enumerate(ordered) if relevant(line))


def latest_first(day: Sequence[StoryLine]) -> list[StoryLine]:
    return list(day)[::-1]


def by_pack(day: Sequence[StoryLine]) -> list[StoryLine]:
    pack = matcher()
    return sorted(
        latest_first(day), key=lambda line: -max((found.score for found in pack.match(line.document)), default=0)
    )


def taught(ranking: Ranking) -> Order:
    def order(day: Sequence[StoryLine]) -> list[StoryLine]:
        unjudged = [replace(line, verdict=None) for line in latest_first(day)]
        known = {line.story: line for line in day}
        return [known[ranked.line.story] for ranked in ranking.order(unjudged)]

    return order


def main() -> None:
    """Print the tables; with --reasons, one day as the desk would show it."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--reasons", action="store_true", help="show one day with the reasons of each place")
    arguments = options.parse_args()
    where = os.environ.get("TIPSHEET_DATA", "")
    if not where or not Path(where, "data/stories-dev.jsonl").exists():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    for watch in WATCHES:
        lines = labelled(Path(where), watch)
        _print_table(watch, lines)
        if arguments.reasons:
            _print_day(lines)


def _print_table(heading: str, lines: Sequence[StoryLine]) -> None:
    print(f"\n{heading}: {len(lines)} stories, {sum(map(relevant, lines))} of them relevant")
    print("  judged before  latest first    as taught       pack's score    taught / latest        taught / pack")
    for verdicts in VERDICTS:
        if verdicts <= len(lines) * PARTS[0]:
            _print_row(verdicts, list(_measured(lines, verdicts)))


def _measured(lines: Sequence[StoryLine], verdicts: int) -> Iterator[tuple[Scores, Scores, Scores]]:
    for part in PARTS:
        split = int(len(lines) * part)
        past, days = lines[:split], list(_days(lines[split:]))
        latest, pack = scores(days, latest_first), scores(days, by_pack)
        for seed in SEEDS:
            judged = random.Random(seed).sample(list(past), verdicts)
            yield latest, scores(days, taught(learn(judged))), pack


def _days(lines: Sequence[StoryLine]) -> Iterator[Sequence[StoryLine]]:
    """Stretches of DAY stories, what is left over with the last."""
    count = max(1, len(lines) // DAY)
    for number in range(count):
        yield lines[number * DAY : (number + 1) * DAY if number < count - 1 else None]


def _print_row(verdicts: int, measured: Sequence[tuple[Scores, Scores, Scores]]) -> None:
    latest, learned, pack = (
        Scores(precision=fmean(one.precision for one in column), rank=fmean(one.rank for one in column))
        for column in zip(*measured, strict=True)
    )
    shown = "  ".join(f"AP {one.precision:.3f} r {one.rank:.2f}" for one in (latest, learned, pack))
    worst = min(one[1].precision / one[0].precision for one in measured)
    gain, left = learned.precision / latest.precision, learned.precision / pack.precision
    print(f"  {verdicts:4} verdicts  {shown}  AP × {gain:.2f} (worst {worst:.2f})  AP × {left:.2f}")


def _print_day(lines: Sequence[StoryLine]) -> None:
    split = int(len(lines) * PARTS[0])
    ranking = learn(random.Random(0).sample(list(lines[:split]), VERDICTS[-2]))
    print(f"\none day, by {ranking.kept} kept and {ranking.refused} refused:")
    for ranked in ranking.order(latest_first(lines[split : split + DAY])):
        mark = "+" if relevant(ranked.line) else " "
        said = "; ".join(map(str, ranked.reasons))
        print(f"  {mark} {ranked.score:+.2f} {ranked.moved:+3} {ranked.line.document.title[:70]:70} {said}")


if __name__ == "__main__":
    main()
