"""Who is named in a document, and who is named beside whom.

What lives here: entities of a pack × document → mentions with their places. What must not: counting over documents
(`ledger`), and any name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache

from monitor.model import Document, FieldName, Mention
from monitor.watches.pack import Entity, Pack
from monitor.watches.page import Hit, Page, term_hits
from monitor.words.text import sentences


def mentions(packs: Iterable[Pack], page: Page) -> tuple[Mention, ...]:
    """Every place where an entity of the packs is named, in order; of names that overlap, the longest counts.

    A name inside the words of a false friend ("Amazon River", "ICE hockey", "Instagram post") is nobody's.
    """
    packs = tuple(packs)
    found = [*_named(packs, page), *_misleading(packs, page)]
    found.sort(key=lambda one: (one[0].start - one[0].end, one[1] is None, one[0].start))
    taken: set[int] = set()
    chosen: list[tuple[Hit, Entity]] = []
    for hit, entity in found:
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places):
            taken.update(places)
            if entity:
                chosen.append((hit, entity))
    chosen.sort(key=lambda one: one[0].start)
    return tuple(_mentioned(chosen, page))


def _named(packs: Iterable[Pack], page: Page) -> Iterator[tuple[Hit, Entity | None]]:
    for pack in packs:
        for entity in pack.who:
            for term in entity.terms:
                yield from ((hit, entity) for hit in term_hits(term, page))


def _misleading(packs: Iterable[Pack], page: Page) -> Iterator[tuple[Hit, Entity | None]]:
    for pack in packs:
        for friend in pack.false_friends:
            for term in friend.terms:
                yield from ((hit, None) for hit in term_hits(term, page))


def _mentioned(chosen: Iterable[tuple[Hit, Entity]], page: Page) -> Iterator[Mention]:
    @cache
    def starts(field: FieldName) -> list[int]:
        return [start for start, _ in sentences(getattr(page.document, field))]

    for hit, entity in chosen:
        span = page.span(hit.marks[0])
        yield Mention(
            entity=entity.name,
            kind=entity.kind,
            field=span.field,
            start=span.start,
            end=span.end,
            sentence=max(0, bisect_right(starts(span.field), span.start) - 1),
            lead=any(start <= hit.start < end for start, end in page.lead),
        )


def sentence_of(document: Document, mention: Mention) -> str:
    """The sentence in which a mention stands; "" where the document has been reworded since."""
    field: str = getattr(document, mention.field)
    places = sentences(field)
    start, end = places[mention.sentence] if mention.sentence < len(places) else (0, 0)
    return " ".join(field[start:end].split()) if start <= mention.start < end else ""
