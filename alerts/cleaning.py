"""The words and links of strangers, made harmless at the door.

What lives here: a stranger's text → clean text on one line, cut at its marks; a link → the link and its host. What must
not: what is said with them. A control, a direction override or half a character becomes one other character,
so that the offsets of the marked terms stay true. The templates escape the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

SUBJECT_LENGTH = 180  # code points; phones show 40, desks 80, and a headline that needs more is an attack

# A link as nearly all are, of which nothing need be taken apart to know where it leads.
_PLAIN_LINK = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#][!-~]*)?")
_OVERRIDES = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text, marked as a matching term or not."""

    text: str
    marked: bool = False


def clean(text: str) -> str:
    """A stranger's words on one line, as long as before: controls, direction overrides and half characters replaced."""
    return "".join(_harmless(char) for char in text) if not text.isascii() or not text.isprintable() else text


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    if category in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(char) in _OVERRIDES:
        return " "
    return char


def pieces(text: str, marks: Sequence[tuple[int, int]], length: int) -> tuple[Piece, ...]:
    """A text cut at its marks, cleaned, and shortened to `length` code points. Marks outside the text are ignored."""
    text, shortened, found, at = clean(text), len(text) > length, list[Piece](), 0
    limit = length - 1 if shortened else len(text)
    for start, end in sorted(marks):
        start, end = max(start, at), min(end, limit)
        if start < end:
            found += [Piece(text=text[at:start]), Piece(text=text[start:end], marked=True)]
            at = end
    found.append(Piece(text=text[at:limit] + ("…" if shortened else "")))
    return tuple(piece for piece in found if piece.text)


def subject_line(text: str) -> str:
    """Clean, on one line, of bounded length."""
    return shortened(one_line(text), SUBJECT_LENGTH)


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def safe_link(link: str) -> tuple[str, str]:
    """A link and the host it really leads to; ("", "") for anything that is not plain http or https."""
    try:
        if plain := _PLAIN_LINK.fullmatch(link):
            return link, _in_ascii(plain[1])
        link = re.sub(r"[\x00-\x20\x7f]", "", clean(link))
        parts = urlsplit(link)
        host = _in_ascii(parts.hostname or "")
    except (ValueError, UnicodeError):
        return "", ""
    if parts.scheme not in {"http", "https"} or not host:
        return "", ""
    return link, host


@lru_cache(maxsize=8_192)  # a list leads to the same few hundred hosts again and again
def _in_ascii(host: str) -> str:
    """A host as its server is asked for. UnicodeError for what is none."""
    return host.encode("idna").decode("ascii")
