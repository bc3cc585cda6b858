"""What two documents have in common: their address, their wording, their subject.

What lives here: a document → the values that can be compared with another's. What must not: memory of other documents
(`grouping` has it), or a decision.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

from monitor.model import Document
from monitor.story.address import same_address
from monitor.words.text import folded_words, placed_words

# ---- the wording ----------------------------------------------------------------------------------------------------

_RUN = 5  # words
_BITS = 0xFFFFFFFF  # of a run's hash: two texts of 400 words share one by chance in ten thousand pairs or so
_READ = 400  # words of each field: a copy shows itself long before, and memory grows with it
_WINDOW = 8  # runs; two texts that share 12 words in a row share an anchor (winnowing, Schleimer et al. 2003)
_WINDOW_FURTHER = 16
_OPENING = 48  # runs; whoever cuts an article short keeps its opening, so that further on half as many anchors do
_BOILERPLATE = re.compile(
    r"the post .{0,200}? appeared first on .*|la entrada .{0,200}? (?:apareció|se publicó) primero en .*"
    r"|(?:continue reading|read more|seguir leyendo|leer más)\W*$",
    re.IGNORECASE,
)
# A number, or a capital that does not merely open a sentence.
_FACT = re.compile(r"[\dA-ZÀ-ÖØ-Þ](?:(?<=\d)\d*(?:[.,]\d+)*|(?<=[\w,;)’'] [A-ZÀ-ÖØ-Þ])\w+)")
_FACTS_TO_JUDGE = 4
_RUNS_TO_JUDGE = 20
_PHRASES_TO_JUDGE = 0.2  # of the shorter text; with less in common they are no template
_FACTS_OF_COPY = 0.8  # of the share of words
_BOILERPLATE_HINTS = (" first on ", " primero en ", "continue reading", "read more", "seguir leyendo", "leer más")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The five-word runs of a document as hashes of 32 bits, and the few of them worth an index entry."""

    runs: array[int]  # sorted, each once; as "I"
    anchors: tuple[int, ...]
    title: str  # the folded title, where it is long enough to be nobody else's; else ""
    facts: array[int] = field(default_factory=lambda: array("I"))  # names and numbers below the title; sorted hashes

    def unindexed(self) -> Wording:
        """The same without anchors: an index has them."""
        return Wording(self.runs, (), self.title, self.facts)


def wording_of(document: Document) -> Wording:
    """Runs never cross from one field into the next: a headline means the same before any summary.

    A summary with which the text begins says nothing of its own.
    """
    summary = "" if document.text.startswith(document.summary) else document.summary
    parts = [_prose(part) for part in (document.title, summary, document.text)]
    streams = [_hashes(folded_words(part)[:_READ]) for part in parts if part]
    runs = set[int]().union(*streams)
    anchors = {anchor for stream in streams for anchor in _anchors(stream)}
    return Wording(array("I", sorted(runs)), tuple(sorted(anchors)), _title_key(document.title), _facts(parts[1:]))


def overlap(one: Wording, other: Wording) -> tuple[float, int]:
    """How much of the shorter wording the longer contains, 0 to 1, and in how many runs."""
    shared = len(_set_of(one).intersection(other.runs))
    shorter = min(len(one.runs), len(other.runs))
    return (shared / shorter if shorter else 0.0), shared


def overlap_below(one: Wording, other: Wording) -> float:
    """The same share of two wordings under one headline, without that headline's runs."""
    _, shared = overlap(one, other)
    of_title = runs_of_title(one)
    return max(shared - of_title, 0) / max(min(len(one.runs), len(other.runs)) - of_title, 1)


def runs_of_title(wording: Wording) -> int:
    return max(len(wording.title.split()) - _RUN + 1, 0)


def is_one_template(one: Wording, other: Wording, share: float) -> bool:
    """Whether two wordings share their phrases but not who, where and how many: two quakes, two stock reports.

    Text that was taken over, in whole or in part, brings its names and numbers along, in the same share.
    """
    shorter = min(len(one.facts), len(other.facts))
    if shorter < _FACTS_TO_JUDGE or share < _PHRASES_TO_JUDGE or min(len(one.runs), len(other.runs)) < _RUNS_TO_JUDGE:
        return False
    shared = len(set(one.facts).intersection(other.facts))
    return shared < _FACTS_OF_COPY * share * shorter


def are_of_one_template(one: Wording, other: Wording) -> bool:
    return is_one_template(one, other, overlap(one, other)[0])


def _facts(parts: Sequence[str]) -> array[int]:
    found = {fact.casefold() for part in parts for fact in _FACT.findall(part)}
    return array("I", sorted({crc32(fact.encode("utf-8", "replace")) for fact in found}))


@lru_cache(maxsize=2)  # a document is compared with a dozen others in turn
def _set_of(wording: Wording) -> frozenset[int]:
    return frozenset(wording.runs)


def _prose(part: str) -> str:
    part = part[: _READ * 12]
    lowered = part.lower()
    if any(hint in lowered for hint in _BOILERPLATE_HINTS):  # much sooner said than searched for
        part = _BOILERPLATE.sub("", part)
    return part


