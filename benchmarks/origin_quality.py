"""How well credits are read: precision, recall, F1 on (outlet, role), on who broke it, on who found the documents.

    python -m benchmarks.origin_quality [--errors] [--half NAME]

The labelled texts stand in benchmarks/credits, in our own words. Those of `held_out` were written before the
phrases that they test; what they showed was mended in general, after it was measured. On texts that nobody here wrote,
expect less. An invented outlet is one that is credited where the labels give it no role.
Where TIPSHEET_DATA is set, its stories are read as well: nobody has labelled their credits, so what is found is listed
by `--errors` for a person to judge.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from monitor.model import Attribution, Document, Role
from monitor.story.attribution import attribute
from monitor.story.outlets import shipped

CREDITS = Path(__file__).with_name("credits")
HALVES = ("tuned", "held_out")
Fact = tuple[str, str]  # (outlet, role); (outlet, "broke it"); (finder, "found it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled text and what was read from it."""

    document: Document
    labelled: frozenset[Fact]
    read: frozenset[Fact]


def cases(half: str) -> Iterator[Case]:
    """The labelled texts of one half, each read."""
    lines = (CREDITS / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        document = Document(
            id=f"{half}:{number}",
            title=row.get("title", ""),
            text=row.get("text", ""),
            outlet=row.get("outlet", "gazette.example"),
            language=row["language"],
        )
        yield Case(document=document, labelled=_labels(row), read=_facts(attribute(document, shipped())))


def _labels(row: Mapping[str, Any]) -> frozenset[Fact]:
    """Who broke it is said by the roles, unless the row says it itself."""
    roles: dict[str, Role] = row["credits"]
    ranked = ([outlet for outlet, role in roles.items() if role == rank] for rank in ("origin", "self", "wire"))
    origin = row["origin"] if "origin" in row else next((outlets for outlets in ranked if outlets), [])
    documents = row.get("documents", [])
    return frozenset(
        {*roles.items(), *((one, "broke it") for one in origin), *((one, "found it") for one in documents)}
    )


def _facts(found: Attribution) -> frozenset[Fact]:
    return frozenset(
        {
            *((credit.domain, credit.role) for credit in found.credits),
            *((domain, "broke it") for domain in found.origin),
            *((source, "found it") for source in found.document_source),
        }
    )


def figures(counted: Iterable[Case], wanted: Callable[[str], bool]) -> Figures:
    """Counts of the facts whose role is wanted."""
    hits = false = missed = 0
    for case in counted:
        labelled, read = ({fact for fact in facts if wanted(fact[1])} for facts in (case.labelled, case.read))
        hits, false, missed = hits + len(labelled & read), false + len(read - labelled), missed + len(labelled - read)
    return Figures(hits=hits, false=false, missed=missed)


def invented(counted: Iterable[Case]) -> list[tuple[Case, str]]:
    """Outlets that were credited where the labels give them no role."""
    return [(case, outlet) for case in counted for outlet in sorted(_outlets(case.read) - _outlets(case.labelled))]


def _outlets(facts: Iterable[Fact]) -> set[str]:
    return {outlet for outlet, role in facts if role != "found it"}


def main() -> None:
    """Print the tables; with --errors, every text that was read wrongly."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--errors", action="store_true", help="list every text that was read wrongly")
    options.add_argument("--half", choices=HALVES, action="append", help="only this half")
    arguments = options.parse_args()
    for half in arguments.half or HALVES:
        _print_half(half, list(cases(half)), errors=arguments.errors)
    _print_unlabelled(os.environ.get("TIPSHEET_DATA", ""), listed=arguments.errors)


def _is_role(name: str) -> bool:
    return name not in ("broke it", "found it")


def _print_half(half: str, read: list[Case], *, errors: bool) -> None:
    print(f"\n{half}: {len(read)} texts")
    _print_row("(outlet, role)", figures(read, _is_role))
    _print_row("who broke it", figures(read, "broke it".__eq__))
    _print_row("who found the documents", figures(read, "found it".__eq__))
    for language in sorted({case.document.language for case in read}):
        _print_row(f"  {language}", figures([case for case in read if case.document.language == language], _is_role))
    for role in ("origin", "relay", "quoted", "wire", "self"):
        _print_row(f"  {role}", figures(read, role.__eq__))
    print(f"  invented outlets: {len(invented(read))}")
    for case in read if errors else ():
        _print_error(case)


def _print_row(name: str, counted: Figures) -> None:
    scores = f"P {counted.precision:.3f}  R {counted.recall:.3f}  F1 {counted.f1:.3f}"
    print(f"  {name:26}{scores}  ({counted.hits} right, {counted.false} false, {counted.missed} missed)")


def _print_error(case: Case) -> None:
    if case.labelled == case.read:
        return
    print(f"  {case.document.id}  {case.document.title}  {case.document.text}")
    for sign, facts in (("missed", case.labelled - case.read), ("false", case.read - case.labelled)):
        for outlet, role in sorted(facts):
            print(f"      {sign}: {outlet or '(an outlet that is not on the list)'} {role}")


def _print_unlabelled(where: str, *, listed: bool) -> None:
    """What is read in stories that nobody labelled for it: how often each role is given, and to whom."""
    if not where or not Path(where, "data/stories-dev.jsonl").exists():
        print("\nunlabelled stories skipped: no data (set TIPSHEET_DATA)")
        return
    rows = map(json.loads, Path(where, "data/stories-dev.jsonl").read_text(encoding="utf-8").splitlines())
    documents = [Document(id=row["id"], title=row["title"], summary=row["summary"] or "") for row in rows]
    read = [(document, attribute(document, shipped())) for document in documents]
    roles = Counter(credit.role for _, found in read for credit in found.credits)
    print(f"\nunlabelled: {len(read)} stories; " + ", ".join(f"{count} {role}" for role, count in roles.most_common()))
    for document, found in read if listed else ():
        for credit in found.credits:
            field = document.title if credit.field == "title" else document.summary
            around = field[max(0, credit.start - 60) : credit.end + 60].replace("\n", " ")
            print(f"  {credit.role:8}{credit.outlet:28}…{around}…")


if __name__ == "__main__":
    main()
