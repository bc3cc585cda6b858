"""The watches of feeds.yaml, their sets and their packs → compiled watches, or every fault with its place.

What lives here: what a watch of the file needs from the rest of it. What must not: the file's other blocks, and the
language itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from monitor.errors import ConfigError, Fault, QueryError
from monitor.model import Watch
from monitor.settings.feed_lists import FeedList, named_in
from monitor.settings.shape import File, SetBlock, WatchBlock
from monitor.settings.yaml_file import Faults
from monitor.watches import packs
from monitor.watches.matching import CompiledWatch, Compiler, ExampleFailure, failing_examples
from monitor.watches.pack import Pack, read_pack
from monitor.watches.tree import Term, TermSet, Word, term
from monitor.words.inflection import forms
from monitor.words.text import fold, words

MAX_FORMS = 1_000  # of one term: a Spanish verb has some sixty


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """The packs that the watches name, each read once, and the sets that queries may name: the file's and theirs."""

    packs: Mapping[str, Pack]
    faults: Mapping[str, tuple[Fault, ...]]  # of a pack that is a file and has faults of its own
    missing: Mapping[str, str]
    sets: Mapping[str, TermSet]


def read_beats(file: File, directory: Path, sets: Mapping[str, TermSet]) -> Beats:
    found: dict[str, Pack] = {}
    faults: dict[str, tuple[Fault, ...]] = {}
    missing: dict[str, str] = {}
    for name in dict.fromkeys(block.pack for block in file.watches if block.pack is not None):
        try:
            found[name] = _pack(name, directory)
        except ConfigError as error:
            faults[name] = error.faults
        except OSError as error:
            missing[name] = f"no shipped pack and no readable file: {error}; shipped packs are {one_of(packs.names())}"
    of_packs = {name: terms for pack in found.values() for name, terms in pack.sets.items()}
    return Beats(packs=found, faults=faults, missing=missing, sets=of_packs | dict(sets))


