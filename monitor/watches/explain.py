"""Why a watch takes a document or leaves it: its tree with what held, or its pack with each piece of evidence.

What lives here: a watch × a document → an explanation as a value. What must not: colours and printing, and the verdict
itself, which is `matching`'s: an explanation never says anything else than it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from monitor.model import Document, Match, Span
from monitor.watches.evidence import Doubt, Evidence, Half, Witness, hear, weigh
from monitor.watches.matching import CompiledWatch, in_scope, judge
from monitor.watches.pack import Pack
from monitor.watches.page import Hit, Page, Range, find, narrowed
from monitor.watches.tree import And, AtLeast, Attribute, Near, Node, Not, Or, Regex, Term, TermSet, Within
from monitor.words.language import with_language

MAX_PLACES = 20  # of one part, the first ones
Ranges: TypeAlias = tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of a query's tree, and what became of it."""

    written: str  # as in the watch language; an operator's name where its parts follow
    holds: bool
    note: str  # what is to be said beside it: a distance, a count; or ""
    spans: tuple[Span, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One cue of a pack that stands in the document."""

    cue: str
    label: str
    weights: dict[str, float]  # by half, after all doubts
    full_weights: dict[str, float]
    support: bool  # adds to its half, and never fills it alone
    doubts: tuple[Doubt, ...]
    dismissed: str  # why it counts for nothing; "" where it counts
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """How a pack's evidence added up."""

    halves: tuple[Half, ...]  # empty where one of them has nothing
    clues: tuple[Clue, ...]
    distance: int | None  # words between the closest places of the halves; None where one has no place
    kept: float  # share of the score that the distance leaves
    score: float
    alert: float  # the scores that earn a level
    digest: float
    strong: float  # what an alert needs of the best cue of each half
    verdict: str  # which level it earns, and why not more


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A watch before a document. One of `tree` and `weighing` is there."""

    watch: str
    match: Match | None
    outside: str  # why the document is out of the watch's scope; "" where it is in it
    tree: Part | None
    weighing: Weighing | None


def explain(compiled: CompiledWatch, document: Document) -> Explanation:
    """What of a watch held, what did not, and where."""
    page = Page(with_language(document))
    return Explanation(
        watch=compiled.watch.name,
        match=judge(compiled, page),
        outside=_outside(compiled, page),
        tree=None if compiled.tree is None else _part(compiled.tree, page, page.everything),
        weighing=None if compiled.pack is None else _weighing(compiled, compiled.pack, page),
    )


def _outside(compiled: CompiledWatch, page: Page) -> str:
    watch, document = compiled.watch, page.document
    if in_scope(watch, page):
        return ""
    kept = [
        f"{name} {', '.join(only)}" for name, only in (("feeds", watch.feeds), ("languages", watch.languages)) if only
    ]
    feed, language = document.feed or "no known feed", document.language or "no known language"
    return f"the watch keeps to {' and '.join(kept)}; this is of {feed}, in {language}"


# ---- a query ---------------------------------------------------------------------------------------------------------


def _part(node: Node, page: Page, ranges: Ranges) -> Part:
    hits = find(node, page, ranges)
    inner = narrowed(node, page, ranges) if isinstance(node, Within) else ranges
    parts = tuple(_part(part, page, inner) for part in _parts_of(node))
    return Part(
        written=_written(node),
        holds=hits is not None,
        note=_note(node, page, ranges, hits),
        spans=() if parts else _spans(hits or (), page),
        parts=parts,
    )


def _parts_of(node: Node) -> tuple[Node, ...]:
    """What is shown below a node; a set is shown by those of its terms that are there, and so as one."""
    match node:
        case And(parts=parts) | Or(parts=parts):
            return parts
        case Not(part=part) | AtLeast(part=part) | Within(part=part):
            return (part,)
        case Near(left=left, right=right):
            return (left, right)
        case _:
            return ()


def _written(node: Node) -> str:
    match node:
        case Term(words=words, source=source):
            exact = any(word.exact and not word.exact.isupper() for word in words)
            return f"{{{source}}}" if exact else f'"{source}"' if len(words) > 1 else source
        case TermSet(name=name):
            return f"@{name}"
        case Regex():
            return node.term.source
        case Near(distance=distance, ordered=ordered):
            return f"{'O' if ordered else ''}NEAR/{distance}"
        case AtLeast(count=count):
            return f"atleast{count}( )"
        case Within(where=where, count=count):
            return f"{where}{count}( )" if where == "first" else f"{where}( )" if where == "lead" else f"{where}:"
        case Attribute(name=name, value=value):
            return f"{name}:{value}"
        case _:
            return type(node).__name__.upper()


def _note(node: Node, page: Page, ranges: Ranges, hits: list[Hit] | None) -> str:
    match node:
        case Near():
            return _nearness(node, page, ranges)
        case AtLeast(part=part):
            found = find(part, page, ranges) or []
            return _count(len({hit.start for hit in found}))
        case Attribute(name=name):
            return "" if hits is not None else f"it is {_known(name, page.document)}"
        case _:
            return ""


def _count(places: int) -> str:
    return f"{places} place" if places == 1 else f"{places} places"


def _known(name: str, document: Document) -> str:
    value = {"lang": document.language, "tag": ", ".join(document.tags), "about": ", ".join(document.about)}.get(name)
    return (getattr(document, name) if value is None else value) or "not known"


def _nearness(near: Near, page: Page, ranges: Ranges) -> str:
    left, right = (find(side, page, ranges) for side in (near.left, near.right))
    if not left or not right:
        return ""
    gaps = [gap for a in left for b in right if (gap := _gap(a, b, page, ordered=near.ordered)) is not None]
    if not gaps:
        return "never in this order in one field" if near.ordered else "never in one field"
    return f"{min(gaps)} apart"


def _gap(a: Hit, b: Hit, page: Page, *, ordered: bool) -> int | None:
    """Words from one hit to the other, neighbours being 1 apart; None across fields, or in the wrong order."""
    together = any(start <= min(a.start, b.start) and max(a.end, b.end) <= end for start, end in page.everything)
    forward, backward = b.start - a.end + 1, a.start - b.end + 1
    gap = forward if ordered else max(forward, backward)
    return gap if together and gap >= 1 else None


# ---- a pack ----------------------------------------------------------------------------------------------------------


def _weighing(compiled: CompiledWatch, pack: Pack, page: Page) -> Weighing:
    evidence = weigh(pack, page)
    both = evidence is not None and len(evidence.pair) == 2
    return Weighing(
        halves=evidence.halves if evidence else (),
        clues=tuple(_clue(witness, page) for witness in hear(pack, page)),
        distance=evidence.distance if evidence and both else None,
        kept=evidence.kept if evidence else 1.0,
        score=round(evidence.score, 3) if evidence else 0.0,
        alert=pack.rules.alert,
        digest=pack.rules.digest,
        strong=pack.rules.strong,
        verdict=_verdict(compiled, pack, evidence, page),
    )


def _clue(witness: Witness, page: Page) -> Clue:
    trust = 0.0 if witness.dismissed else witness.trust
    return Clue(
        cue=witness.cue.terms.name,
        label=witness.cue.terms.label,
        weights={half: round(weight * trust, 3) for half, weight in witness.cue.weights.items()},
        full_weights=dict(witness.cue.weights),
        support=witness.cue.support,
        doubts=witness.doubts,
        dismissed=witness.dismissed,
        spans=_spans(witness.hits, page),
    )


def _verdict(compiled: CompiledWatch, pack: Pack, evidence: Evidence | None, page: Page) -> str:
    if evidence is None:
        return f"no match: nothing fills {' or '.join(_empty_halves(pack, page))}"
    if evidence.score < pack.rules.digest:
        return f"no match: {evidence.score:.2f} is below {pack.rules.digest:.2f}, which the digest needs"
    reasons = list(_short_of_alert(compiled, pack, evidence))
    return f"digest and no alert: {'; '.join(reasons)}" if reasons else "alert"


def _short_of_alert(compiled: CompiledWatch, pack: Pack, evidence: Evidence) -> Iterator[str]:
    if evidence.score < pack.rules.alert:
        yield f"{evidence.score:.2f} is below {pack.rules.alert:.2f}"
    for half in evidence.halves:
        if half.strongest < pack.rules.strong:
            yield f"the best cue of {half.name} has {half.strongest:.2f}, an alert needs {pack.rules.strong:.2f}"
    if compiled.watch.level == "digest":
        yield "the watch goes no higher than the digest"


def _empty_halves(pack: Pack, page: Page) -> list[str]:
    counted = [one for one in hear(pack, page) if not one.dismissed and not one.cue.support]
    filled = {half for one in counted for half in one.cue.weights}
    return [half for half in pack.halves if half not in filled] or ["both halves"]


def _spans(hits: Iterable[Hit], page: Page) -> tuple[Span, ...]:
    marks = {(mark.start, mark.end): mark for hit in hits for mark in hit.marks}
    return tuple(page.span(marks[place]) for place in sorted(marks)[:MAX_PLACES])
