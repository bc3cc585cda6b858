"""In which order stories are read: those like what was kept before those like what was refused, and why.

What lives here: verdicts → the weight of words, outlets and the like → an order, each place with its reasons. What must
not: leaving anything out. Every story that goes in comes out; without verdicts, in the order in which it went in.

The model is naive Bayes: a trait weighs as much as it is likelier among the kept than among the refused, drawn towards
nothing as long as few verdicts speak of it, so that each weight can be said as two counts. What a story lacks weighs
nothing: its reasons are what it has. A word weighs for its own watch only; an outlet is judged by all watches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple, TypeAlias

from monitor.model import StoryLine
from monitor.review.precision import is_kept
from monitor.words.text import folded_words

TraitKind: TypeAlias = Literal["word", "outlet", "watch", "size", "level"]

DRAW = 2.0  # verdicts that a trait's own must outweigh
LEAST = 2  # verdicts on a trait before it is heard at all
SHORTEST = 3  # letters of a word that says something
NAMED = 4  # reasons that are said of a place
LIKE = 3  # judged stories that are named for a place
REMEMBERED = 12  # of each trait and each verdict, the judged stories that can be named; the latest


class Trait(NamedTuple):
    """Something that stories have in common."""

    kind: TraitKind
    value: str
    watch: str = ""  # whose verdicts weigh it; "": all


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A trait of a story, and how many stories that had it were kept and refused."""

    trait: Trait
    weight: float  # natural logarithm of how much likelier it is among the kept; below 0: among the refused
    kept: int
    refused: int

    def __str__(self) -> str:
        """In words: "the word “hockey”: 0 kept, 7 refused"."""
        return f"{_NAMED[self.trait.kind].format(self.trait.value)}: {self.kept} kept, {self.refused} refused"


_NAMED: dict[TraitKind, str] = {
    "word": "the word “{}”",
    "outlet": "told by {}",
    "watch": "found by {}",
    "size": "told by {}",
    "level": "found clear enough for the {}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """A judged story by which another stands where it stands."""

    story: int
    title: str
    kept: bool  # or refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A story at its place."""

    line: StoryLine
    score: float  # 0: nothing is known either way; above, like what was kept
    reasons: tuple[Reason, ...]  # what moved it most, first
    like: tuple[Precedent, ...]  # the judged stories that moved it most, first
    moved: int  # places up from where it stood without verdicts; below 0: down


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What the verdicts of an installation taught."""

    kept: int
    refused: int
    reasons: dict[Trait, Reason]  # what each trait weighs, of those that were judged LEAST times
    precedents: dict[Trait, tuple[Precedent, ...]]  # the latest that had it, the latest first

    def order(self, lines: Sequence[StoryLine]) -> tuple[Ranked, ...]:
        """The same stories, those first that are most like what was kept; equals stay as they stand."""
        weighed = [(at, *self._weigh(line)) for at, line in enumerate(lines)]
        places = sorted(weighed, key=lambda one: -one[1])
        return tuple(
            self._ranked(lines[at], score, reasons, moved=at - place)
            for place, (at, score, reasons) in enumerate(places)
        )

    def _ranked(self, line: StoryLine, score: float, reasons: tuple[Reason, ...], *, moved: int) -> Ranked:
        like = self._like(line.story, reasons, up=moved > 0) if moved else ()
        return Ranked(line=line, score=score, reasons=reasons, like=like, moved=moved)

    def _weigh(self, line: StoryLine) -> tuple[float, tuple[Reason, ...]]:
        reasons = sorted(self._reasons(line), key=lambda reason: -abs(reason.weight))
        return sum(reason.weight for reason in reasons), tuple(reasons[:NAMED])

    def _reasons(self, line: StoryLine) -> Iterable[Reason]:
        return [self.reasons[trait] for trait in traits(line) if trait in self.reasons]

    def _like(self, story: int, reasons: Iterable[Reason], *, up: bool) -> tuple[Precedent, ...]:
        """Those whose verdict is why: each has its part of the weight of every trait that it shares."""
        parts: defaultdict[Precedent, float] = defaultdict(float)
        for reason in reasons:
            judged_so = reason.kept if up else reason.refused
            if judged_so and (reason.weight > 0 if up else reason.weight < 0):
                part = abs(reason.weight) / judged_so
                for one in self.precedents.get(reason.trait, ()):
                    if one.kept == up and one.story != story:
                        parts[one] += part
        return tuple(sorted(parts, key=lambda one: (-parts[one], -one.story))[:LIKE])


def learn(lines: Iterable[StoryLine]) -> Ranking:
    """A ranking from stories with verdicts; those without are no matter."""
    counts: dict[bool, Counter[Trait]] = {True: Counter(), False: Counter()}
    totals: Counter[bool] = Counter()
    latest: dict[tuple[Trait, bool], list[Precedent]] = {}
    for line in sorted(lines, key=_judged_at, reverse=True):
        kept = is_kept(line)
        if kept is not None:
            found = traits(line)
            counts[kept].update(found)
            totals[kept] += 1
            precedent = Precedent(story=line.story, title=line.document.title, kept=kept)
            for trait in found:
                if len(named := latest.setdefault((trait, kept), [])) < REMEMBERED:
                    named.append(precedent)
    known = counts[True].keys() | counts[False].keys()
    judged = {trait: (counts[True][trait], counts[False][trait]) for trait in known}
    return Ranking(
        kept=totals[True], refused=totals[False],
        reasons={trait: _reason(trait, both, totals) for trait, both in judged.items() if sum(both) >= LEAST},
        precedents={trait: (*latest.get((trait, True), ()), *latest.get((trait, False), ())) for trait in known},
    )  # fmt: skip


def _reason(trait: Trait, judged: tuple[int, int], totals: Counter[bool]) -> Reason:
    """Both shares are drawn towards what they would be if the trait said nothing."""
    kept, refused = judged
    expected = (kept + refused) / totals.total()
    among_kept = (kept + DRAW * expected) / (totals[True] + DRAW)
    among_refused = (refused + DRAW * expected) / (totals[False] + DRAW)
    return Reason(trait=trait, weight=log(among_kept / among_refused), kept=kept, refused=refused)


def _judged_at(line: StoryLine) -> float:
    return line.verdict.at.timestamp() if line.verdict else 0.0


def traits(line: StoryLine) -> frozenset[Trait]:
    """What of a story is weighed."""
    words = {*folded_words(line.document.title), *folded_words(line.document.summary)}
    return frozenset(
        [
            *(Trait("word", word, line.watch) for word in words if len(word) >= SHORTEST),
            *(Trait("outlet", outlet) for outlet in line.outlets),
            Trait("watch", line.watch),
            Trait("size", _size(len(line.outlets))),
            Trait("level", line.match.level, line.watch),
        ]
    )


def _size(outlets: int) -> str:
    return "one outlet" if outlets <= 1 else "two or three outlets" if outlets <= 3 else "four outlets or more"
