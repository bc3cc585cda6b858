"""A document as a row of words, and where a watch's tree finds its places in it.

What lives here: document × tree → hits. What must not: watches, packs and levels: who asks, and what
follows from the answer.

Title, summary and text stand one after another with GAP empty words between them, so that no phrase and no NEAR reaches
from one field into the next. A position counts words, and a hit is a range of positions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import NamedTuple, TypeAlias, get_args

from monitor.model import Document, FieldName, Span
from monitor.watches.tree import (
    And,
    AtLeast,
    Attribute,
    AttributeName,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Term,
    TermSet,
    Within,
    Word,
)
from monitor.words import regex
from monitor.words.text import composed, fold, folded_words, mask, reading, unmask, words

MAX_FIELD = 200_000  # code points of a field that are read: some 35,000 words, longer than any article that is one
GAP = 200  # twice the farthest NEAR
MAX_LEAD = 120  # words: a first paragraph that is longer is a text without paragraphs
MAX_FACT = 255  # code points of a language or an outlet: a name of the net has no more
MAX_PAIRS = 10_000  # of one NEAR: a text of two words without end would otherwise fill the memory with pairs
_FIELDS: tuple[FieldName, ...] = get_args(FieldName)

Range: TypeAlias = tuple[int, int]  # positions, the end not included


class Mark(NamedTuple):
    """One term at one place."""

    start: int
    end: int
    term: Term


class Hit(NamedTuple):
    """A place that satisfies a part of the tree, with the marks that make it."""

    start: int
    end: int
    marks: tuple[Mark, ...]


class _Field:
    """One field: its words at once, where they stand only when somebody asks."""

    def __init__(self, name: FieldName, given: str, first: int) -> None:
        self.name = name
        self.masked = mask(given[:MAX_FIELD])
        self.folded = folded_words(self.masked)
        self.first = first  # position of the first word
        self.end = first + len(self.folded)

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Offsets of each word."""
        return words(self.masked)

    @cached_property
    def visible(self) -> tuple[str, Sequence[int]]:
        """What a reader sees, and where each of its code points stands in the field as given."""
        return unmask(self.masked)


