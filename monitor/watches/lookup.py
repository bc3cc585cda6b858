"""A watch as a search in an archive: which words an entry must hold to match, and which words an entry holds.

What lives here: the two sides that a word index brings together. What must not: how it keeps them, and whether an entry
matches: its places decide that (`matching`). The index is asked for too much rather than for too little.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TypeAlias
from unicodedata import unidata_version

from monitor.model import Document, IndexedWords
from monitor.watches.matching import CompiledWatch, required
from monitor.watches.page import MAX_FIELD
from monitor.words.text import folded_words, mask

# Another number where words are found otherwise: what was indexed before is indexed anew.
RECIPE = f"1/{unidata_version}"

LONGEST = 200  # code points of a word that are kept: an index has its limits, and no word has more
MOST = 500_000  # bytes of an entry's different words: no article has a tenth of that, and an index may refuse twice it
ANYTHING = "\ue000"  # stands for all the words of an entry that has more; no word is written so

Clause: TypeAlias = tuple[str, ...]


def words_of(document: Document) -> IndexedWords:
    """The words that an entry holds, as a watch sees them."""
    title, body = (_distinct([document.title]), _distinct([document.summary, document.text]))
    if len("".join((*title, *body)).encode()) > MOST:
        title, body = (ANYTHING,), ()
    return IndexedWords(entry_id=int(document.id), title=title, body=body)


def clauses_of(compiled: CompiledWatch) -> tuple[Clause, ...]:
    """What every entry holds that the watch matches: one word of each clause, "deport*" being any that begins so.

    What is known about an entry beside its words is no word: a clause that such a fact may satisfy is left out.
    """
    worded = (clause for clause in required(compiled) if not any(":" in key for key in clause))
    return tuple(_asked(clause) for clause in worded)


def _distinct(fields: Iterable[str]) -> tuple[str, ...]:
    found = chain.from_iterable(folded_words(mask(field[:MAX_FIELD])) for field in fields)
    return tuple(dict.fromkeys(word[:LONGEST] for word in found))


def _asked(clause: Clause) -> Clause:
    return (*dict.fromkeys(map(_bounded, clause)), ANYTHING)


def _bounded(key: str) -> str:
    return f"{key[:LONGEST]}*" if key.endswith("*") and len(key) > LONGEST else key[:LONGEST]
