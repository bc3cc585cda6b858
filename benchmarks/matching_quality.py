"""How well the shipped pack tells: precision, recall, F1 by level and language; false alerts on unselected headlines.

    python -m benchmarks.matching_quality [--errors]

Labelled stories and headlines are found under TIPSHEET_DATA; without it there is nothing to measure. Ambiguous stories
count neither way. `--errors` lists every story that was told wrongly, with its score and why.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figures
from monitor.model import Document, Match, Watch
from monitor.watches.matching import Matcher, compile_watch
from monitor.watches.pack import read_pack
from monitor.watches.packs import shipped

PACK = "tech-and-immigration-enforcement"
_LEVELS = (("alert", frozenset({"alert"})), ("alert+digest", frozenset({"alert", "digest"})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled story and what became of it."""

    id: str
    relevant: bool
    language: str
    document: Document
    match: Match | None


def matcher(name: str = PACK) -> Matcher:
    """The shipped pack as one watch."""
    pack = read_pack(shipped(name), f"{name}.yaml")
    return Matcher([compile_watch(Watch(name=name, pack=name), pack, {})])


def labelled(folder: Path, *, with_summary: bool) -> Iterator[tuple[str, bool, Document]]:
    """The labelled stories: titles that stand alone, or titles with summaries; ambiguous ones left out."""
    for line in (folder / "data/stories-dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["label"] == "ambiguous" or not (with_summary or row["strict_title"]):
            continue
        summary = row["summary"] if with_summary else ""
        document = Document(id=row["id"], title=row["title"], summary=summary, language=row["language"])
        yield row["id"], row["label"] == 1, document


def headlines(folder: Path) -> Iterator[Document]:
    """Headlines that nobody selected for the beat."""
    with lzma.open(folder / "data/stories-gold.csv.xz", "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            yield Document(id=row["ID"], title=row["TITLE"])
    with lzma.open(folder / "data/stories-copies.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            for item in json.loads(line)["items"]:
                yield Document(id=item["id"], title=item["title"], summary=item.get("summary") or "")


def judged(stories: Iterable[tuple[str, bool, Document]], with_pack: Matcher) -> list[Case]:
    """Each story with its match."""
    cases = []
    for id_, relevant, document in stories:
        match = next(iter(with_pack.match(document)), None)
        cases.append(Case(id=id_, relevant=relevant, language=document.language, document=document, match=match))
    return cases


def figures(cases: Iterable[Case], levels: frozenset[str]) -> Figures:
    """Counts at these levels."""
    told = [(case.relevant, case.match is not None and case.match.level in levels) for case in cases]
    return Figures(
        hits=sum(relevant and said for relevant, said in told),
        false=sum(said and not relevant for relevant, said in told),
        missed=sum(relevant and not said for relevant, said in told),
    )


def main() -> None:
    """Print the table; with --errors, every story told wrongly."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--errors", action="store_true", help="list every story that was told wrongly")
    arguments = options.parse_args()
    where = os.environ.get("TIPSHEET_DATA", "")
    if not where or not Path(where, "data/stories-dev.jsonl").exists():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    with_pack = matcher()
    for heading, with_summary in (("titles alone", False), ("titles with summaries", True)):
        cases = judged(labelled(Path(where), with_summary=with_summary), with_pack)
        _print_table(heading, cases)
        if arguments.errors:
            _print_errors(cases)
    _print_false_alerts(Path(where), with_pack, listed=arguments.errors)


def _print_table(heading: str, cases: list[Case]) -> None:
    print(f"\n{heading}: {len(cases)} stories, {sum(case.relevant for case in cases)} relevant")
    selections: list[tuple[str, Callable[[Case], bool]]] = [
        ("all", lambda case: True),
        ("en", lambda case: case.language == "en"),
        ("es", lambda case: case.language == "es"),
    ]
    for level, levels in _LEVELS:
        for language, chosen in selections:
            counted = figures(filter(chosen, cases), levels)
            scores = f"P {counted.precision:.3f}  R {counted.recall:.3f}  F1 {counted.f1:.3f}"
            counts = f"{counted.hits} told, {counted.false} false, {counted.missed} missed"
            print(f"  {level:13}{language:5}{scores}  ({counts})")


def _print_errors(cases: list[Case]) -> None:
    for case in cases:
        said = case.match.level if case.match else "nothing"
        if case.relevant == (said != "nothing") and not (case.relevant and said == "digest"):
            continue
        score = f"{case.match.score:.2f}" if case.match else "    "
        why = case.match.why if case.match else ""
        truth = "relevant" if case.relevant else "not"
        print(f"    {truth:9}{said:8}{score} {case.id} {case.document.title} | {case.document.summary[:160]}  [{why}]")


def _print_false_alerts(folder: Path, with_pack: Matcher, *, listed: bool) -> None:
    told: dict[str, list[tuple[Document, Match]]] = {"alert": [], "digest": []}
    total = 0
    for document in headlines(folder):
        total += 1
        for match in with_pack.match(document):
            told[match.level].append((document, match))
    print(f"\nunselected headlines: {total}; alerts {len(told['alert'])}, digest {len(told['digest'])}")
    for level, pairs in told.items() if listed else ():
        for document, match in pairs:
            print(f"    {level:8}{match.score:.2f} {document.title} | {document.summary[:160]}  [{match.why}]")


if __name__ == "__main__":
    main()