class Page:
    """A document, read once for all watches."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._row: list[str] = []  # folded words by position
        self._fields: list[_Field] = []
        self._firsts: list[int] = []  # of each field, the position of its first word
        self.postings: dict[str, list[int]] = {}
        for name in _FIELDS:
            self._append(_Field(name, getattr(document, name), len(self._row)))

    def _append(self, field: _Field) -> None:
        self._fields.append(field)
        self._firsts.append(field.first)
        self._row += field.folded
        self._row += [""] * GAP
        postings = self.postings
        for position, word in enumerate(field.folded, field.first):
            if word in postings:
                postings[word].append(position)
            else:
                postings[word] = [position]

    @cached_property
    def facts(self) -> frozenset[str]:
        """What is known about the document, as "name:value" and folded: what is in "en-gb" is in "en" too."""
        return frozenset(_facts(self.document))

    @cached_property
    def _vocabulary(self) -> list[str]:
        return sorted(self.postings)

    def starting_with(self, prefix: str) -> list[str]:
        """The document's words that start so."""
        first = bisect_left(self._vocabulary, prefix)
        last = bisect_left(self._vocabulary, prefix + "\U0010ffff")
        return self._vocabulary[first:last]

    def exact(self, position: int) -> str:
        """A word with its case and accents."""
        field = self._field_at(position)
        start, end = field.places[position - field.first]
        return composed(reading(field.masked[start:end]))

    def matches(self, word: Word, position: int) -> bool:
        """Does this word of a term stand here?"""
        if position >= len(self._row):
            return False
        folded = self._row[position]
        fits = folded.startswith(word.folded) if word.prefix else folded == word.folded
        if not fits or not word.exact:
            return fits
        exact = self.exact(position)
        return exact.startswith(word.exact) if word.prefix else exact == word.exact

    def _field_at(self, position: int) -> _Field:
        return self._fields[bisect_right(self._firsts, position) - 1]

    def range_of(self, name: FieldName) -> Range:
        """Where a field stands."""
        field = next(field for field in self._fields if field.name == name)
        return (field.first, field.end)

    @cached_property
    def everything(self) -> tuple[Range, ...]:
        return tuple(self.range_of(name) for name in _FIELDS)

    @cached_property
    def lead(self) -> tuple[Range, ...]:
        """The title, the summary and the first paragraph of the text."""
        title, summary, text = self.everything
        return (title, summary, (text[0], self._paragraph_end(text)))

    def _paragraph_end(self, text: Range) -> int:
        field = self._fields[-1]
        begin = field.places[0][0] if field.places else 0
        line_end = field.masked.find("\n", begin)
        if line_end < 0:
            return min(text[1], text[0] + MAX_LEAD)
        count = bisect_left(field.places, (line_end, 0))
        return text[0] + min(count, MAX_LEAD)

    def first(self, count: int) -> tuple[Range, ...]:
        """The first words of the document, in reading order: title, summary, text."""
        ranges = []
        for start, end in self.everything:
            ranges.append((start, min(end, start + count)))
            count = max(0, count - (end - start))
        return tuple(ranges)

    @cached_property
    def shouted(self) -> tuple[Range, ...]:
        """Fields in capitals throughout, where capitals say nothing."""
        return tuple(self.range_of(field.name) for field in self._fields if _shouts(field.masked))

    def searched(self, pattern: str) -> Iterator[tuple[_Field, Range]]:
        """Where an expression stands in the visible text of each field, in code points of the field as given."""
        budget = regex.MAX_TEXT
        for field in self._fields:
            visible, origins = field.visible
            readable = regex.cut(visible, budget)
            budget -= len(readable.encode())
            for start, end in regex.places(pattern, readable):
                yield field, (origins[start], origins[end - 1] + 1)

    def touched(self, field: _Field, start: int, end: int) -> Range:
        """The positions of the words of a field that lie in a range of its code points, wholly or in part."""
        first = bisect_right(field.places, start, key=lambda place: place[1])
        last = bisect_left(field.places, end, key=lambda place: place[0])
        return (field.first + first, field.first + last)

    def span(self, mark: Mark) -> Span:
        """Where a mark stands in its field, in code points of the field as given."""
        field, start, end = self._cut(mark)
        return Span(field=field.name, start=start, end=end, term=mark.term.source, set=mark.term.set)

    def printed(self, mark: Mark) -> str:
        """The words of a mark as the document prints them."""
        field, start, end = self._cut(mark)
        return " ".join(reading(field.masked[start:end]).split())

    def _cut(self, mark: Mark) -> tuple[_Field, int, int]:
        field = self._field_at(mark.start)
        return field, field.places[mark.start - field.first][0], field.places[mark.end - 1 - field.first][1]


def unread(document: Document) -> str:
    """What of a document no watch reads, in words: "of its text the first 200,000 of 250,000 characters"; or ""."""
    cut = [
        f"of its {name} the first {MAX_FIELD:,} of {length:,} characters"
        for name in _FIELDS
        if (length := len(getattr(document, name))) > MAX_FIELD
    ]
    return " and ".join(cut)


def find(node: Node, page: Page, ranges: tuple[Range, ...] | None = None) -> list[Hit] | None:
    """Where a tree is satisfied, in order; None where it is not; empty where it is without a place (NOT, lang:)."""
    ranges = page.everything if ranges is None else ranges
    match node:
        case Term():
            hits = term_hits(node, page)
            return (hits if ranges is page.everything else [hit for hit in hits if _inside(hit, ranges)]) or None
        case Regex():
            return [hit for hit in _regex_hits(node, page) if _inside(hit, ranges)] or None
        case Or(parts=parts) | TermSet(terms=parts):
            return _union(find(part, page, ranges) for part in parts)
        case And(parts=parts):
            return _all(parts, page, ranges)
        case Not(part=part):
            return [] if find(part, page, ranges) is None else None
        case Near():
            return _near(node, page, ranges)
        case AtLeast(count=count, part=part):
            hits = find(part, page, ranges) or []
            return hits if len({hit.start for hit in hits}) >= count else None
        case Within(part=part):
            return find(part, page, narrowed(node, page, ranges))
        case Attribute():
            return [] if _has(node, page) else None


