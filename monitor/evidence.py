"""How the evidence of a pack adds up on one document: a score, and the places that made it.

What lives here: the arithmetic. What must not: the words of any beat (they are the pack's), watches and levels.

Each half of a pack is filled by its cues as independent witnesses: 1 - (1 - w1)(1 - w2)…, so that a second cue helps
and none is ever certain. The score is the product of the two halves, less where they stand far apart. A false friend
takes weight from the cues that it discredits, and never forbids.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.pack import Cue, Pack
from monitor.page import Hit, Page, Range, term_hits
from monitor.tree import Term


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
    strong: bool  # each half has a cue that is trusted enough for an alert
    witnesses: tuple[Witness, ...]
    pair: tuple[Hit, Hit]


def weigh(pack: Pack, page: Page) -> Evidence | None:
    """The evidence for a pack, or None where a half is empty."""
    witnesses = _believable(_witnesses(pack, page), pack, page)
    sides = [[w for w in witnesses if half in w.cue.weights] for half in pack.halves]
    pair = _closest(*map(_places, sides))
    if pair is None:  # nothing, or nothing but support, on one side
        return None
    first, second = (_filled(side, half) for side, half in zip(sides, pack.halves, strict=True))
    share = 1.0 if _distance(*pair) <= pack.rules.near else pack.rules.apart
    strong = all(_strongest(side, half) >= pack.rules.strong for side, half in zip(sides, pack.halves, strict=True))
    return Evidence(score=first * second * share, strong=strong, witnesses=tuple(witnesses), pair=pair)


def _witnesses(pack: Pack, page: Page) -> list[Witness]:
    misleading = {friend.name: hits for friend in pack.false_friends if (hits := _hits(friend.terms, page))}
    covered = {place for hits in misleading.values() for hit in hits for place in range(hit.start, hit.end)}
    found = (_witness(cue, pack, page, misleading, covered) for cue in pack.cues)
    return [witness for witness in found if witness is not None]


def _witness(
    cue: Cue, pack: Pack, page: Page, misleading: Mapping[str, list[Hit]], covered: set[int]
) -> Witness | None:
    hits = [hit for hit in _hits(cue.terms.terms, page) if not covered.issuperset(range(hit.start, hit.end))]
    if not hits:
        return None
    in_lead = _any_inside(hits, page.lead)
    trust = 1.0 if in_lead else pack.rules.body
    if all(_is_shouted(hit, page) for hit in hits):
        trust *= pack.rules.shouted
    for friend in pack.false_friends:
        # What a long article mentions far below says nothing against its headline.
        heard = misleading.get(friend.name, []) if cue.terms.name in friend.discredits else []
        if _any_inside(heard, page.lead) or (heard and not in_lead):
            trust *= friend.keeps
    return Witness(cue=cue, hits=tuple(sorted(hits, key=lambda hit: hit[:2])), trust=trust)


def _believable(witnesses: list[Witness], pack: Pack, page: Page) -> list[Witness]:
    """Those with the company that they need: a cue they name, or, below the lead, the other half close by.

    A long article mentions everything somewhere; far from the other half that says nothing.
    """
    named = {witness.cue.terms.name for witness in witnesses}
    accompanied = [w for w in witnesses if not w.cue.needs or named.intersection(w.cue.needs)]
    return [w for w in accompanied if _any_inside(w.hits, page.lead) or _beside_other_half(w, accompanied, pack)]


def _beside_other_half(witness: Witness, witnesses: list[Witness], pack: Pack) -> bool:
    others = [w for w in witnesses if not w.cue.support and w.cue.weights.keys() - witness.cue.weights.keys()]
    pair = _closest(list(witness.hits), [hit for other in others for hit in other.hits])
    return pair is not None and _distance(*pair) <= pack.rules.near


def _hits(terms: Iterable[Term], page: Page) -> list[Hit]:
    return [hit for term in terms for hit in term_hits(term, page)]


def _any_inside(hits: Iterable[Hit], ranges: tuple[Range, ...]) -> bool:
    return any(start <= hit.start < end for hit in hits for start, end in ranges)


def _is_shouted(hit: Hit, page: Page) -> bool:
    known_by_case = all(word.exact for word in hit.marks[0].term.words)
    return known_by_case and _any_inside((hit,), page.shouted)


def _filled(side: list[Witness], half: str) -> float:
    """1 less the doubt that all witnesses leave; one who stands on another's words only is not another witness."""
    doubt = 1.0
    taken: set[int] = set()
    for witness in sorted(side, key=lambda one: one.cue.weights[half] * one.trust, reverse=True):
        places = [range(hit.start, hit.end) for hit in witness.hits]
        if any(taken.isdisjoint(place) for place in places):
            doubt *= 1 - witness.cue.weights[half] * witness.trust
        taken.update(*places)
    return 1 - doubt


def _strongest(side: list[Witness], half: str) -> float:
    return max(witness.cue.weights[half] * witness.trust for witness in side if not witness.cue.support)


def _places(side: list[Witness]) -> list[Hit]:
    return [hit for witness in side if not witness.cue.support for hit in witness.hits]


def _closest(left: list[Hit], right: list[Hit]) -> tuple[Hit, Hit] | None:
    """The pair with the fewest words between, looking from each place only at its neighbours."""
    right = sorted(right, key=lambda hit: hit[:2])
    starts = [hit.start for hit in right]
    neighbours = ((here, right[max(0, at - 1) : at + 1]) for here in left for at in [bisect_left(starts, here.start)])
    pairs = ((here, there) for here, nearby in neighbours for there in nearby)
    return min(pairs, key=lambda pair: _distance(*pair), default=None)


def _distance(a: Hit, b: Hit) -> int:
    """Words from one place to the other: 0 where they overlap, 1 for neighbours."""
    return max(a.start - b.end, b.start - a.end, -1) + 1
