"""Why a document that holds something of a watch is not its story: the other half of trust in an alert.

What lives here: a document that did not match × a watch → a reason in words. What must not: whether it matches
(`matching`).
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.model import Document
from monitor.watches.evidence import shortfall
from monitor.watches.matching import CompiledWatch
from monitor.watches.pack import Cue, FalseFriend, Pack
from monitor.watches.page import Page, find, term_hits


def why_not(compiled: CompiledWatch, document: Document) -> str:
    """The reason; "" where the document holds nothing of the watch, or the watch is a query, which needs no words."""
    if compiled.pack is None:
        return ""
    page = Page(document)
    present = [(cue, term) for cue in compiled.pack.cues if not cue.support for term in _terms_of(cue, page)]
    if not present:
        return ""
    named = ", ".join(dict.fromkeys(f"{term} ({cue.terms.label})" for cue, term in present[:3]))
    reasons = [
        shortfall(compiled.pack, page),
        *_other_senses(compiled.pack, page, {cue.terms.name for cue, _ in present}),
    ]
    return f"{named}: {'; '.join(reason for reason in reasons if reason)}"


def _terms_of(cue: Cue, page: Page) -> Iterator[str]:
    """The first of a cue's terms that the document holds, as printed there."""
    hits = find(cue.terms, page)
    if hits:
        yield page.span(hits[0].marks[0]).term


def _other_senses(pack: Pack, page: Page, cues: set[str]) -> Iterator[str]:
    for friend in pack.false_friends:
        if cues.intersection(friend.discredits) and (words := _words_of(friend, page)):
            yield f"“{words}” speaks of {friend.name}"


def _words_of(friend: FalseFriend, page: Page) -> str:
    return next(
        (page.span(hits[0].marks[0]).term for term in friend.terms if (hits := list(term_hits(term, page)))), ""
    )