def narrowed(node: Within, page: Page, ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """Where the part of a Within is looked for, of the ranges that what is around it looks in."""
    return _intersection(ranges, _ranges_of(node, page))


def term_hits(term: Term, page: Page) -> list[Hit]:
    """Every place of a term, in order."""
    first = term.words[0]
    if first.prefix:
        starts = sorted(p for word in page.starting_with(first.folded) for p in page.postings[word])
    else:
        starts = page.postings.get(first.folded, [])
    if not starts:  # by far the most frequent case
        return []
    length = len(term.words)
    return [
        Hit(start, start + length, (Mark(start, start + length, term),))
        for start in starts
        if all(page.matches(word, start + offset) for offset, word in enumerate(term.words))
    ]


def _regex_hits(node: Regex, page: Page) -> list[Hit]:
    """The words that each place of the expression touches; a place between words is none."""
    term = node.term
    touched = (page.touched(field, *place) for field, place in page.searched(node.pattern))
    return [Hit(start, end, (Mark(start, end, term),)) for start, end in touched if start < end]


def _shouts(masked: str) -> bool:
    letters = [char for char in masked if char.isalpha()]
    return len(letters) > 20 and sum(char.isupper() for char in letters) > 0.8 * len(letters)


def _inside(hit: Hit, ranges: tuple[Range, ...]) -> bool:
    return any(start <= hit.start and hit.end <= end for start, end in ranges)


def _intersection(left: tuple[Range, ...], right: tuple[Range, ...]) -> tuple[Range, ...]:
    pairs = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return tuple((start, end) for start, end in pairs if start < end)


def _ranges_of(node: Within, page: Page) -> tuple[Range, ...]:
    match node.where:
        case "title":
            return page.everything[:1]
        case "body":
            return page.everything[1:]
        case "lead":
            return page.lead
        case "first":
            return page.first(node.count)


def _union(found: Iterable[list[Hit] | None]) -> list[Hit] | None:
    satisfied = [hits for hits in found if hits is not None]
    if not satisfied:
        return None
    return sorted({(hit.start, hit.end): hit for hits in satisfied for hit in hits}.values(), key=lambda hit: hit[:2])


def _all(parts: tuple[Node, ...], page: Page, ranges: tuple[Range, ...]) -> list[Hit] | None:
    gathered: list[list[Hit] | None] = []
    for part in parts:
        hits = find(part, page, ranges)
        if hits is None:
            return None
        gathered.append(hits)
    return _union(gathered)


def _near(node: Near, page: Page, ranges: tuple[Range, ...]) -> list[Hit] | None:
    left = find(node.left, page, ranges)
    right = find(node.right, page, ranges) if left else None
    if not left or not right:
        return None
    backwards = () if node.ordered else _followed(right, left, node.distance)
    pairs = list(islice(chain(_followed(left, right, node.distance), backwards), MAX_PAIRS))
    joined = (Hit(a.start, b.end, (*a.marks, *b.marks)) for a, b in pairs)
    return _union([list(joined)]) if pairs else None


def _followed(before: list[Hit], after: list[Hit], distance: int) -> Iterator[tuple[Hit, Hit]]:
    starts = [hit.start for hit in after]
    for hit in before:
        for index in range(bisect_left(starts, hit.end), bisect_right(starts, hit.end - 1 + distance)):
            yield hit, after[index]


# ---- what is known about a document ----------------------------------------------------------------------------------


def facts_asked(name: AttributeName, value: str) -> tuple[str, ...]:
    """The facts that a document must have for `name:value`; none for url:, which asks for a piece of a word."""
    match name:
        case "url":
            return ()
        case "author":
            return tuple(f"author:{word}" for word in folded_words(value))
        case "lang":
            return (f"lang:{_language(value)}",)
        case _:
            return (f"{name}:{fold(value)}",)


def _facts(document: Document) -> Iterator[str]:
    language = _language(document.language[:MAX_FACT]).split("-")
    outlet = fold(document.outlet[-MAX_FACT:]).split(".")
    yield from (f"lang:{'-'.join(language[:count])}" for count in range(1, len(language) + 1))
    yield from (f"outlet:{'.'.join(outlet[at:])}" for at in range(len(outlet)))
    yield f"feed:{fold(document.feed)}"
    yield from (f"tag:{fold(tag)}" for tag in document.tags)
    yield from (f"about:{fold(one)}" for one in document.about)
    yield from (f"author:{word}" for word in folded_words(document.author))


def _language(written: str) -> str:
    return fold(written).replace("_", "-")


def _has(node: Attribute, page: Page) -> bool:
    if node.name == "url":
        return fold(node.value) in fold(page.document.url)
    if not page.facts.issuperset(facts_asked(node.name, node.value)):
        return False
    return node.name != "author" or _in_a_row(folded_words(node.value), folded_words(page.document.author))


def _in_a_row(sought: list[str], named: list[str]) -> bool:
    return any(named[at : at + len(sought)] == sought for at in range(len(named)))
