"""Where a text names outlets: by name, by a short form that the text has introduced, as "the outlet".

What lives here: finding names and saying whose they are. What must not: whether an outlet is credited there
(`attribution`), or the list of outlets (`outlets`).

An outlet that is not on the list is found only where its name has the form of a newspaper's or a station's ("the Tulsa
Ledger"); it has no domain then, and its kind is UNLISTED.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from monitor.model import FieldName
from monitor.story.boilerplate import strike
from monitor.story.outlets import Outlet, Outlets
from monitor.words.regex import may_hold
from monitor.words.text import mask, sentences

UNLISTED = "unlisted"
_READ = 60_000  # characters of a field; no credit was ever seen so far down
_MOST_NAMES = 1_000  # in a document; who names more lists outlets and credits none
_NEAR_TOP = 4  # sentences of a text; what is told later is mostly background


@dataclass(frozen=True, slots=True)
class Passage:
    """One field of a document, with markup and boilerplate blanked and nothing moved."""

    text: str
    sentences: tuple[tuple[int, int], ...]

    def sentence(self, at: int) -> tuple[int, int]:
        return next(((start, end) for start, end in self.sentences if start <= at < end), (0, len(self.text)))

    def near_top(self, at: int) -> bool:
        return at < self.sentences[:_NEAR_TOP][-1][1]


def passage(text: str) -> Passage:
    """A field as it is given, made ready to be read for names."""
    clean = strike(mask(text[:_READ]))
    return Passage(clean, tuple(sentences(clean)) or ((0, len(clean)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOutlet:
    """A place where an outlet is named."""

    outlet: Outlet
    field: FieldName
    start: int
    end: int
    in_capitals: bool = False  # as WIRED prints itself: no word of the sentence


def named_outlets(
    passages: Mapping[FieldName, Passage], outlets: Outlets, publisher: Outlet | None
) -> list[NamedOutlet]:
    """All outlets that the fields of one document name, in order."""
    names = _names(outlets)
    found = [(field, match) for field, one in passages.items() for match in _named(one.text, names)][:_MOST_NAMES]
    opened = {names.full[match[0]].domain for _, match in found if match[0] in names.full}
    told: list[NamedOutlet] = []
    for field, match in found:
        last = told[-1].outlet if told else None
        outlet = _resolve(match[0], names, opened, publisher, last)
        if outlet is not None:
            capitals = match[0].isupper() and not passages[field].text.isupper()
            told.append(
                NamedOutlet(outlet=outlet, field=field, start=match.start(), end=match.end(), in_capitals=capitals)
            )
    return told


def named_in(line: str, outlets: Outlets) -> list[tuple[Outlet, int, int]]:
    """The outlets that a short line, such as an author's, names in full, and where."""
    names = _names(outlets)
    found = (match for match in names.pattern.finditer(strike(line)) if match[0] in names.full)
    return [(names.full[match[0]], match.start(), match.end()) for match in found]


def _named(text: str, names: _Names) -> list[re.Match[str]]:
    """Names of the list, and names that have the form of one; "Tucson Sentinel" is no short form of the Orlando one."""
    listed = list(names.pattern.finditer(text)) if names.may_stand_in(text) else []
    full = [match.span() for match in listed if match[0] in names.full]
    unlisted = [match for match in _UNLISTED.finditer(text) if _is_free(match.span(), full)]
    taken = [match.span() for match in unlisted]
    kept = [match for match in listed if match[0] in names.full or _is_free(match.span(), taken)]
    return sorted((*kept, *unlisted), key=lambda match: match.start())


