"""A watch as a value: the tree that `query` reads and `matching` judges documents by.

What lives here: the nodes, how a term is made of words, and what a tree says about itself (can it match, would it match
everything). What must not: the grammar, and documents.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from monitor.words.text import composed, fold, words

_MIN_PREFIX = 2
_MAX_UNDECIDED = 12  # leaves both wanted and unwanted, up to which contradictions are searched for
_MAX_PAIRS, _MAX_SOUGHT = 100_000, 2_000  # leaves that are compared with each other
_REMEMBERED = 1 << 16  # terms
_SINGLE = ("lang", "outlet", "feed")  # what a document has one of

Part: TypeAlias = Literal["title", "body", "lead", "first"]
AttributeName: TypeAlias = Literal["outlet", "feed", "about", "author", "tag", "lang", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a term. `exact` is empty where case and accents do not matter."""

    folded: str
    exact: str = ""
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or a phrase: words in a row."""

    words: tuple[Word, ...]
    source: str  # as written, for people
    set: str = ""  # name of the set that it came from


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSet:
    """A named list of terms, usable as @name wherever a term is."""

    name: str
    terms: tuple[Term, ...]
    label: str = ""  # what its terms are, for people: "agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Two places at most `distance` words apart, neighbours being 1 apart; `ordered`: left before right."""

    left: Node
    right: Node
    distance: int
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    count: int
    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """`part` of the tree, looked for in one part of the document only; `count` is the n of first<n>."""

    where: Part
    part: Node
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """What is known about the document rather than what it says."""

    name: AttributeName
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """An expression of RE2, looked for in the visible text; its places are the words that it touches."""

    pattern: str

    @property
    def term(self) -> Term:
        """What names it among the terms of a match."""
        return Term(words=(), source=f"/{self.pattern}/")


Node: TypeAlias = Term | TermSet | Regex | And | Or | Not | Near | AtLeast | Within | Attribute


@lru_cache(_REMEMBERED)
def term(source: str, *, exact: bool = False, set_name: str = "") -> Term:
    """A term as a set or a query writes it: words in capitals are exact, `*` makes a prefix.

    ValueError says what is wrong with it. Many watches name the same things: equal terms are one value.
    """
    found = tuple(_word(source, start, end, exact=exact) for start, end in words(source))
    if not found:
        raise ValueError(f"{source!r} holds no word.")
    if len(re.findall(r"\*(?!\w)", source)) != sum(word.prefix for word in found) or re.search(r"\*\w", source):
        raise ValueError(f"{source!r}: a * stands only at the end of a word.")
    short = next((word for word in found if word.prefix and len(word.folded) < _MIN_PREFIX), None)
    if short:
        raise ValueError(f"'{short.folded}*' would match nearly everything: give at least {_MIN_PREFIX} letters.")
    return Term(words=found, source=source, set=set_name)


def term_set(name: str, sources: Iterable[str], *, label: str = "", exact: bool = False) -> TermSet:
    """A set of terms, each written as in a query. ValueError names the term that cannot be read."""
    terms = tuple(term(source, exact=exact, set_name=name) for source in sources)
    return TermSet(name=name, terms=terms, label=label)


def _word(source: str, start: int, end: int, *, exact: bool) -> Word:
    written = source[start:end]
    in_capitals = len(written) > 1 and written.isupper()
    return Word(
        folded=fold(written),
        exact=composed(written) if exact or in_capitals else "",
        prefix=source[end : end + 1] == "*",
    )


# ---- what a tree says about itself ----------------------------------------------------------------------------------

Leaf: TypeAlias = tuple[Word, ...] | Regex | Near | AtLeast | Within | Attribute


def holds(node: Node, present: Mapping[Leaf, bool]) -> bool:
    """Would the tree match, were exactly these leaves present? A place in a text implies what stands there."""
    match node:
        case And(parts=parts):
            return all(holds(part, present) for part in parts)
        case Or(parts=parts) | TermSet(terms=parts):
            return any(holds(part, present) for part in parts)
        case Not(part=part):
            return not holds(part, present)
        case Near(left=left, right=right):
            return present.get(node, False) and holds(left, present) and holds(right, present)
        case Within(part=And() | Or() | TermSet() | Not()):
            return holds(_inward(node), present)
        case AtLeast(part=part) | Within(part=part):
            return present.get(node, False) and holds(part, present)
        case Term(words=leaf):
            return present.get(leaf, False)
        case Attribute() | Regex():
            return present.get(node, False)


