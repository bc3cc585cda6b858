"""How surely a copy is told from what only looks like one: `./dev bench copies-quality [--errors]`.

Pairs of made-up articles of every kind (`copies_texts`) pass through one window together. A pair counts as found where
the second is said to be a copy or an update *of the first*; said of anything else, it counts against precision. Then,
with TIPSHEET_DATA, a spot-check on groups of real entries that share a description or a headline: how many of them are
told as copies, which needs no truth beyond that, and how many groups are told as one story.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.copies_texts import Desk, Pair, kinds
from monitor.model import Document, Placement
from monitor.story.grouping import Grouper

NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)
EACH = 60  # pairs of every kind
_TOLD = ("copy", "update")


@dataclass(frozen=True, slots=True)
class Verdict:
    pair: Pair
    placement: Placement

    @property
    def told(self) -> bool:
        return self.placement.relation in _TOLD

    @property
    def right(self) -> bool:
        return self.told and self.placement.of == self.pair.first.id if self.pair.is_copy else not self.told


def judge(pairs: Sequence[Pair]) -> list[Verdict]:
    """All first articles arrive before all second ones: each is looked for among all others."""
    grouper = Grouper()
    for pair in pairs:
        grouper.place(pair.first, seen=NOON)
    later = NOON + timedelta(hours=1)
    return [Verdict(pair, grouper.place(pair.second, seen=later)) for pair in pairs]


def quality(verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """Precision over all that was told as a copy, recall over all that is one."""
    told = [verdict for verdict in verdicts if verdict.told]
    copies = [verdict for verdict in verdicts if verdict.pair.is_copy]
    right = sum(verdict.right for verdict in copies)
    return right / len(told), right / len(copies)


def show(verdicts: Sequence[Verdict], *, errors: bool) -> None:
    for kind in kinds([verdict.pair for verdict in verdicts]):
        of_kind = [verdict for verdict in verdicts if verdict.pair.kind == kind]
        right = sum(verdict.right for verdict in of_kind)
        told = Counter(verdict.placement.relation for verdict in of_kind)
        said = ", ".join(f"{count} {relation}" for relation, count in told.most_common())
        truth = "a copy" if of_kind[0].pair.is_copy else "no copy"
        print(f"  {truth:<8} {kind:<36} {right:>4} of {len(of_kind)}   told: {said}")
    precision, recall = quality(verdicts)
    print(f"copies: precision {precision:.3f}, recall {recall:.3f} over {len(verdicts)} pairs")
    for verdict in verdicts if errors else ():
        if not verdict.right:
            pair, placement = verdict.pair, verdict.placement
            print(f"\n{pair.kind}: told {placement.relation} of {placement.of} ({placement.why})")
            print(f"  {pair.first.id}: {pair.first.title} | {pair.first.summary[:200]}")
            print(f"  {pair.second.id}: {pair.second.title} | {pair.second.summary[:200]}")


# ---- real entries ----------------------------------------------------------------------------------------------------


def silver(path: Path) -> Iterator[tuple[str, list[Document]]]:
    """Groups of entries with one description or one headline: silver, for a template makes such groups too."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            group = json.loads(line)
            yield group["kind"], [_document(item) for item in group["items"]]


def _document(item: dict[str, str]) -> Document:
    return Document(
        id=item["id"], title=item["title"], summary=item.get("summary") or "", outlet=item["outlet"], url=item["url"]
    )


def spot_check(path: Path, *, errors: bool) -> None:
    """Each group in a window of its own: how many later entries are told as copies of an earlier one."""
    copies: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for kind, documents in silver(path):
        grouper = Grouper()
        placements = [grouper.place(document, seen=NOON) for document in documents]
        for document, placement in list(zip(documents, placements, strict=True))[1:]:
            entries[kind] += 1
            copies[kind] += placement.relation in _TOLD
            if errors and placement.relation not in _TOLD:
                print(f"{kind}: told {placement.relation} ({placement.why})")
                for one in (documents[0], document):
                    print(f"  {one.title} | {one.summary[:160]}")
    for kind, count in entries.items():
        print(f"real entries, {kind.replace('_', ' ')}: {copies[kind] / count:.3f} of {count} told as copies")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", action="store_true", help="print what was judged wrongly")
    asked = parser.parse_args()
    show(judge(list(Desk(7).pairs(EACH))), errors=asked.errors)
    path = Path(os.environ.get("TIPSHEET_DATA", ""), "data", "stories-copies.jsonl.xz")
    if path.is_file():
        spot_check(path, errors=asked.errors)
    else:
        print("real entries: skipped: no data (set TIPSHEET_DATA)")


if __name__ == "__main__":
    main()
