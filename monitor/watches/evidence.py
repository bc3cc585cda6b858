"""How the evidence of a pack adds up on one document: a score, and the places that made it.

What lives here: the arithmetic. What must not: the words of any beat (they are the pack's), watches and levels.

Each half of a pack is filled by its cues as independent witnesses: 1 - (1 - w1)(1 - w2)…, so that a second cue helps
and none is ever certain. The score is the product of the two halves, less where they stand far apart. A false friend
takes weight from the cues that it discredits, and never forbids. A feed that is about one half fills it to the pack's
`prior` where its words say less: enough for the digest beside a strong other half, and never for an alert.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from monitor.watches.pack import Cue, Pack
from monitor.watches.page import Hit, Page, Range, term_hits
from monitor.watches.tree import Term
from monitor.words.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a cue is not trusted wholly: the share that it keeps."""

    reason: str
    keeps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A cue found in a document."""

    cue: Cue
    hits: tuple[Hit, ...]
    doubts: tuple[Doubt, ...]
    dismissed: str = ""  # why it is not listened to at all

    @property
    def trust(self) -> float:
        """Factor on the cue's weights, 0 to 1."""
        return prod(doubt.keeps for doubt in self.doubts)

    def weight(self, half: str) -> float:
        """What it says for a half, 0 to 1."""
        return self.cue.weights[half] * self.trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """How far one half of a pack is filled."""

    name: str
    filled: float
    strongest: float  # of its cues; 0 where only its feed speaks for it
    by_feed: bool  # its feed is about this half, and says more for it than the words do


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a document holds for a pack. `pair` is the closest places of the two halves, or the one place there is."""

    score: float
    halves: tuple[Half, Half]
    witnesses: tuple[Witness, ...]
    pair: tuple[Hit, ...]
    distance: int  # words between the pair, neighbours being 1 apart; 0 where they are one
    kept: float  # share of the score that the distance leaves

    def is_strong(self, pack: Pack) -> bool:
        """Has each half a cue that is trusted enough for an alert?"""
        return all(half.strongest >= pack.rules.strong for half in self.halves)


def weigh(pack: Pack, page: Page) -> Evidence | None:
    """The evidence for a pack, or None where a half is empty."""
    witnesses = tuple(one for one in hear(pack, page) if not one.dismissed)
    sides = [[one for one in witnesses if half in one.cue.weights] for half in pack.halves]
    first, second = (_half(name, side, pack, page) for name, side in zip(pack.halves, sides, strict=True))
    if not first.filled or not second.filled:  # nothing, or nothing but support, on one side
        return None
    pair = _pair(*map(_places, sides))
    if not pair:
        return None
    distance = _distance(pair[0], pair[-1])
    kept = 1.0 if distance <= pack.rules.near else pack.rules.apart
    score = first.filled * second.filled * kept
    return Evidence(
        score=score, halves=(first, second), witnesses=witnesses, pair=pair, distance=distance, kept=kept,
    )  # fmt: skip


def shortfall(pack: Pack, page: Page) -> str:
    """What a document that is not the pack's story is short of, in words."""
    evidence = weigh(pack, page)
    if evidence is not None:
        return f"too weak together ({evidence.score:.2f}, a digest needs {pack.rules.digest:.2f})"
    empty = [half for half in pack.halves if not any(_hits(cue.terms.terms, page) for cue in _filling(pack, half))]
    return f"nothing of {' or '.join(empty)}" if empty else "what it holds counts for nothing"


def _filling(pack: Pack, half: str) -> Iterator[Cue]:
    return (cue for cue in pack.cues if half in cue.weights and not cue.support)


def hear(pack: Pack, page: Page) -> tuple[Witness, ...]:
    """Every cue that the document holds, those that are not listened to with the reason."""
    misleading = {friend.name: hits for friend in pack.false_friends if (hits := _hits(friend.terms, page))}
    covered = {place for hits in misleading.values() for hit in hits for place in range(hit.start, hit.end)}
    found = (_witness(cue, pack, page, misleading, covered) for cue in pack.cues)
    return tuple(_listened([witness for witness in found if witness is not None], pack, page))


def _witness(
    cue: Cue, pack: Pack, page: Page, misleading: Mapping[str, list[Hit]], covered: set[int]
) -> Witness | None:
    found = _hits(cue.terms.terms, page)
    hits = [hit for hit in found if not covered.issuperset(range(hit.start, hit.end))]
    if not found:
        return None
    if not hits:
        return Witness(cue=cue, hits=_sorted(found), doubts=(), dismissed=_covering(found, misleading))
    return Witness(cue=cue, hits=_sorted(hits), doubts=tuple(_doubts(cue, hits, pack, page, misleading)))


def _covering(hits: list[Hit], misleading: Mapping[str, list[Hit]]) -> str:
    over = (name for name, others in misleading.items() for other in others if _inside_any(other, hits))
    return f"stands in words of {next(over, 'another sense')}"