def _pack(name: str, directory: Path) -> Pack:
    """A shipped pack by its name, or a pack file by its path from the configuration."""
    if name in packs.names():
        return read_pack(packs.shipped(name), f"{name} (shipped)")
    path = directory / name
    return read_pack(path.read_text(encoding="utf-8"), str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWatch:
    """One watch of the file: compiled, or with what is wrong with it."""

    name: str
    compiled: CompiledWatch | None
    faults: tuple[Fault, ...]


def read_watches(
    file: File, lists: Sequence[FeedList], beats: Beats, faults: Faults, *, with_examples: bool
) -> Iterator[ReadWatch]:
    """Every watch of the file, in order. `with_examples`: one whose examples fail has a fault, too."""
    compiler, names = Compiler(beats.sets), _Names(file, lists)
    for index, block in enumerate(file.watches):
        before = len(faults.found)
        names.check(block, ("watches", index), faults)
        compiled = _compiled(block, ("watches", index), beats, compiler, faults)
        if compiled and with_examples:
            add_examples(index, _with_own_examples(compiled), faults)
        own = tuple(faults.found[before:])
        yield ReadWatch(name=block.name, compiled=None if own else compiled, faults=own)


def _with_own_examples(item: CompiledWatch) -> CompiledWatch:
    """Without those of a shipped pack: our tests hold them, and to try them again would take a tenth of each start."""
    if item.pack is None or item.watch.pack not in packs.names():
        return item
    return replace(item, pack=replace(item.pack, must_match=(), must_not_match=()))


class _Names:
    """The names that watches may use, and those that they bear. Looked up: a file may have a hundred thousand."""

    def __init__(self, file: File, lists: Sequence[FeedList]) -> None:
        self._recipients = {recipient.name for recipient in file.recipients}
        self._scopes = {name for feed in file.feeds for name in (feed.name, *feed.tags)}
        wanted = {name for watch in file.watches for name in watch.feeds} - self._scopes
        self._scopes |= named_in(lists, wanted)
        self._borne: set[str] = set()
        self._now = {watch.name for watch in file.watches}
        self._former: set[str] = set()

    def check(self, block: WatchBlock, place: tuple[str | int, ...], faults: Faults) -> None:
        """Note what is wrong with the names of a watch, once those before it were checked."""
        if block.name in self._borne:
            faults.add((*place, "name"), f"there is another watch called {block.name!r}")
        self._borne.add(block.name)
        for name in block.formerly:
            if name in self._now:
                faults.add(
                    (*place, "formerly"), f"a watch is called {name!r} now; expected a name that none has any more"
                )
            elif name in self._former:
                faults.add((*place, "formerly"), f"{name!r} stands twice; expected it with the one that was called so")
            self._former.add(name)
        for name in sorted(set(block.to) - self._recipients):
            expected = one_of(self._recipients)
            faults.add((*place, "to"), f"no recipient is called {name!r}; expected one of {expected}")
        for name in sorted(set(block.feeds) - self._scopes):
            faults.add((*place, "feeds"), f"no feed has the name or the tag {name!r}")


def _compiled(
    block: WatchBlock, place: tuple[str | int, ...], beats: Beats, compiler: Compiler, faults: Faults
) -> CompiledWatch | None:
    if (block.query is None) == (block.pack is None):
        faults.add(place, "expected either query: or pack:")
        return None
    if block.pack is not None and block.pack not in beats.packs:
        faults.found.extend(beats.faults.get(block.pack, ()))
        if block.pack in beats.missing:
            faults.add((*place, "pack"), beats.missing[block.pack])
        return None
    watch = Watch(
        name=block.name, formerly=block.formerly, query=block.query or "", pack=block.pack or "",
        level=block.level, busy=block.busy, urgent=block.urgent,
        remind=block.remind, recipients=block.to, feeds=block.feeds, languages=block.languages,
        must_match=block.must_match, must_not_match=block.must_not_match,
    )  # fmt: skip
    try:
        return compiler.compile(watch, beats.packs[block.pack] if block.pack else None)
    except QueryError as error:
        faults.add((*place, "query"), str(error))
        return None


def read_set(name: str, block: SetBlock, faults: Faults, tree: Mapping[str, Any]) -> TermSet:
    """A set with its terms, each in all the forms that the set asks for."""
    place = ("sets", name) if isinstance(tree["sets"][name], list) else ("sets", name, "terms")
    terms: list[Term] = []
    for index, source in enumerate(block.terms):
        try:
            exact = source.startswith("{") and source.endswith("}")  # as in a query: {Ring} is the firm, never a ring
            one = term(source.strip("{}") if exact else source, exact=exact, set_name=name)
            terms += _inflected(one, block) if block.forms else (one,)
        except ValueError as error:
            faults.add((*place, index), str(error))
    return TermSet(name=name, terms=tuple(dict.fromkeys(terms)))


def _inflected(one: Term, block: SetBlock) -> Iterator[Term]:
    """The term with each of its words in each of its forms; names in capitals and prefixes stay as they are."""
    heads = frozenset(head for source in block.terms for head in _heads(source))
    known = [forms(heads, language) for language in block.forms]
    choices = [
        (word,) if word.exact or word.prefix else tuple(_forms_of(word, head, known))
        for word, head in zip(one.words, _heads(one.source), strict=True)
    ]
    if prod(map(len, choices)) > MAX_FORMS:
        raise ValueError(f"{one.source!r} has more than {MAX_FORMS:,} forms: put its words into sets of their own.")
    for chosen in itertools.product(*choices):
        yield replace(one, words=chosen)


def _heads(source: str) -> list[str]:
    """The words of a term as a dictionary spells them: in lower case, with their accents."""
    return [source[start:end].lower() for start, end in words(source)]


def _forms_of(word: Word, head: str, known: Sequence[Mapping[str, tuple[str, ...]]]) -> Iterator[Word]:
    spelled = dict.fromkeys(fold(form) for of_language in known for form in of_language.get(head, (head,)))
    return (replace(word, folded=form) for form in spelled)


def add_examples(index: int, item: CompiledWatch, faults: Faults) -> None:
    """Note the examples of a watch that fail."""
    for failure in failing_examples(item):
        faults.add(_example_place(index, item.watch, failure), _broken_promise(failure))


def _broken_promise(failure: ExampleFailure) -> str:
    promise = "must match and does not" if failure.expected else "must not match and does"
    return f"{failure.example.strip()[:80]!r} {promise}: {failure.why}"


def _example_place(index: int, watch: Watch, failure: ExampleFailure) -> tuple[str | int, ...]:
    examples = watch.must_match if failure.expected else watch.must_not_match
    key = "must_match" if failure.expected else "must_not_match"
    if failure.example in examples:
        return ("watches", index, key, examples.index(failure.example))
    return ("watches", index, "pack")  # an example of the pack itself


def one_of(names: Iterable[str]) -> str:
    """The names that there are, for "expected one of …"."""
    return ", ".join(sorted(names)) or "nothing yet"
