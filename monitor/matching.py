"""Many watches × one document → matches, with the spans that made them.

What lives here: what a watch asks for beyond its tree (scope, level), the reason in words, and the examples that keep a
watch honest. What must not: the grammar (`query`), places in a text (`page`), the arithmetic of packs (`evidence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.errors import QueryError
from monitor.evidence import Evidence, Witness, weigh
from monitor.model import Document, FieldName, Level, Match, Span, Watch
from monitor.pack import Pack
from monitor.page import MAX_FIELD, Hit, Mark, Page, find
from monitor.query import parse
from monitor.routes import Clause, RouteIndex, clauses
from monitor.text import fold
from monitor.tree import And, Near, Node, Or, TermSet

__all__ = ["MAX_FIELD", "CompiledWatch", "ExampleFailure", "Matcher", "compile_watch", "failing_examples"]

MAX_SPANS = 500  # of one match, the first ones: who repeats a word 10,000 times need not be told of each
_MAX_NAMED = 4  # terms that `why` names; the spans hold them all
_FIELD_WORDS: dict[FieldName, str] = {"title": "in the title", "summary": "in the summary", "text": "in the text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledWatch:
    """A watch, ready: a tree or a pack, and what a document must hold to be looked at."""

    watch: Watch
    tree: Node | None
    pack: Pack | None
    sets: Mapping[str, TermSet]
    required: tuple[Clause, ...]  # words without which it cannot match


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFailure:
    """An example that does not do what its watch or pack promises."""

    watch: str
    example: str
    expected: bool  # True: must match
    why: str


def compile_watch(watch: Watch, pack: Pack | None, sets: Mapping[str, TermSet]) -> CompiledWatch:
    """A watch with its query read, or with its pack. QueryError for a query that cannot be used."""
    if pack is not None:
        return CompiledWatch(watch=watch, tree=None, pack=pack, sets=pack.sets, required=_required(pack))
    if not watch.query.strip():
        raise QueryError(f"The watch {watch.name} has neither a query nor a pack.", source=watch.query, start=0)
    tree = parse(watch.query, sets)
    return CompiledWatch(watch=watch, tree=tree, pack=None, sets=sets, required=clauses(tree))


class Matcher:
    """All watches, indexed. Built once; `match` has no state."""

    def __init__(self, compiled: Sequence[CompiledWatch]) -> None:
        self._compiled = tuple(compiled)
        self._index = RouteIndex([one.required for one in self._compiled])

    def match(self, document: Document) -> tuple[Match, ...]:
        """Every watch that the document satisfies, in the order of the watches."""
        page = Page(document)
        judged = (_judge(self._compiled[number], page) for number in self._index.candidates(page))
        return tuple(match for match in judged if match is not None)


def failing_examples(compiled: CompiledWatch) -> tuple[ExampleFailure, ...]:
    """The examples of a watch and of its pack that fail.

    The first line of an example is the title, what follows is the text. Feeds and languages in scope play no part.
    """
    holders = [one for one in (compiled.watch, compiled.pack) if one is not None]
    wanted = (_failure(compiled, example, expected=True) for one in holders for example in one.must_match)
    unwanted = (_failure(compiled, example, expected=False) for one in holders for example in one.must_not_match)
    return tuple(failure for failure in (*wanted, *unwanted) if failure is not None)


# ---- one watch × one document ---------------------------------------------------------------------------------------


def _judge(compiled: CompiledWatch, page: Page) -> Match | None:
    if not _in_scope(compiled.watch, page.document):
        return None
    return _judge_pack(compiled, compiled.pack, page) if compiled.pack else _judge_tree(compiled, page)


def _in_scope(watch: Watch, document: Document) -> bool:
    """A document whose language is not known is in scope of every language: better looked at than lost."""
    if not watch.feeds and not watch.languages:
        return True
    names = {fold(name) for name in (document.feed, *document.tags)}
    if watch.feeds and not any(fold(feed) in names for feed in watch.feeds):
        return False
    language = fold(document.language).replace("_", "-")
    wanted = (fold(one) for one in watch.languages)
    return not (watch.languages and language) or any(
        language == one or language.startswith(one + "-") for one in wanted
    )


def _judge_tree(compiled: CompiledWatch, page: Page) -> Match | None:
    assert compiled.tree is not None  # noqa: S101  # a compiled watch has a tree or a pack
    hits = find(compiled.tree, page)
    if hits is None:
        return None
    why = _why_of_tree(compiled, hits, page)
    return Match(watch=compiled.watch.name, level=compiled.watch.level, score=1.0, why=why, spans=_spans(hits, page))


def _judge_pack(compiled: CompiledWatch, pack: Pack, page: Page) -> Match | None:
    evidence = weigh(pack, page)
    if evidence is None or evidence.score < pack.rules.digest:
        return None
    earned: Level = "alert" if evidence.strong and evidence.score >= pack.rules.alert else "digest"
    return Match(
        watch=compiled.watch.name,
        level="digest" if compiled.watch.level == "digest" else earned,
        score=round(evidence.score, 3),
        why=_why_of_pack(compiled, evidence, page),
        spans=_spans((hit for witness in evidence.witnesses for hit in witness.hits), page),
    )


def _required(pack: Pack) -> tuple[Clause, ...]:
    """A pack needs a cue on each side, and support is none."""
    sides = [[cue.terms for cue in pack.cues if half in cue.weights and not cue.support] for half in pack.halves]
    return clauses(And(parts=tuple(Or(parts=tuple(side)) for side in sides)))


def _spans(hits: Iterable[Hit], page: Page) -> tuple[Span, ...]:
    return tuple(page.span(mark) for mark in _marks(hits)[:MAX_SPANS])


def _marks(hits: Iterable[Hit]) -> list[Mark]:
    """The marks of all hits, in order, each place once."""
    by_place = {(mark.start, mark.end): mark for hit in hits for mark in hit.marks}
    return [by_place[place] for place in sorted(by_place)]


# ---- the reason in words --------------------------------------------------------------------------------------------


def _why_of_tree(compiled: CompiledWatch, hits: list[Hit], page: Page) -> str:
    marks = _marks(hits)[:MAX_SPANS]
    if not marks:
        return f"satisfies {compiled.watch.query}"
    joiner = " near " if isinstance(compiled.tree, Near) else " and "
    return _joined([_name(mark, compiled.sets, page) for mark in marks], joiner) + " " + _where(marks, page)


def _why_of_pack(compiled: CompiledWatch, evidence: Evidence, page: Page) -> str:
    pair = [hit.marks[0] for hit in evidence.pair]
    joiner = " near " if len({page.span(mark).field for mark in pair}) == 1 else " and "
    reason = _joined([_name(mark, compiled.sets, page) for mark in pair], joiner) + " " + _where(pair, page)
    others = [w for w in evidence.witnesses if w.cue.terms.name not in {mark.term.set for mark in pair}]
    also = [_name(w.hits[0].marks[0], compiled.sets, page) for w in sorted(others, key=_weight, reverse=True)]
    return f"{reason}; also {_joined(also, ', ')}" if also else reason


def _weight(witness: Witness) -> float:
    return witness.trust * max(witness.cue.weights.values())


def _name(mark: Mark, sets: Mapping[str, TermSet], page: Page) -> str:
    label = sets[mark.term.set].label if mark.term.set in sets else ""
    return f"{page.printed(mark)} ({label})" if label else page.printed(mark)


def _joined(names: list[str], joiner: str) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _MAX_NAMED
    return joiner.join(distinct[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _where(marks: Sequence[Mark], page: Page) -> str:
    fields = list(dict.fromkeys(page.span(mark).field for mark in marks))
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


def _missing(compiled: CompiledWatch, page: Page) -> str:
    """Why a document that should match does not."""
    if compiled.pack is None:
        parts = compiled.tree.parts if isinstance(compiled.tree, And) else ()
        lacking = [number for number, part in enumerate(parts, 1) if find(part, page) is None]
        return f"part {lacking[0]} of the AND is not satisfied" if lacking else "the query is not satisfied"
    evidence = weigh(compiled.pack, page)
    if evidence is not None:
        return f"scores {evidence.score:.2f}, a digest needs {compiled.pack.rules.digest:.2f}"
    empty = [
        half
        for half in compiled.pack.halves
        if not any(find(cue.terms, page) for cue in compiled.pack.cues if half in cue.weights and not cue.support)
    ]
    return f"nothing of {' or '.join(empty)} is in it" if empty else "what is in it counts for nothing"