def _inside_any(outer: Hit, hits: list[Hit]) -> bool:
    return any(outer.start <= hit.start and hit.end <= outer.end for hit in hits)


def _doubts(cue: Cue, hits: list[Hit], pack: Pack, page: Page, misleading: Mapping[str, list[Hit]]) -> Iterator[Doubt]:
    in_lead = _any_inside(hits, page.lead)
    if not in_lead:
        yield Doubt(reason="only below the lead", keeps=pack.rules.body)
    if all(_is_shouted(hit, page) for hit in hits):
        yield Doubt(reason="capitals say nothing where all is in capitals", keeps=pack.rules.shouted)
    for friend in pack.false_friends:
        # What a long article mentions far below says nothing against its headline.
        heard = misleading.get(friend.name, []) if cue.terms.name in friend.discredits else []
        if _any_inside(heard, page.lead) or (heard and not in_lead):
            yield Doubt(reason=f"the text speaks of {friend.name}", keeps=friend.keeps)


def _listened(witnesses: list[Witness], pack: Pack, page: Page) -> Iterator[Witness]:
    """Those without the company that they need are dismissed: a cue they name; below the lead, the other half close by.

    A long article mentions everything somewhere; far from the other half that says nothing.
    """
    named = {one.cue.terms.name for one in witnesses if not one.dismissed}
    alone = {one.cue.terms.name for one in witnesses if one.cue.needs and not named.intersection(one.cue.needs)}
    accompanied = [one for one in witnesses if not one.dismissed and one.cue.terms.name not in alone]
    for one in witnesses:
        if one.dismissed:
            yield one
        elif one.cue.terms.name in alone:
            yield replace(one, dismissed=f"counts only beside one of {', '.join(one.cue.needs)}")
        elif not (_any_inside(one.hits, page.lead) or _beside_other_half(one, accompanied, pack)):
            yield replace(one, dismissed="stands below the lead, far from the other half")
        else:
            yield one


def _beside_other_half(witness: Witness, witnesses: list[Witness], pack: Pack) -> bool:
    others = [w for w in witnesses if not w.cue.support and w.cue.weights.keys() - witness.cue.weights.keys()]
    pair = _pair(list(witness.hits), [hit for other in others for hit in other.hits])
    return len(pair) == 2 and _distance(*pair) <= pack.rules.near


def _half(name: str, side: list[Witness], pack: Pack, page: Page) -> Half:
    """A half as its words fill it, or as its feed does, whichever says more."""
    bearing = [one for one in side if not one.cue.support]
    filled = _filled(side, name) if bearing else 0.0
    strongest = max((one.weight(name) for one in bearing), default=0.0)
    prior = pack.rules.prior if f"about:{fold(name)}" in page.facts else 0.0
    return Half(name=name, filled=max(filled, prior), strongest=strongest, by_feed=prior > filled)


def _hits(terms: Iterable[Term], page: Page) -> list[Hit]:
    """Every place of the terms. A pack has thousands, of which a page holds a dozen: the others are not looked up."""
    held = page.postings
    likely = [term for term in terms if term.words[0].folded in held or term.words[0].prefix]
    return [hit for term in likely for hit in term_hits(term, page)]


def _any_inside(hits: Iterable[Hit], ranges: tuple[Range, ...]) -> bool:
    return any(start <= hit.start < end for hit in hits for start, end in ranges)


def _is_shouted(hit: Hit, page: Page) -> bool:
    known_by_case = all(word.exact for word in hit.marks[0].term.words)
    return known_by_case and _any_inside((hit,), page.shouted)


def _filled(side: list[Witness], half: str) -> float:
    """1 less the doubt that all witnesses leave; one who stands on another's words only is not another witness."""
    doubt = 1.0
    taken: set[int] = set()
    for witness in sorted(side, key=lambda one: one.weight(half), reverse=True):
        places = [range(hit.start, hit.end) for hit in witness.hits]
        if any(taken.isdisjoint(place) for place in places):
            doubt *= 1 - witness.weight(half)
        taken.update(*places)
    return 1 - doubt


def _places(side: list[Witness]) -> list[Hit]:
    return [hit for witness in side if not witness.cue.support for hit in witness.hits]


def _sorted(hits: list[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda hit: hit[:2]))


def _pair(left: list[Hit], right: list[Hit]) -> tuple[Hit, ...]:
    """The two with the fewest words between, looking from each place only at its neighbours; the first where a side is
    empty."""
    if not left or not right:
        return _sorted(left or right)[:1]
    right = list(_sorted(right))
    starts = [hit.start for hit in right]
    neighbours = ((here, right[max(0, at - 1) : at + 1]) for here in left for at in [bisect_left(starts, here.start)])
    pairs = ((here, there) for here, nearby in neighbours for there in nearby)
    return min(pairs, key=lambda pair: _distance(*pair))


def _distance(a: Hit, b: Hit) -> int:
    """Words from one place to the other: 0 where they overlap, 1 for neighbours."""
    return max(a.start - b.end, b.start - a.end, -1) + 1