def _inward(node: Within) -> Node:
    """The same with its place said of each part: title:(a AND NOT b) is title:a AND NOT title:b."""
    match node.part:
        case And(parts=parts):
            return And(parts=tuple(replace(node, part=part) for part in parts))
        case Or(parts=parts) | TermSet(terms=parts):
            return Or(parts=tuple(replace(node, part=part) for part in parts))
        case Not(part=part):
            return Not(part=replace(node, part=part))
        case _:
            return node


def _leaves(node: Node, wanted: bool) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf, with whether its presence helps the tree to match."""
    match node:
        case And(parts=parts) | Or(parts=parts) | TermSet(terms=parts):
            yield from itertools.chain.from_iterable(_leaves(part, wanted) for part in parts)
        case Not(part=part):
            yield from _leaves(part, not wanted)
        case Near(left=left, right=right):
            yield node, wanted
            yield from _leaves(left, wanted)
            yield from _leaves(right, wanted)
        case Within(part=And() | Or() | TermSet() | Not()):
            yield from _leaves(_inward(node), wanted)
        case AtLeast(part=part) | Within(part=part):
            yield node, wanted
            yield from _leaves(part, wanted)
        case Term(words=leaf):
            yield leaf, wanted
        case Attribute() | Regex():
            yield node, wanted


def satisfiable(node: Node) -> bool:
    """Can any document match?

    Leaves only wanted are taken as present, leaves only unwanted as absent; those that are both, or that cannot be so
    together, are tried.
    """
    wanted: dict[Leaf, bool] = {}
    undecided: set[Leaf] = set()
    for leaf, helps in _leaves(node, wanted=True):
        if wanted.setdefault(leaf, helps) != helps:
            undecided.add(leaf)
    bonds = _bonds(wanted, undecided)
    undecided.update(itertools.chain.from_iterable(bonds))
    if len(undecided) > _MAX_UNDECIDED:
        return True
    choices = itertools.product((True, False), repeat=len(undecided))
    tried = (wanted | dict(zip(undecided, choice, strict=True)) for choice in choices)
    return any(holds(node, present) for present in tried if not any(_broken(bond, present) for bond in bonds))


Bond: TypeAlias = tuple[Leaf, Leaf]  # words: the first is never there without the second; facts: never both


def _bonds(wanted: Mapping[Leaf, bool], undecided: set[Leaf]) -> list[Bond]:
    """The bonds that could be in the way: from what is wanted to what is not, and between two facts that are wanted."""
    sought = [leaf for leaf, helps in wanted.items() if helps or leaf in undecided]
    shunned = [leaf for leaf, helps in wanted.items() if not helps or leaf in undecided]
    if len(sought) * len(shunned) > _MAX_PAIRS or len(sought) > _MAX_SOUGHT:
        return []
    implied = [(a, b) for a in sought for b in shunned if a != b and _implies(a, b)]
    facts = [leaf for leaf in sought if isinstance(leaf, Attribute) and leaf.name in _SINGLE]
    return implied + [(a, b) for a, b in itertools.combinations(facts, 2) if _exclude(a, b)]


def _broken(bond: Bond, present: Mapping[Leaf, bool]) -> bool:
    first, second = bond
    if isinstance(first, Attribute):
        return present[first] and present[second]
    return present[first] and not present[second]


def _implies(one: Leaf, other: Leaf) -> bool:
    """Is the other term always there where the one is? "license plate" holds plate, and ICE is ice."""
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return False
    starts = range(len(one) - len(other) + 1)
    return any(all(map(_covers, other, one[start:])) for start in starts)


def _covers(general: Word, special: Word) -> bool:
    if general.prefix:
        return special.folded.startswith(general.folded) and special.exact.startswith(general.exact)
    return not special.prefix and special.folded == general.folded and general.exact in ("", special.exact)


def _exclude(one: Attribute, other: Attribute) -> bool:
    """Can no document have both? One in "en-GB" is in "en" too, and one of news.example.org is of example.org."""
    mark = {"lang": "-", "outlet": ".", "feed": ""}[one.name]
    if one.name != other.name:
        return False
    a, b = (mark.join(_parts(attribute, mark)) + mark for attribute in (one, other))
    return not (a.startswith(b) or b.startswith(a))


def _parts(attribute: Attribute, mark: str) -> list[str]:
    """The value's parts, the most general first."""
    value = fold(attribute.value)
    value = value.replace("_", "-") if attribute.name == "lang" else value
    parts = value.split(mark) if mark else [value]
    return parts[::-1] if attribute.name == "outlet" else parts
