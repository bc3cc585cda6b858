"""What a watch could leave out, by what was refused: terms for a NOT, and headlines that should not match again.

What lives here: judged stories of one watch → suggestions, each with what it would have stopped and what it would have
cost. What must not: changing a watch. A person takes a suggestion, or leaves it.

A term is suggested where it stands in several refused stories and in no kept one, and where that is no accident: were
verdicts dealt at random, so many stories with it would hardly all be refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.model import StoryLine
from monitor.review.precision import is_kept
from monitor.watches.matching import CompiledWatch, judge
from monitor.watches.page import Page
from monitor.words.language import with_language
from monitor.words.text import folded_words

LEAST = 3  # refused stories that hold a term
LUCK = 0.05  # how likely it may be that it is an accident
SHORTEST = 3  # letters of a word that is worth a NOT
MOST = 10  # suggestions: a person reads them


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTerm:
    """A term, and the stories that would not have been told, had the watch ended in AND NOT that term."""

    term: str  # as a query writes it
    stops: tuple[int, ...]  # refused stories
    loses: tuple[int, ...]  # kept stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A story for the watch's tests, as `must_match` and `must_not_match` write it: title, then what follows."""

    story: int
    text: str
    must_match: bool
    holds: bool  # the watch does so already


def not_terms(lines: Iterable[StoryLine], *, may_lose: int = 0) -> tuple[NotTerm, ...]:
    """Terms for a NOT, those first that stop most. `lines` are of one watch; `may_lose` kept stories may be lost.

    A term that stops nothing which those before it leave is not named.
    """
    kept, refused = _judged(lines)
    found = [
        NotTerm(term=_written(term), stops=stops, loses=loses)
        for term, stops in _holders(refused).items()
        if _tells(len(stops), len(refused), len(kept)) and len(loses := _having(kept, term)) <= may_lose
    ]
    found.sort(key=lambda one: (-len(one.stops), len(one.loses), -len(one.term), one.term))
    return tuple(_adding(found))[:MOST]


def examples(compiled: CompiledWatch, lines: Iterable[StoryLine]) -> tuple[Example, ...]:
    """Judged stories as tests of the watch; first those that it does not pass yet, the refused before the kept."""
    kept, refused = _judged(lines)
    found = [
        *(_example(compiled, line, must_match=False) for line in refused),
        *(_example(compiled, line, must_match=True) for line in kept),
    ]
    return tuple(sorted(found, key=lambda one: one.holds))


def _judged(lines: Iterable[StoryLine]) -> tuple[list[StoryLine], list[StoryLine]]:
    said = [(is_kept(line), line) for line in lines]
    return [line for kept, line in said if kept], [line for kept, line in said if kept is False]


def _tells(having: int, refused: int, kept: int) -> bool:
    """Dealt at random, every verdict on those stories would be a refusal as rarely as this."""
    return having >= LEAST and (refused / (refused + kept)) ** having <= LUCK


def _holders(refused: Sequence[StoryLine]) -> dict[str, tuple[int, ...]]:
    """The terms of refused stories, and who holds each; the watch's own terms are none."""
    found: dict[str, tuple[int, ...]] = {}
    for line in refused:
        for term in _terms(line) - _matched(line):
            found[term] = (*found.get(term, ()), line.story)
    return found


def _having(lines: Iterable[StoryLine], term: str) -> tuple[int, ...]:
    return tuple(line.story for line in lines if term in _terms(line))


def _terms(line: StoryLine) -> frozenset[str]:
    """Words that say something, and pairs of neighbours."""
    return frozenset(term for field in _fields(line) for term in _of_field(field))


def _fields(line: StoryLine) -> tuple[str, str, str]:
    return line.document.title, line.document.summary, line.document.text


def _of_field(field: str) -> Iterator[str]:
    found = folded_words(field)
    yield from (word for word in found if len(word) >= SHORTEST and not word.isdigit())
    yield from (f"{one} {other}" for one, other in pairwise(found) if len(one) >= SHORTEST <= len(other))


def _matched(line: StoryLine) -> frozenset[str]:
    printed = (getattr(line.document, span.field)[span.start : span.end] for span in line.match.spans)
    return frozenset(word for piece in printed for word in (*folded_words(piece), " ".join(folded_words(piece))))


def _written(term: str) -> str:
    return f'"{term}"' if " " in term or term in ("and", "or", "not", "near") else term


def _adding(found: Sequence[NotTerm]) -> Iterator[NotTerm]:
    """Those that stop something more than the ones before them."""
    stopped: set[int] = set()
    for one in found:
        if not stopped.issuperset(one.stops):
            stopped.update(one.stops)
            yield one


def _example(compiled: CompiledWatch, line: StoryLine, *, must_match: bool) -> Example:
    document = line.document
    matches = judge(compiled, Page(with_language(document))) is not None
    text = f"{document.title}\n{document.summary}".strip()
    return Example(story=line.story, text=text, must_match=must_match, holds=matches == must_match)