def _is_free(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    """Whether a span overlaps none of `taken`, which are sorted and apart."""
    last = bisect_left(taken, (span[1], 0)) - 1
    return last < 0 or taken[last][1] <= span[0]


def _resolve(
    written: str, names: _Names, opened: set[str], publisher: Outlet | None, last: Outlet | None
) -> Outlet | None:
    """The outlet that a name means in this text; None where it could mean several."""
    if written.casefold() in _BACK_REFERENCES:
        return last
    owners = names.short.get(written, [])
    introduced = {outlet.domain: outlet for outlet in owners if outlet.domain in opened}
    if len(introduced) == 1:
        return next(iter(introduced.values()))
    if publisher is not None and publisher in owners:
        return publisher
    if written in names.full or owners:
        return names.full.get(written)
    return Outlet(name=written, domain="", kind=UNLISTED)


# ---- the names of a list --------------------------------------------------------------------------------------------

_BACK_REFERENCES = frozenset(
    [
        *("the outlet", "the publication", "the news outlet", "the newspaper", "the news agency", "the magazine"),
        *("the news site", "the news organization", "the website", "the nonprofit newsroom"),
        *("el medio", "el periódico", "el diario", "la revista", "la publicación", "el rotativo", "le journal"),
    ]
)

# "Tulsa Ledger", "Radio Frontera", "KXYZ-TV"; no word of agencies and gazettes of state, such as Register or Record.
_NEWSPAPER = (
    r"(?:Ledger|Gazette|Herald|Tribune|Times|Post|Journal|Observer|Chronicle|Courier|Dispatch|Sentinel|Examiner"
    r"|Inquirer|Telegraph|Bee|News|Newspaper|Sun|Globe|Beacon|Argus|Banner|Clarion|Picayune|Current|Free Press"
    r"|Public Radio|Public Media|Post-\w+|\w+-(?:Times|Tribune|News|Herald|Gazette|Journal|Press))"
)
_DAY = r"(?:The|A|An|In|On|By|And|But|According|Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)(?:day)?"
_WORD = rf"(?!{_DAY} )(?:St\.|[A-ZÁÉÍÓÚÑ][\w'’]*)"
_UNLISTED = re.compile(
    r"(?=[A-ZÁÉÍÓÚÑ])\b(?:"  # all forms begin with a capital, so that most places are left at once
    rf"(?:{_WORD} ){{1,3}}{_NEWSPAPER}(?![\w@-]| [A-Z])"
    rf"|(?:Radio|Diario|Noticias|Semanario|Periódico) (?:de |del |la |el ){{0,2}}{_WORD}(?: {_WORD}){{0,2}}"
    r"|[KW][A-Z]{2,3}-(?:TV|FM|AM)\b)"
)


class _Names:
    """The names of a list of outlets, ready to be found in a text."""

    def __init__(self, outlets: Outlets) -> None:
        self.full: dict[str, Outlet] = {}
        self.short: dict[str, list[Outlet]] = {}
        for outlet in reversed(outlets.all):
            for name in outlet.names:
                self.full.update(dict.fromkeys(_spellings(name), outlet))
        for outlet in outlets.all:
            for name in outlet.short_forms:
                for written in _spellings(name):
                    self.short.setdefault(written, []).append(outlet)
        back = {written for name in _BACK_REFERENCES for written in (name, name.capitalize())}
        all_names = {*self.full, *self.short} | back
        self.pattern = _alternation(all_names)
        self.may_stand_in = may_hold(all_names)


def _spellings(name: str) -> set[str]:
    """A name as printed, without its article, with a lower-case one, and in capitals."""
    article, _, rest = name.partition(" ")
    spelled = {name, name.upper()}
    if article.title() in ("The", "El", "La") and rest:
        spelled |= {f"{article.lower()} {rest}", f"{article.title()} {rest}"}
    if article == "The" and " " in rest:
        spelled.add(rest)
    return spelled


def _alternation(names: Iterable[str]) -> re.Pattern[str]:
    """Longest first, sorted under their initial: a text is read in one pass."""
    by_initial: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        by_initial.setdefault(name[0], []).append(re.escape(name[1:]))
    groups = (f"{re.escape(initial)}(?:{'|'.join(rests)})" for initial, rests in by_initial.items())
    initials = "".join(map(re.escape, by_initial))
    return re.compile(rf"(?=[{initials}])(?<![\w@/.-])(?:{'|'.join(groups)})(?![\w@]|-\w|\.\w)")


@cache
def _names(outlets: Outlets) -> _Names:
    return _Names(outlets)
