"""On what a report rests that is no outlet's: a court ruling, a lawmakers' letter, a records request.

What lives here: the kinds of paper of `document_sources.tsv`, and finding them near the top of a text. What must not:
groups that found documents, which are named like outlets and credited like them (kind "ngo" in `outlets.tsv`).

The list has one kind a line, its columns separated by a tab: name, and how texts write it. Those are separated by "; ";
case does not matter, and "*" stands for up to six words.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from monitor.errors import ConfigError, Fault
from monitor.story.naming import Passage

_COLUMNS = ("name", "written")
_GAP = r"(?:[^\s.;:!?¶]+\.?\s+){0,6}?"  # words of one sentence; a full stop may end "Sen."


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A kind of paper."""

    name: str
    written: re.Pattern[str]
    hints: frozenset[str]  # small letters; each way to write it holds one, which is much sooner said than searched for


def papers_named(passages: Iterable[Passage], papers: Iterable[Paper]) -> tuple[str, ...]:
    """The kinds of paper that the first sentences of the fields name, in the order of the list."""
    tops = " ¶ ".join(one.text[: one.sentences[:2][-1][1]] for one in passages)
    lowered = tops.lower()
    return tuple(
        paper.name for paper in papers if any(hint in lowered for hint in paper.hints) and paper.written.search(tops)
    )


def read_papers(source: str, *, file: str = "document_sources.tsv") -> tuple[Paper, ...]:
    """Read the text of a list. Raises ConfigError with every faulty line."""
    heading, *rows = list(csv.reader(source.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)) or [[]]
    faults = [] if tuple(heading) == _COLUMNS else [_fault(file, 1, f"the columns must be: {', '.join(_COLUMNS)}")]
    faults += [
        _fault(file, number, "a line must have a name, a tab, and how texts write it")
        for number, row in enumerate(rows, start=2)
        if row and not (len(row) == len(_COLUMNS) and all(cell.strip() for cell in row))
    ]
    if faults:
        raise ConfigError(tuple(faults))
    return tuple(_paper(row[0].strip(), [form.split() for form in row[1].split(";")]) for row in rows if row)


def _fault(file: str, line: int, message: str) -> Fault:
    return Fault(file=file, line=line, path="", message=message)


def _paper(name: str, forms: list[list[str]]) -> Paper:
    """`forms` are the ways to write it, each as its words."""
    written = [words for words in forms if words]
    return Paper(
        name=name,
        written=re.compile("|".join(rf"(?<!\w){_form(words)}(?!\w)" for words in written), re.IGNORECASE),
        hints=frozenset(max(words, key=len).lower().partition("'")[0] for words in written),
    )


def _form(words: list[str]) -> str:
    """ "letter * senator" → a pattern; an apostrophe may be printed either way."""
    pieces = (_GAP if word == "*" else re.escape(word).replace("'", "['’]") + r"\s+" for word in words)
    return "".join(pieces).removesuffix(r"\s+")


@cache
def shipped() -> tuple[Paper, ...]:
    """The list that comes with Tipsheet."""
    return read_papers(resources.files("monitor.story").joinpath("document_sources.tsv").read_text(encoding="utf-8"))
