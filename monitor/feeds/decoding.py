"""Bytes of unknown encoding to text.

What lives here: which encodings are believed and in which order. What must not: anything that knows a feed format.

The order is by how hard a claim is to fake: a byte order mark, then bytes that are valid UTF-8 (no other encoding
yields them by accident), then what the server and the document say, then a statistical guess.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import chardet

from monitor.errors import ParseError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_STARTS = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)

# Python's codecs also know utf-7, unicode-escape and punycode, which turn harmless bytes into markup.
_BELIEVED = re.compile(
    r"ascii|utf-(8|16|32)(-[bl]e)?|iso8859-\d+|cp(437|125\d|932|949|950|85\d|866|874)|gb2312|gbk|gb18030"
    r"|big5(hkscs)?|euc_(jp|kr)|shift_jis\w*|iso2022_(jp|kr)\w*|koi8-[ru]|mac-\w+|tis-620|johab|hz|windows-125\d"
)
_ESCAPED = re.compile(r"iso2022_\w+|hz")  # written in ASCII alone, so they look like UTF-8
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254"}
_DAMAGED_UTF8 = "utf-8, damaged"
_SAMPLE = 200_000  # bytes shown to the statistical guess, which takes seconds for megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """`claimed` is what server or document said, where that was wrong; "" where it was right or silent."""

    text: str
    encoding: str
    claimed: str = ""
    damaged: bool = False  # some bytes belong to no encoding; U+FFFD stands for them


def decode(body: bytes, *, content_type: str = "") -> Decoded:
    """The text of a body. Raises ParseError("encoding") for a claim that is never believed."""
    body, marked = _without_mark(body)
    claims = _claims(body, content_type)
    for encoding in _candidates(body, marked, claims):
        if encoding == _DAMAGED_UTF8:
            return Decoded(text=body.decode("utf-8", "replace"), encoding="utf-8", damaged=True)
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return Decoded(text=text, encoding=encoding, claimed=_contradicted(claims, encoding, body))
    encoding = marked or (claims[0] if claims else "cp1252")
    return Decoded(text=body.decode(encoding, "replace"), encoding=encoding, claimed="", damaged=True)


def claims_utf8(body: bytes, *, content_type: str = "") -> bool:
    """Whether neither server nor document says anything else. Raises as `decode` does."""
    return all(claim == "utf-8" for claim in _claims(body, content_type))


def _without_mark(body: bytes) -> tuple[bytes, str]:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :], encoding
    start = body[:64].lstrip(b" \t\r\n")
    return body, next((encoding for prefix, encoding in _WIDE_STARTS if start.startswith(prefix)), "")


def _claims(body: bytes, content_type: str) -> list[str]:
    """What the server says, then what the document says, as Python's names of encodings."""
    header = _CHARSET.search(content_type)
    declared = _DECLARATION.match(body[:400])
    names = [header[1]] if header else []
    names += [declared[1].decode("ascii")] if declared else []
    known = [canonical for name in names if (canonical := _canonical(name))]
    refused = [name for name in known if not _BELIEVED.fullmatch(name)]
    if refused and not _plain(body):
        raise ParseError(
            "encoding", f"the body is declared as {refused[0]}, an encoding that is not read; expected UTF-8"
        )
    return [name for name in known if name not in refused]


def _canonical(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _plain(body: bytes) -> bool:
    """UTF-8 that is none of the escape tricks of UTF-7: the claim is wrong, and harmless."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"+ADw" not in body and b"\\u003c" not in body.lower()


def _candidates(body: bytes, marked: str, claims: list[str]) -> Iterator[str]:
    """Encodings worth trying, the surest first, each at most once by its last step."""
    if marked:
        yield marked
    yield from (claim for claim in claims if _ESCAPED.fullmatch(claim))
    yield "utf-8"
    if not marked and _mostly_utf8(body):
        yield _DAMAGED_UTF8
    yield from (_SUPERSETS.get(claim, claim) for claim in claims if _fits(claim))
    guess = _canonical(chardet.detect(body[:_SAMPLE])["encoding"] or "")
    if guess and _BELIEVED.fullmatch(guess):
        yield _SUPERSETS.get(guess, guess)


def _fits(claim: str) -> bool:
    """Wide encodings show by their zero bytes; as a mere claim they turn an eight-bit text into Chinese."""
    return not claim.startswith(("utf-16", "utf-32"))


def _contradicted(claims: list[str], encoding: str, body: bytes) -> str:
    """The first claim, where no claim was right and a reader could tell."""
    right = any(encoding == _SUPERSETS.get(claim, claim) or encoding.startswith(claim) for claim in claims)
    return "" if right or not claims or body.isascii() else claims[0]


def _mostly_utf8(body: bytes) -> bool:
    """UTF-8 cut inside a character, or with a few foreign bytes, is still UTF-8. Others rarely look like it."""
    text = body.decode("utf-8", "replace")
    losses = text.count("\ufffd")
    foreign = len(body) - len(body.decode("ascii", "ignore"))  # bytes outside ASCII
    return foreign > 4 * losses and losses <= 1 + len(text) // 100


def content_type(headers: Mapping[str, str]) -> str:
    """The Content-Type of a response, whatever the case of its header names."""
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")
