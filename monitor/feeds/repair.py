"""Almost-XML to XML: the faults of feeds that have one reading.

What lives here: text in, text out; what has no single reading (a stray end tag) stays as it is for a lenient parser.
What must not: any knowledge of what an element means.

The document type goes, and with it every entity bomb and every external entity: named references are resolved here,
from HTML's table and from plain-text declarations, so that no parser ever sees one.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos);)(?:(?:#(\d{1,9})|#[xX]([0-9A-Fa-f]{1,8})|([A-Za-z][\w.-]{0,40}));)?", re.ASCII
)
_NUMERIC = re.compile(r"&#(?:(\d{1,12})|[xX]([0-9A-Fa-f]{1,12}));")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z][\w.-]{0,40})\s+(?:\"([^\"%<]{0,100})\"|'([^'%<]{0,100})')\s*>")
_ROOT = re.compile(r"<[A-Za-z]")
_PROLOGUE = 65_536  # characters in which a document type is looked for
_XML_DECLARATION = re.compile(r"<\?xml\b[^>]*\?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a document. In CDATA, references are text."""

    text: str
    cdata: bool


def repair(text: str) -> str:
    """The document without its declaration, document type and forbidden characters; every reference one that XML knows.

    Line numbers stay as they were.
    """
    text, entities = _without_doctype(printable(text))
    text = _XML_DECLARATION.sub("", text, count=1)
    return "".join(piece.text if piece.cdata else _references(piece.text, entities) for piece in pieces(text))


def printable(text: str) -> str:
    """The text without the control characters that no XML document can hold."""
    return _FORBIDDEN.sub("", text)


def pieces(text: str) -> Iterator[Piece]:
    """The document cut at its CDATA sections, markers included. An unclosed one runs to the end."""
    position = 0
    while (start := text.find(_CDATA, position)) >= 0:
        yield Piece(text[position:start], cdata=False)
        end = text.find(_CDATA_END, start)
        if end < 0:
            yield Piece(text[start:] + _CDATA_END, cdata=True)
            return
        position = end + len(_CDATA_END)
        yield Piece(_real_characters(text[start:position]), cdata=True)
    yield Piece(text[position:], cdata=False)


def _without_doctype(text: str) -> tuple[str, dict[str, str]]:
    """The text with the document type blanked out, and the plain-text entities that it declared."""
    found = _DOCTYPE.search(text, 0, _PROLOGUE)
    if not found or _ROOT.search(text, 0, found.start()):
        return text, {}
    subset, end = text.find("[", found.start()), text.find(">", found.start())
    if 0 <= subset < end:
        closing = re.compile(r"\]\s*>").search(text, subset)
        end = closing.end() - 1 if closing else end
    if end < 0:
        return text, {}
    declaration = text[found.start() : end + 1]
    return text[: found.start()] + "\n" * declaration.count("\n") + text[end + 1 :], _declared(declaration)


def _declared(declaration: str) -> dict[str, str]:
    """Entities whose value is text without further references by name, first declaration first."""
    values: dict[str, str] = {}
    for name, double, single in _ENTITY.findall(declaration):
        value = double or single
        if not re.search(r"&(?!#)", value):
            values.setdefault(name, _NUMERIC.sub(_character, value))
    return values


def _references(text: str, entities: Mapping[str, str]) -> str:
    def resolved(found: re.Match[str]) -> str:
        decimal, hexadecimal, name = found.groups()
        if decimal or hexadecimal:
            return escape(_character(found))
        value = entities.get(name) or html.entities.html5.get(f"{name};")
        return escape(value) if value else f"&amp;{found[0][1:]}"

    return _REFERENCE.sub(resolved, text) if "&" in text else text


def _real_characters(text: str) -> str:
    """Inside CDATA a reference is HTML's business, except where no character has that number: parsers raise on it."""
    if "&#" not in text:
        return text
    return _NUMERIC.sub(lambda found: found[0] if _character(found) != "\ufffd" else "\ufffd", text)


def _character(found: re.Match[str]) -> str:
    """The character of a numeric reference, Windows' reading of 128 to 159 included; U+FFFD where there is none."""
    code = int(found[1]) if found[1] else int(found[2], 16)
    if 0x80 <= code < 0xA0:
        return bytes([code]).decode("cp1252", "replace")
    allowed = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return chr(code) if allowed else "\ufffd"