def _hashes(words: list[str]) -> list[int]:
    """Hashed by content: the `hash()` of a text differs from process to process, and a placement must not.

    That of a tuple of numbers does not, and is the fastest way from five words to one number.
    """
    numbers = list(map(crc32, " ".join(words).encode("utf-8", "replace").split(b" ")))
    runs = zip(*(numbers[start:] for start in range(_RUN)), strict=False)
    return [number & _BITS for number in map(hash, runs)]


def _anchors(stream: list[int]) -> list[int]:
    """A few of the runs of a text, such that two texts with a stretch in common have one of them in common."""
    rest = stream[_OPENING - _WINDOW :]
    return _winnow(stream[:_OPENING], _WINDOW) + (_winnow(rest, _WINDOW_FURTHER) if len(rest) > _WINDOW else [])


def _winnow(stream: list[int], window: int) -> list[int]:
    """The least of each `window` runs in a row, in place of comparing all."""
    least, at = 0, -1
    found = []
    for end in range(window, len(stream) + 1):
        if at < end - window:  # it has left the window
            least = min(stream[end - window : end])
            at = stream.index(least, end - window)
            found.append(least)
        elif stream[end - 1] < least:
            least, at = stream[end - 1], end - 1
            found.append(least)
    return found or ([min(stream)] if stream else [])


_OUTLET_TAIL = re.compile(r"\s+[-–—|]\s+[^-–—|]{2,30}$")


def _title_key(title: str) -> str:
    words = folded_words(_OUTLET_TAIL.sub("", title[:_LETTERS]))
    return " ".join(words) if sum(word not in STOP_WORDS for word in words) >= 3 else ""


# ---- the subject ----------------------------------------------------------------------------------------------------


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP_WORDS = _set(
    """
    a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't could couldn't did didn't do does doesn't doing don't down during each few for
    from further get gets got had has have having he her here here's hers herself him himself his how how's i if
    in into is isn't it it's its itself just let's may me might more most must my new no nor not now of off on
    once one only or other our out over own s said same say says she should so some such t than that that's the
    their them then there there's these they this those through to too two under until up us very via was wasn't
    we were what what's when where which while who who's whom why will with won't would you your amid among
    around back first last like make makes many much see since still take takes today week year years day days
    time news report reports update video watch live photo photos

    al algo ante antes asi aun aunque bajo bien cada como con contra cual cuando de del desde donde dos el ella
    ellas ellos en entre era eran es esa ese eso esta estaba estan este esto estos fue fueron ha habia han hasta
    hay la las le les lo los mas me mi mientras muy nada ni no nos o otra otro otros para pero poco por porque
    que quien se segun sea ser si sido sin sobre solo son su sus tambien tan tiene tienen toda todas todo todos
    tras tu un una uno unos y ya dice dijo ano anos dia dias hoy nuevo nueva informe noticias
    """
)


_Word = tuple[str, str, bool]  # folded; as written; whether it is a name


@lru_cache(maxsize=8)  # a document's title and body are each read for terms, for names and for their language
def _words(source: str) -> list[_Word]:
    return [
        (folded, written := source[start:end], not written.islower() and _is_name(source, start, written))
        for folded, start, end in placed_words(source)
    ]


_OPENERS = " \"'“‘¿¡("  # may stand between the end of a sentence and the first word of the next
_NEAR = 8  # characters; more of them hardly ever stand in a row


def _is_name(source: str, start: int, word: str) -> bool:
    """A capital inside a sentence, or a word that has capitals of its own (ICE, iOS, ImmigrationOS)."""
    if _has_own_capitals(word):
        return True
    if not word[0].isupper():
        return False
    before = source[max(start - _NEAR, 0) : start].rstrip(_OPENERS) or source[:start].rstrip(_OPENERS)
    return bool(before) and before[-1] not in ".!?:\n…"


def _has_own_capitals(word: str) -> bool:
    rest = word[1:]
    return not rest.islower() and any(map(str.isupper, rest))


_SPANISH = _set("el la los las de del que en un una por con para se su al como mas segun sobre entre tras y")
_ENGLISH = _set("the of to in and a for on with that is by at from its as after over it are was")

_BODY_WEIGHT = 0.5  # of a word of the summary; a word of the title has 1
_NAME_WEIGHT = 2.0  # of a name, by the weight of its place; in the title of many papers every word has a capital
_SHORT_NUMBER = 4  # digits; "5 dead" and "5 arrested" are not about the same 5
_BODY_WORDS = 80
_LETTERS = 2_000  # of a title, and of a body before its words are counted: no text is too long to be placed


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is about: terms with their weight in it, before any inverse frequency."""

    terms: Mapping[str, float]
    names: Mapping[str, float]  # the names and numbers among them: what survives translation
    headed: tuple[str, ...]  # terms: whom the headline names, and the body too if there is one
    language: str  # "en", "es", … or ""


def subject_of(document: Document) -> Subject:
    """Terms of the title and of the beginning of the summary, or of the text where there is no summary."""
    title, body = _sources(document)
    terms, headline = _weighed(body, _BODY_WEIGHT, _BODY_WEIGHT * _NAME_WEIGHT), _weighed(title, 1.0, 1.0)
    for term, weight in headline.items():
        terms[term] = max(weight, terms.get(term, 0.0))
    in_title, in_body = _proper(title, _is_title_case(title)), _proper(body, False)
    names = dict.fromkeys(sorted(_numbers(title, body) | in_title | in_body), 1.0)
    headed = tuple(sorted(headline.keys() & (in_body if body else in_title)))
    return Subject(terms, names, headed, document.language[:2].lower() or language_of(title, body))


@dataclass(frozen=True, slots=True)
class Traits:
    """All of a document that is compared with others': its address, its wording, its subject."""

    address: str
    wording: Wording
    subject: Subject


