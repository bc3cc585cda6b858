"""A watch as a search in an archive: which words an entry must hold to match, and which words an entry holds.

What lives here: the two sides that a word index brings together. What must not: how it keeps them, and whether an entry
matches: its places decide that (`matching`). The index is asked for too much rather than for too little.
"""

from __future__ import annotations

from itertools import chain
from unicodedata import unidata_version

from monitor.model import Document, IndexedWords
from monitor.watches.matching import CompiledWatch, required
from monitor.watches.page import MAX_FIELD
from monitor.watches.routes import Clause
from monitor.words.text import folded_words, mask

# Another number where words are found otherwise: what was indexed before is indexed anew.
RECIPE = f"1/{unidata_version}"


def words_of(document: Document) -> IndexedWords:
    """The words that an entry holds, as a watch sees them."""
    title, body = _distinct(document.title), _distinct(document.summary, document.text)
    return IndexedWords(entry_id=int(document.id), title=title, body=body)


def clauses_of(compiled: CompiledWatch) -> tuple[Clause, ...]:
    """What every entry holds that the watch matches: one word of each clause, "deport*" being any that begins so.

    What is known about an entry beside its words is no word: a clause that such a fact may satisfy is left out.
    """
    return tuple(clause for clause in required(compiled) if not any(":" in key for key in clause))


def _distinct(*fields: str) -> tuple[str, ...]:
    found = chain.from_iterable(folded_words(mask(field[:MAX_FIELD])) for field in fields)
    return tuple(dict.fromkeys(found))
