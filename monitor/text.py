"""The one meaning of "visible text" and of "a word", for matching, highlighting, grouping and search.

What lives here: markup → visible text, text → words with offsets, folding, sentences. What must not: anything that knows a
watch, a story or a feed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bs4 import BeautifulSoup

_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `start:end` cut it from the text as given; `folded` has case and accents removed."""

    folded: str
    start: int
    end: int


def visible_text(markup: str) -> str:
    """What a reader would see of an HTML fragment: tags gone, entities decoded, white space collapsed."""
    if "<" not in markup and "&" not in markup:
        return " ".join(markup.split())
    return " ".join(BeautifulSoup(markup, "lxml").get_text(" ").split())


def fold(word: str) -> str:
    """Case and accents removed: "Detención" → "detencion"."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def tokens(text: str) -> list[Token]:
    """The words of a text, in order, with their offsets in code points."""
    return [Token(fold(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence starts and ends."""
    ends = [found.end() for found in re.finditer(r"[.!?…]+[\"'”’)]*(?=\s|$)", text)]
    starts = [0, *ends]
    return [(start, end) for start, end in zip(starts, [*ends, len(text)], strict=True) if text[start:end].strip()]