def traits_of(document: Document) -> Traits:
    return Traits(same_address(document.url), wording_of(document), subject_of(document))


def _sources(document: Document) -> tuple[str, str]:
    """What is read for the subject: the title, and the beginning of the body."""
    return document.title[:_LETTERS], " ".join((document.summary or document.text)[:_LETTERS].split()[:_BODY_WORDS])


def _weighed(source: str, plain: float, name: float) -> dict[str, float]:
    terms: dict[str, float] = {}
    for folded, _, is_name in _words(source):
        if term := _term(folded):
            weight = name if is_name else plain
            if len(term) < _SHORT_NUMBER and term.isdigit():
                weight /= 2
            if weight > terms.get(term, 0.0):
                terms[term] = weight
    return terms


@lru_cache(maxsize=50_000)
def _term(folded: str) -> str:
    """The term that a word stands for; "" for a word that every report has."""
    term = "" if folded in STOP_WORDS else stem(folded)
    return "" if term in STOP_WORDS else term


def printed(document: Document, terms: Collection[str]) -> str:
    """Terms of its subject as a document prints them, for a reader: "ice, palantir" → "Palantir, ICE"; at most four."""
    written: dict[str, str] = {}
    for source in _sources(document):
        for folded, word, _ in _words(source):
            written.setdefault(stem(folded), word)
    return ", ".join(written.get(term, term.lstrip("#")) for term in list(terms)[:4])


_CONTRACTION = re.compile(r"['’](?:s|ll|re|ve|d)?$")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light stem, English and Spanish: plurals and the commonest endings; never a real stemmer's guess."""
    if "'" in word or "’" in word:
        word = _CONTRACTION.sub("", word)
    if len(word) < 2 and not word.isdigit():
        return ""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            word = word[: -len(ending)]
            return word[:-1] if word[-1] == word[-2] and word[-1] not in "lsz" else word
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


_SCALE = {
    **dict.fromkeys(("thousand", "mil", "k"), 3),
    **dict.fromkeys(("million", "millones", "millón", "millon", "m", "mn"), 6),
    **dict.fromkeys(("billion", "bn", "b", "mil millones"), 9),
}
_NUMBER = re.compile(
    r"(?<![\w.,])(\d[\d.,]*)\s?(mil millones|thousand|million|billion|millones|mill[óo]n|mil|mn|bn|[kmb])?\b",
    re.IGNORECASE,
)
# Capitals that name nobody: that two reports are of a Monday makes them no acquaintances.
_CALENDAR = _set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september"
    " october november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec"
)
_PLAIN_CAPITALS = STOP_WORDS | _CALENDAR
# Names that every report writes in its own language.
_TRANSLATED = {
    "eeuu": "us",
    "usa": "us",
    "mexico": "mexico",
    "espana": "spain",
    "alemania": "germany",
    "francia": "france",
}


def _numbers(title: str, body: str) -> set[str]:
    """Numbers as both languages write them: "180,000", "180.000" and "180 mil" are one."""
    return {f"#{_value(found[1], found[2] or '')}" for found in _NUMBER.finditer(f"{title}\n{body}")}


def _proper(source: str, title_case: bool) -> set[str]:
    """Names by their capitals; where every word has one, only those with capitals of their own."""
    marked = {
        folded
        for folded, written, is_name in _words(source)
        if is_name and not written[0].isdigit() and (not title_case or _has_own_capitals(written))
    }
    return {term for folded in marked - _PLAIN_CAPITALS if (term := _TRANSLATED.get(folded) or stem(folded))}


def _is_title_case(title: str) -> bool:
    words = [written for _, written, _ in _words(title) if len(written) > 3]
    return sum(written[0].isupper() for written in words) > 0.7 * len(words)


def _value(digits: str, scale: str) -> str:
    whole = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).rstrip(".,").replace(",", ".")
    try:
        return f"{float(whole) * 10 ** _SCALE.get(scale.casefold(), 0):g}"
    except ValueError:
        return whole


def language_of(title: str, body: str) -> str:
    """ "en" or "es" by their little words, "" where neither shows."""
    words = [folded for folded, _, _ in (*_words(title), *_words(body))]
    spanish, english = (sum(word in few for word in words) for few in (_SPANISH, _ENGLISH))
    if spanish == english:
        return ""
    return "es" if spanish > english else "en"
