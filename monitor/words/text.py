"""The one meaning of "visible text" and of "a word", for matching, highlighting, grouping and search.

What lives here: markup → visible text, text → words with offsets, folding, sentences. What must not: what knows a
watch, a story or a feed.

Offsets never move. `mask` blanks markup out in place, so that a word of the masked text stands at the same offsets in
the text as given. Every pattern here is linear: no input, however hostile, makes a scan start again from the middle.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

NOTHING = "\0"  # stands in masked text where the reader sees nothing at all, not even a space
_REST = "\x01"  # stands for the rest of an entity behind the character that it writes

# Tags that do not interrupt a word: a browser shows "<b>I</b>CE" as ICE. All others separate.
_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup"
    "|time|tt|u|var|wbr"
)
_HIDING = "script|style|template"
_ATTRIBUTES = r"""(?:[\s/][^<>"']*+(?:"[^"<]*"[^<>"']*+|'[^'<]*'[^<>"']*+)*+)?"""
_ENTITY = r"&(?:(?:\#[0-9]{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});|nbsp|quot)"  # two are often left without an end
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_MARKUP = re.compile(
    rf"""(?P<unseen><!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>)
    |<(?P<hidden>{_HIDING})\b[^<>]*>.*?(?:</(?P=hidden)\s*>|\Z)
    |<[/!?]?(?P<tag>[a-z][a-z0-9:-]*){_ATTRIBUTES}>
    |<[/!?]?(?P<odd_tag>[a-z][a-z0-9:-]*)(?:[\s/][^<>]*)?>
    |(?P<cut_tag><[a-z][a-z0-9:-]*\s[^<>]*=[^<>]*(?=<|\Z))
    |(?P<entity>{_ENTITY})
    |(?P<invisible>[{_INVISIBLE}]+)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# The same tags and entities, for markup that holds nothing else; where there may be others, an odd one begins.
_PLAIN_TAG = re.compile(
    r"""<[/!?]?([a-zA-Z][a-zA-Z0-9:-]*+)(?:>|[\s/](?:[^<>"']*+(?:"[^"<]*+"|'[^'<]*+'))*+[^<>"']*+>)"""
)
_ODD_TAG = re.compile(r"<[/!?]?[a-z]", re.IGNORECASE)
_PLAIN_ENTITY = re.compile(_ENTITY, re.IGNORECASE)
_HIDING_TAG = re.compile(rf"(?:{_HIDING})\b")
_SPARE = re.compile(rf"[{_INVISIBLE}]|]]>")  # what is blanked out even where there is no tag and no entity
_UNSEEN = re.compile(
    rf"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<({_HIDING})\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)

# Scripts written without spaces: each character is a word, a term of several is a phrase.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# Marks that belong to a word though \w leaves them out: combining accents; Hebrew, Arabic and Indic vowel signs.
_MARKS = r"\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:(?![{_UNSPACED}])[\w{_MARKS}]\x01*)"
# A possessive belongs to no word ("ICE's" is ICE); any other apostrophe, and a hyphen, separates ("l'ICE", "ICE-run").
_WORD = re.compile(rf"({_LETTER}(?:\x00*{_LETTER})*|[{_UNSPACED}]\x01*)(?:['’]\x01*[sS]\b)?")
_PLAIN_WORD = re.compile(r"(\w+)(?:['’][sS]\b)?")  # the same, four times as fast, for a text without peculiarities
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
_TYPESET = (("’", "'"), ("‘", " "), ("“", " "), ("”", " "), ("–", " "), ("—", " "), ("…", " "), ("\u00a0", " "))
_SPACED = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
_PECULIAR = re.compile(rf"[{_UNSPACED}{_MARKS}\x00\x01]")
# Accents, Hebrew points, Arabic vowel signs and the stroke that only widens a word.
_ACCENTS = re.compile(r"[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]")

# All ends begin with one set of signs, so that the search leaps from one to the next.
_SENTENCE_END = re.compile(r"[.!?…。！？](?:(?<=[。！？])|[.!?…]*[\"'”’)»]*(?=\s|$))")
_NO_END = re.compile(  # a full stop after these ends no sentence: initials ("U.S.") and the press's usual abbreviations
    r"(?:\b[^\W\d_]|\b(?:mr|mrs|ms|dr|prof|inc|corp|co|ltd|gov|sen|rep|gen|lt|st|jr|sr|no|vs|sra?|dra?|uu|ee))\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 6


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `start:end` cut it from the text as given; `folded` has case and accents removed."""

    folded: str
    start: int
    end: int


def mask(markup: str) -> str:
    """The same text, of the same length, with markup blanked out and entities decoded in place.

    Spare places hold control characters, which `reading` takes out; a tag that separates words leaves white space.
    """
    if "<" not in markup and "&" not in markup and (markup.isascii() or not _SPARE.search(markup)):
        return markup
    return _MARKUP.sub(_blank, markup)


def visible_text(markup: str) -> str:
    """What a reader would see of an HTML fragment: tags gone, entities decoded, white space collapsed."""
    shown = _plainly_shown(markup)
    return " ".join(reading(mask(markup) if shown is None else shown).split())


def reading(masked: str) -> str:
    """A piece of masked text as a reader reads it: without what stands in place of markup."""
    return masked.replace(NOTHING, "").replace(_REST, "")


def unmask(masked: str) -> tuple[str, Sequence[int]]:
    """Masked text as a reader reads it, and where each of its code points stands in the masked text."""
    if NOTHING not in masked and _REST not in masked:
        return masked, range(len(masked))
    origins = [at for at, char in enumerate(masked) if char not in (NOTHING, _REST)]
    return reading(masked), origins


def fold(word: str) -> str:
    """Case and accents removed: "Detención" → "detencion"."""
    return word.lower() if word.isascii() else _fold_accents(word)


def composed(word: str) -> str:
    """One of the ways to write the same word: full-width letters, ligatures and combining accents as single letters."""
    return word if word.isascii() else unicodedata.normalize("NFKC", word)


def words(text: str) -> list[tuple[int, int]]:
    """Where each word of a text, masked or not, starts and ends, in code points."""
    spaced = _spaced(text)
    if spaced is None:
        pattern = _WORD if _PECULIAR.search(text) else _PLAIN_WORD
        return [found.span(1) for found in pattern.finditer(text)]
    return [(start, end) for _, start, end in _placed(spaced)]


def folded_words(text: str) -> list[str]:
    """The same words as `words` finds, folded: much faster where their places are not asked for."""
    spaced = _spaced(text)
    if spaced is not None:
        return spaced.split()
    if _PECULIAR.search(text):
        return [fold(reading(word)) for word in _WORD.findall(text)]
    return [fold(word) for word in _PLAIN_WORD.findall(text)]


def _spaced(text: str) -> str | None:
    """The words of a text folded and in place, all else made spaces, if it is ASCII but for typesetters' signs.

    So most texts are read in a third of the time that `_PLAIN_WORD` takes; None where only that, or `_WORD`, can tell.
    """
    if not text.isascii():
        for sign, plain in _TYPESET:
            text = text.replace(sign, plain)
    if not text.isascii() or NOTHING in text or _REST in text or "'s's" in (text := text.lower()):
        return None
    return (_POSSESSIVE.sub("  ", text) if "'s" in text else text).translate(_SPACED)


def _placed(spaced: str) -> Iterator[tuple[str, int, int]]:
    """The words that `_spaced` found, each with its start and its end."""
    at = 0
    for word in spaced.split(" "):
        end = at + len(word)
        if word:
            yield word, at, end
        at = end + 1


def tokens(text: str) -> list[Token]:
    """The words of a text, masked or not, in order, with their offsets in code points."""
    return [Token(word, start, end) for word, start, end in placed_words(text)]


def placed_words(text: str) -> list[tuple[str, int, int]]:
    """The same words as bare tuples: folded, start, end; for whoever reads many and keeps none."""
    spaced = _spaced(text)
    if spaced is not None:
        return list(_placed(spaced))
    return [(fold(reading(text[start:end])), start, end) for start, end in words(text)]


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence starts and ends."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text) if not _is_abbreviation(text, found.end())]
    starts = [0, *ends]
    return [(start, end) for start, end in zip(starts, [*ends, len(text)], strict=True) if text[start:end].strip()]


def _plainly_shown(markup: str) -> str | None:
    """`mask`'s reading, in a third of its time as no place is kept; None where there are odd tags."""
    if "<" not in markup and "&" not in markup and markup.isascii():
        return markup
    if not markup.isascii():
        for unseen in _INVISIBLE:
            markup = markup.replace(unseen, NOTHING)
    if "<!" not in markup and "]]>" not in markup and (shown := _without_tags(markup)) is not None:
        return shown
    parts = _UNSEEN.split(markup)  # text, the tag that hides what comes then or None for a comment, text
    texts = [_without_tags(part) for part in parts[::2]]  # no tag goes on behind a comment
    if None in texts:
        return None
    parts[::2] = texts
    parts[1::2] = ["\n" if hiding else "" for hiding in parts[1::2]]
    return "".join(parts)


def _without_tags(markup: str) -> str | None:
    if "<" not in markup and "&" not in markup:
        return markup
    pieces = _PLAIN_TAG.split(markup)  # text, a tag's name, text, a tag's name, text
    pieces[1::2] = map(_separator, pieces[1::2])
    shown = "".join(pieces)
    if "<" in shown and _ODD_TAG.search(shown):
        return None
    return _PLAIN_ENTITY.sub(_decoded, shown) if "&" in shown else shown


@lru_cache(maxsize=1024)
def _separator(name: str) -> str:
    """What a tag of this name leaves between the texts beside it: NOTHING, a line break, or an odd tag if it hides one.

    NOTHING, as a tag may stand inside what would else be an entity; a line break, as a block ends a paragraph.
    """
    name = name.lower()
    if _HIDING_TAG.match(name):
        return "<hiding"
    return NOTHING if _INLINE.fullmatch(name) else "\n"


def _decoded(entity: re.Match[str]) -> str:
    return _character(entity[0])


@lru_cache(maxsize=1024)
def _character(entity: str) -> str:
    """What an entity writes; a soft hyphen is as invisible as one that stands there itself."""
    shown = html.unescape(entity)
    return NOTHING if shown in _INVISIBLE else shown


def _blank(found: re.Match[str]) -> str:
    length = found.end() - found.start()
    if found["entity"]:
        shown = _character(found[0])
        return NOTHING * length if shown == NOTHING else shown.ljust(length, _REST)[:length]
    if found["unseen"] or found["invisible"]:
        return NOTHING * length
    name = (found["tag"] or found["odd_tag"] or "").lower()
    return NOTHING * length if _INLINE.fullmatch(name) else "\n".ljust(length)  # a line break: a block ends a paragraph


@lru_cache(maxsize=65_536)
def _fold_accents(word: str) -> str:
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold()))


def _is_abbreviation(text: str, end: int) -> bool:
    return bool(_NO_END.search(text, max(0, end - _LONGEST_ABBREVIATION), end)) and text[end:].strip() != ""
