"""How the evidence of a pack adds up on one document: a score, and the places that made it.

What lives here: the arithmetic. What must not: the words of any beat (they are the pack's), watches and levels.

Each half of a pack is filled by its cues as independent witnesses: 1 - (1 - w1)(1 - w2)…, so that a second cue helps
and none is ever certain. The score is the product of the two halves, less where they stand far apart. A false friend
takes weight from the cues that it discredits, and never forbids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.pack import Cue, FalseFriend, Pack
from monitor.page import Hit, Page, Range, term_hits


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A cue found in a document."""

    cue: Cue
    hits: tuple[Hit, ...]
    trust: float  # factor on the cue's weights, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a document holds for a pack. `pair` is the closest places of the two halves."""

    score: float
    witnesses: tuple[Witness, ...]
    pair: tuple[Hit, Hit]


def weigh(pack: Pack, page: Page) -> Evidence | None:
    """The evidence for a pack, or None where a half is empty."""
    misled = [(friend, hits) for friend in pack.false_friends if (hits := _friend_hits(friend, page))]
    witnesses = [witness for cue in pack.cues if (witness := _witness(cue, pack, page, misled))]
    named = {witness.cue.terms.name for witness in witnesses}
    witnesses = [w for w in witnesses if not w.cue.needs or named.intersection(w.cue.needs)]
    sides = [[w for w in witnesses if half in w.cue.weights] for half in pack.halves]
    if not all(any(not w.cue.support for w in side) for side in sides):
        return None
    filled = [_filled(side, half) for side, half in zip(sides, pack.halves, strict=True)]
    pair, factor = _nearness(sides[0], sides[1], pack)
    score = filled[0] * filled[1] * factor
    return Evidence(score=score, witnesses=tuple(witnesses), pair=pair)


def _witness(cue: Cue, pack: Pack, page: Page, misled: list[tuple[FalseFriend, list[Hit]]]) -> Witness | None:
    covered = [hit for _, hits in misled for hit in hits]
    found = [hit for term in cue.terms.terms for hit in term_hits(term, page)]
    hits = tuple(sorted((hit for hit in found if not _covered(hit, covered)), key=lambda hit: hit[:2]))
    if not hits:
        return None
    trust = 1.0 if _any_inside(hits, page.lead) else pack.rules.body
    if all(_is_shouted(hit, page) for hit in hits):
        trust *= pack.rules.shouted
    for friend, _ in misled:
        if cue.terms.name in friend.discredits:
            trust *= friend.keeps
    return Witness(cue=cue, hits=hits, trust=trust)


def _friend_hits(friend: FalseFriend, page: Page) -> list[Hit]:
    return [hit for term in friend.terms for hit in term_hits(term, page)]


def _covered(hit: Hit, covers: Iterable[Hit]) -> bool:
    return any(cover.start <= hit.start and hit.end <= cover.end for cover in covers)


def _any_inside(hits: Iterable[Hit], ranges: tuple[Range, ...]) -> bool:
    return any(start <= hit.start < end for hit in hits for start, end in ranges)


def _is_shouted(hit: Hit, page: Page) -> bool:
    known_by_case = all(word.exact for word in hit.marks[0].term.words)
    return known_by_case and _any_inside((hit,), page.shouted)


def _filled(side: list[Witness], half: str) -> float:
    doubt = 1.0
    for witness in side:
        doubt *= 1 - witness.cue.weights[half] * witness.trust
    return 1 - doubt


def _nearness(left: list[Witness], right: list[Witness], pack: Pack) -> tuple[tuple[Hit, Hit], float]:
    """The closest places of the two halves, and what is left of the score at that distance."""
    places = ([h for w in side if not w.cue.support for h in w.hits] for side in (left, right))
    first, second = places
    pair = min(((a, b) for a in first for b in second), key=lambda pair: _distance(*pair))
    return pair, 1.0 if _distance(*pair) <= pack.rules.near else pack.rules.apart


def _distance(a: Hit, b: Hit) -> int:
    return max(a.start - b.end, b.start - a.end, -1) + 1
