"""Many watches × one document → matches, with the spans that made them.

What lives here: what a watch asks for beyond its tree (scope, level), the reason in words, and the examples that keep a
watch honest. What must not: the grammar (`query`), places in a text (`page`), the arithmetic of packs (`evidence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.errors import QueryError
from monitor.model import Document, FieldName, Level, Match, Span, Watch
from monitor.watches.evidence import Evidence, Witness, shortfall, weigh
from monitor.watches.pack import Pack
from monitor.watches.page import MAX_FIELD, Hit, Mark, Page, facts_asked, find, unread
from monitor.watches.query import parse
from monitor.watches.routes import Clause, RouteIndex, clauses
from monitor.watches.tree import And, AtLeast, Attribute, Near, Node, Not, Or, Regex, TermSet, Within

__all__ = ["MAX_FIELD", "CompiledWatch", "Compiler", "ExampleFailure", "Matcher", "compile_watch", "failing_examples"]

MAX_SPANS = 500  # of one match, the first ones: who repeats a word 10,000 times need not be told of each
_MAX_NAMED = 4  # terms that `why` names; the spans hold them all
_FIELD_WORDS: dict[FieldName, str] = {"title": "in the title", "summary": "in the summary", "text": "in the text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledWatch:
    """A watch, ready: a tree or a pack."""

    watch: Watch
    tree: Node | None
    pack: Pack | None
    sets: Mapping[str, TermSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFailure:
    """An example that does not do what its watch or pack promises."""

    watch: str
    example: str
    expected: bool  # True: must match
    why: str


class Compiler:
    """Reads watches that share their sets, each distinct query once."""

    def __init__(self, sets: Mapping[str, TermSet]) -> None:
        self._sets = sets
        self._trees: dict[str, Node] = {}

    def compile(self, watch: Watch, pack: Pack | None) -> CompiledWatch:
        """A watch with its query read, or with its pack. QueryError for a query that cannot be used."""
        if pack is not None:
            return CompiledWatch(watch=watch, tree=None, pack=pack, sets=pack.sets)
        if not watch.query.strip():
            raise QueryError(f"The watch {watch.name} has neither a query nor a pack.", source=watch.query, start=0)
        return CompiledWatch(watch=watch, tree=self._tree(watch.query), pack=None, sets=self._sets)

    def _tree(self, query: str) -> Node:
        tree = self._trees.get(query)
        if tree is None:
            tree = self._trees[query] = parse(query, self._sets)
        return tree


def compile_watch(watch: Watch, pack: Pack | None, sets: Mapping[str, TermSet]) -> CompiledWatch:
    """One watch alone; see `Compiler`."""
    return Compiler(sets).compile(watch, pack)


class Matcher:
    """All watches, indexed. Built once; `match` has no state."""

    def __init__(self, compiled: Sequence[CompiledWatch]) -> None:
        self._compiled = tuple(compiled)
        self._asked, self._twins = _questions(self._compiled)
        self._index = RouteIndex(required(self._compiled[number]) for number in self._asked)

    def match(self, document: Document) -> tuple[Match, ...]:
        """Every watch that the document satisfies, in the order of the watches."""
        page = Page(document)
        matches: dict[int, Match] = {}
        for number in map(self._asked.__getitem__, self._index.candidates(page)):
            match = judge(self._compiled[number], page)
            if match is not None:
                matches[number] = match
                for twin in self._twins.get(number, ()):
                    matches[twin] = replace(match, watch=self._compiled[twin].watch.name)
        return tuple(matches[number] for number in sorted(matches))


def failing_examples(compiled: CompiledWatch) -> tuple[ExampleFailure, ...]:
    """The examples of a watch and of its pack that fail.

    The first line of an example is the title, what follows is the text. Feeds and languages in scope play no part.
    """
    holders = [one for one in (compiled.watch, compiled.pack) if one is not None]
    wanted = (_failure(compiled, example, expected=True) for one in holders for example in one.must_match)
    unwanted = (_failure(compiled, example, expected=False) for one in holders for example in one.must_not_match)
    return tuple(failure for failure in (*wanted, *unwanted) if failure is not None)


# ---- one watch × one document ---------------------------------------------------------------------------------------


def judge(compiled: CompiledWatch, page: Page) -> Match | None:
    """One watch alone on a document."""
    if not in_scope(compiled.watch, page):
        return None
    match = _judge_pack(compiled, compiled.pack, page) if compiled.pack else _judge_tree(compiled, page)
    read = unread(page.document) if match else ""
    return replace(match, why=f"{match.why}; read was only {read}") if match and read else match


def in_scope(watch: Watch, page: Page) -> bool:
    """Is the document of a feed and in a language that the watch keeps to?"""
    return not any(map(page.facts.isdisjoint, _scope(watch)))


def _questions(compiled: Sequence[CompiledWatch]) -> tuple[list[int], dict[int, list[int]]]:
    """Numbers of the watches that are the first to ask something, and of those that ask the same as one of them."""
    first: dict[tuple[object, ...], int] = {}
    twins: dict[int, list[int]] = {}
    for number, one in enumerate(compiled):
        asked = first.setdefault(_question(one), number)
        if asked != number:
            twins.setdefault(asked, []).append(number)
    return list(first.values()), twins


def _question(compiled: CompiledWatch) -> tuple[object, ...]:
    """What watches have in common that are answered alike."""
    watch = compiled.watch
    return (id(compiled.tree), id(compiled.pack), watch.feeds, watch.languages, watch.level)


def _scope(watch: Watch) -> list[Clause]:
    """What is to be known about a document, one of each.

    One whose language is not known is in scope of every language: better looked at than lost.
    """
    feeds = [fact for feed in watch.feeds for kind in ("feed", "tag") for fact in facts_asked(kind, feed)]
    languages = [fact for language in watch.languages for fact in facts_asked("lang", language)]
    return [clause for clause in (tuple(feeds), (*languages, "lang:") if languages else ()) if clause]


def required(compiled: CompiledWatch) -> list[Clause]:
    """What every document that matches holds. A pack needs a cue on each side, and support is none."""
    if compiled.pack is None:
        return [*clauses(_tree_of(compiled)), *_scope(compiled.watch)]
    sides = [_side(compiled.pack, half) for half in compiled.pack.halves]
    both = And(parts=tuple(Or(parts=tuple(side)) for side in sides))
    return [*clauses(both), *_scope(compiled.watch)]


def _side(pack: Pack, half: str) -> list[Node]:
    """What can fill a half: its cues, or a feed that is about it."""
    cues: list[Node] = [cue.terms for cue in pack.cues if half in cue.weights and not cue.support]
    return [*cues, Attribute(name="about", value=half)] if pack.rules.prior else cues


def _tree_of(compiled: CompiledWatch) -> Node:
    assert compiled.tree is not None  # noqa: S101  # a compiled watch has a tree or a pack
    return compiled.tree


def _judge_tree(compiled: CompiledWatch, page: Page) -> Match | None:
    hits = find(_tree_of(compiled), page)
    if hits is None:
        return None
    marks = _marks(hits)[:MAX_SPANS]
    spans = tuple(map(page.span, marks))
    why = _why_of_tree(compiled, marks, spans, page)
    return Match(watch=compiled.watch.name, level=compiled.watch.level, score=1.0, why=why, spans=spans)


def _judge_pack(compiled: CompiledWatch, pack: Pack, page: Page) -> Match | None:
    evidence = weigh(pack, page)
    if evidence is None or evidence.score < pack.rules.digest:
        return None
    earned: Level = "alert" if evidence.is_strong(pack) and evidence.score >= pack.rules.alert else "digest"
    return Match(
        watch=compiled.watch.name,
        level="digest" if compiled.watch.level == "digest" else earned,
        score=round(evidence.score, 3),
        why=_why_of_pack(compiled, evidence, page),
        spans=_spans((hit for witness in evidence.witnesses for hit in witness.hits), page),
    )


def _spans(hits: Iterable[Hit], page: Page) -> tuple[Span, ...]:
    return tuple(page.span(mark) for mark in _marks(hits)[:MAX_SPANS])


def _marks(hits: Iterable[Hit]) -> list[Mark]:
    """The marks of all hits, in order, each place once."""
    by_place = {(mark.start, mark.end): mark for hit in hits for mark in hit.marks}
    return [by_place[place] for place in sorted(by_place)]


# ---- the reason in words --------------------------------------------------------------------------------------------


def _why_of_tree(compiled: CompiledWatch, marks: Sequence[Mark], spans: Sequence[Span], page: Page) -> str:
    if not marks:
        return f"satisfies {compiled.watch.query}"
    joiner = " near " if isinstance(compiled.tree, Near) else " and "
    return _joined([_name(mark, compiled.sets, page) for mark in marks], joiner) + " " + _where(spans)


def _why_of_pack(compiled: CompiledWatch, evidence: Evidence, page: Page) -> str:
    pair = [hit.marks[0] for hit in evidence.pair]
    spans = [page.span(mark) for mark in pair]
    joiner = " near " if len({span.field for span in spans}) == 1 else " and "
    reason = _joined([_name(mark, compiled.sets, page) for mark in pair], joiner) + " " + _where(spans)
    others = [w for w in evidence.witnesses if w.cue.terms.name not in {mark.term.set for mark in pair}]
    also = [_name(w.hits[0].marks[0], compiled.sets, page) for w in sorted(others, key=_weight, reverse=True)]
    reason = f"{reason}; also {_joined(also, ', ')}" if also else reason
    by_feed = " and ".join(half.name for half in evidence.halves if half.by_feed)
    return f"{reason}; its feed is about {by_feed}" if by_feed else reason


def _weight(witness: Witness) -> float:
    return witness.trust * max(witness.cue.weights.values())


def _name(mark: Mark, sets: Mapping[str, TermSet], page: Page) -> str:
    label = sets[mark.term.set].label if mark.term.set in sets else ""
    return f"{page.printed(mark)} ({label})" if label else page.printed(mark)


def _joined(names: list[str], joiner: str) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _MAX_NAMED
    return joiner.join(distinct[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _where(spans: Iterable[Span]) -> str:
    fields = dict.fromkeys(span.field for span in spans)
    return " and ".join(_FIELD_WORDS[field] for field in fields)


# ---- examples -------------------------------------------------------------------------------------------------------


def _failure(compiled: CompiledWatch, example: str, *, expected: bool) -> ExampleFailure | None:
    title, _, text = example.strip().partition("\n")
    page = Page(Document(id="example", title=title, text=text))
    match = _judge_pack(compiled, compiled.pack, page) if compiled.pack else _judge_tree(compiled, page)
    if (match is not None) == expected:
        return None
    why = f"matched: {match.why}" if match else _missing(compiled, page)
    return ExampleFailure(watch=compiled.watch.name, example=example, expected=expected, why=why)


def _in_words(node: Node) -> str:
    """A part of a query as its author knows it: "Flock or Ring", "raid within 5 words of farm"."""
    match node:
        case Or(parts=parts) | And(parts=parts):
            said = [_in_words(part) for part in parts[:_MAX_NAMED]] + ["…"] * (len(parts) > _MAX_NAMED)
            return (" or " if isinstance(node, Or) else " and ").join(said)
        case Not(part=part):
            return f"anything but {_in_words(part)}"
        case Near(left=left, right=right, distance=distance):
            return f"{_in_words(left)} within {distance} words of {_in_words(right)}"
        case AtLeast(count=count, part=part):
            return f"{_in_words(part)} at {count} places"
        case Within(where=where, part=part):
            return f"{_in_words(part)} in the {where}"
        case Attribute(name=name, value=value):
            return f"{name}:{value}"
        case TermSet(name=name):
            return f"@{name}"
        case Regex(pattern=pattern):
            return f"/{pattern}/"
        case _:
            return node.source


def _lacking(tree: Node, page: Page) -> str:
    """What of a query is not in the page, or is and must not be."""
    failing = [part for part in (tree.parts if isinstance(tree, And) else (tree,)) if find(part, page) is None]
    lacking = [_in_words(part) for part in failing if not isinstance(part, Not)]
    excluded = [_in_words(part.part) for part in failing if isinstance(part, Not)]
    said = [f"it lacks {' and '.join(lacking)}"] if lacking else []
    return "; ".join([*said, *(f"it has {part}, which the query excludes" for part in excluded)])


def _missing(compiled: CompiledWatch, page: Page) -> str:
    """Why a document that should match does not."""
    return shortfall(compiled.pack, page) if compiled.pack else _lacking(_tree_of(compiled), page)
