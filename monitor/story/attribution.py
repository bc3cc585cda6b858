"""Who broke what a document tells, by its own words; who broke a story, by all of its documents.

What lives here: finding outlets where a phrase of credit names them, and the order in which phrases are believed. What
must not: the phrases (`credit_phrases`), the list of outlets (`outlets`), which documents make a story (`grouping`).

An outlet is credited only where its name stands in a phrase of credit: a name alone says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol, get_args

from monitor.model import Attribution, Credit, Document, FieldName, Role
from monitor.story.boilerplate import strike
from monitor.story.credit_phrases import (
    AFTER,
    BEFORE,
    DATELINE,
    DATELINE_END,
    JOINED,
    TAIL,
    TAIL_END,
    Strength,
)
from monitor.story.outlets import Outlet, Outlets
from monitor.words.text import NOTHING, mask, sentences

_FIELDS: tuple[FieldName, ...] = get_args(FieldName)
_READ = 60_000  # characters of a field; no credit was ever seen so far down
_NEAR_TOP = 4  # sentences of a text; what is told later is mostly background

# ---- names in a text ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mention:
    outlet: Outlet
    field: FieldName
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """A mention in a phrase of credit."""

    mention: _Mention
    strength: Strength
    near_top: bool
    group: int  # outlets named together share it


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
        self.pattern = _alternation({*self.full, *self.short} | _BACK_REFERENCES)


_BACK_REFERENCES = frozenset(
    [
        *("the outlet", "the publication", "the news outlet", "the newspaper", "the news agency", "the magazine"),
        *("el medio", "el periódico", "el diario", "la revista", "la publicación", "el rotativo"),
    ]
)


def _spellings(name: str) -> set[str]:
    """A name as printed, without its article, with a lower-case one, and in capitals."""
    article, _, rest = name.partition(" ")
    spelled = {name, name.upper()}
    if article in ("The", "El", "La", "the") and rest:
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
    return re.compile(rf"(?<![\w@/.-])(?:{'|'.join(groups)})(?![\w@]|-\w|\.\w)")


@cache
def _names(outlets: Outlets) -> _Names:
    return _Names(outlets)


def _mentions(pages: Mapping[FieldName, _Page], outlets: Outlets, publisher: Outlet | None) -> list[_Mention]:
    names = _names(outlets)
    found = [(field, match) for field, page in pages.items() for match in names.pattern.finditer(page.text)]
    opened = {names.full[match[0]].domain for _, match in found if match[0] in names.full}
    mentions: list[_Mention] = []
    for field, match in found:
        last = mentions[-1].outlet if mentions else None
        outlet = _resolve(match[0], names, opened, publisher, last)
        if outlet is not None:
            mentions.append(_Mention(outlet=outlet, field=field, start=match.start(), end=match.end()))
    return mentions


def _resolve(
    written: str, names: _Names, opened: set[str], publisher: Outlet | None, last: Outlet | None
) -> Outlet | None:
    """The outlet that a name means in this text; None where it could mean several."""
    if written in _BACK_REFERENCES:
        return last
    owners = names.short.get(written, [])
    introduced = {outlet.domain: outlet for outlet in owners if outlet.domain in opened}
    if len(introduced) == 1:
        return next(iter(introduced.values()))
    if publisher is not None and publisher in owners:
        return publisher
    return names.full.get(written)


# ---- phrases around a name ------------------------------------------------------------------------------------------

_BEFORE_READ, _AFTER_READ = 240, 120  # characters; a credit stands close to its name
_BELIEVED: tuple[Strength, ...] = ("first", "passing", "strong", "quoted", "wire", "medium")


@dataclass(frozen=True, slots=True)
class _Page:
    """One field of a document, with markup and boilerplate blanked and nothing moved."""

    text: str
    sentences: tuple[tuple[int, int], ...]

    def sentence(self, at: int) -> tuple[int, int]:
        return next(((start, end) for start, end in self.sentences if start <= at < end), (0, len(self.text)))

    def near_top(self, at: int) -> bool:
        return at < self.sentences[:_NEAR_TOP][-1][1]


def _page(text: str) -> _Page:
    clean = strike(mask(text[:_READ]))
    return _Page(clean, tuple(sentences(clean)) or ((0, len(clean)),))


def _claims(pages: Mapping[FieldName, _Page], mentions: list[_Mention], publisher: Outlet | None) -> Iterator[_Claim]:
    for number, group in enumerate(_grouped(pages, mentions)):
        page = pages[group[0].field]
        strength = _strength(page, group, publisher)
        if strength is not None:
            near_top = group[0].field != "text" or page.near_top(group[0].start)
            yield from (_Claim(mention, strength, near_top, number) for mention in group)


def _grouped(pages: Mapping[FieldName, _Page], mentions: list[_Mention]) -> list[list[_Mention]]:
    """Mentions joined as in "the Guardian, +972 Magazine and Local Call": what is said of one is said of all."""
    groups: list[list[_Mention]] = []
    for mention in mentions:
        last = groups[-1][-1] if groups else None
        between = pages[mention.field].text[last.end : mention.start] if last else ""
        if last and last.field == mention.field and JOINED.match(_plain(between)):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    return groups


def _strength(page: _Page, group: list[_Mention], publisher: Outlet | None) -> Strength | None:
    """What the words around a group of names say; those before the first and after the last."""
    first, last = group[0], group[-1]
    start, end = page.sentence(first.start)
    before = _plain(page.text[max(start, first.start - _BEFORE_READ) : first.start])
    after = _plain(page.text[last.end : min(max(end, last.end), last.end + _AFTER_READ)])
    if _is_wire(page.text[: first.start], page.text[last.end :][:10], first):
        return "wire"
    if _is_tail(before, after, first):
        return None if first.outlet is publisher else "strong"  # its own name after a headline is but its signature
    found = {strength for strength, phrase in BEFORE if phrase.search(before)}
    told = {strength for strength, phrase in AFTER if phrase.search(after)}
    if first.outlet.is_word and not before.strip():
        told -= {"medium"}  # "Reason says …" at the head of a sentence may be about reason
    return next((strength for strength in _BELIEVED if strength in found | told), None)


def _plain(piece: str) -> str:
    return re.sub(r"\s+", " ", piece.replace(NOTHING, ""))


def _is_wire(before: str, after: str, mention: _Mention) -> bool:
    agency = mention.outlet.kind == "agency" and mention.field != "title" and len(before) < 80
    return bool(agency and DATELINE.match(before) and DATELINE_END.match(after))


def _is_tail(before: str, after: str, mention: _Mention) -> bool:
    fits = mention.field == "title" and not mention.outlet.is_word
    return bool(fits and TAIL.search(before) and TAIL_END.match(after))


# ---- deciding -------------------------------------------------------------------------------------------------------

_RANK: tuple[Role, ...] = ("self", "origin", "wire", "relay", "quoted")


def attribute(document: Document, outlets: Outlets) -> Attribution:
    """Who is credited by a document, in which role, where; and from these, who broke what it tells.

    `origin` is empty where the text credits nobody. Offsets are code points of the field as given.
    """
    fields: dict[FieldName, str] = {"title": document.title, "summary": document.summary, "text": document.text}
    pages = {field: _page(text) for field, text in fields.items() if text}
    publisher = _publisher(document, outlets)
    mentions = _mentions(pages, outlets, publisher)
    claims = [claim for claim in _claims(pages, mentions, publisher) if _is_creditable(claim)]
    leading = _leading(claims, publisher)
    given_to = _one_each(_credits(claims, leading, publisher))
    # "Documents obtained by the Guardian and +972 Magazine", in the Guardian: it broke the story with the others.
    jointly = any(claim.group == leading and claim.mention.outlet is publisher for claim in claims)
    origin = _origin(given_to, jointly=jointly) or _byline(document.author, outlets, publisher)
    return Attribution(origin=origin, credits=given_to)


def _publisher(document: Document, outlets: Outlets) -> Outlet | None:
    """The outlet that printed it: by its domain or name, else by its address."""
    return (
        outlets.find(document.outlet) or outlets.named(document.outlet) or outlets.find(outlets.domain_of(document.url))
    )


def _byline(author: str, outlets: Outlets, publisher: Outlet | None) -> tuple[str, ...]:
    """The agency that an author's line names, where another outlet printed its text."""
    names = _names(outlets)
    named = [names.full[found[0]] for found in names.pattern.finditer(strike(author)) if found[0] in names.full]
    return tuple({outlet.domain: None for outlet in named if outlet.kind == "agency" and outlet is not publisher})


def _is_creditable(claim: _Claim) -> bool:
    kind = claim.mention.outlet.kind
    if claim.strength == "wire":
        return kind == "agency"
    return kind != "ngo" and (kind != "aggregator" or claim.strength in ("first", "strong"))


def _credits(claims: list[_Claim], leading: int | None, publisher: Outlet | None) -> Iterator[Credit]:
    for claim in claims:
        mention = claim.mention
        yield Credit(
            outlet=mention.outlet.name,
            domain=mention.outlet.domain,
            role=_role(claim, leading, publisher),
            field=mention.field,
            start=mention.start,
            end=mention.end,
        )


def _leading(claims: list[_Claim], publisher: Outlet | None) -> int | None:
    """The group of outlets whose finding it is: said to be first, else the earliest strong claim, else medium."""
    others = [claim for claim in claims if claim.mention.outlet is not publisher]
    for strength in ("first", "strong", "medium"):
        fitting = [claim for claim in others if claim.strength == strength and (claim.near_top or strength != "medium")]
        if fitting:
            return fitting[0].group
        if any(claim.strength == strength and claim.mention.outlet is publisher for claim in claims):
            return None
    return None


def _role(claim: _Claim, leading: int | None, publisher: Outlet | None) -> Role:
    if claim.mention.outlet is publisher:
        return "self"
    if claim.strength in ("quoted", "wire"):
        return "wire" if claim.strength == "wire" else "quoted"
    return "origin" if claim.group == leading else "relay"


def _one_each(found: Iterable[Credit]) -> tuple[Credit, ...]:
    """One credit for each outlet, in its highest role, where it is given first."""
    best: dict[str, Credit] = {}
    for credit in found:
        held = best.get(credit.domain)
        if held is None or _RANK.index(credit.role) < _RANK.index(held.role):
            best[credit.domain] = credit
    return tuple(sorted(best.values(), key=lambda credit: (_FIELDS.index(credit.field), credit.start)))


def _origin(found: Sequence[Credit], *, jointly: bool) -> tuple[str, ...]:
    given, own, wire = ([one.domain for one in found if one.role == role] for role in ("origin", "self", "wire"))
    return tuple([*own, *given] if jointly else given or own or wire)


# ---- the story as a whole -------------------------------------------------------------------------------------------


class Telling(Protocol):
    """What is asked of a member of a story."""

    @property
    def domain(self) -> str: ...
    @property
    def first_seen(self) -> datetime: ...
    @property
    def published(self) -> datetime | None: ...
    @property
    def attribution(self) -> Attribution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOrigin:
    """Who broke a story. `domains` is empty where nobody can be named; `note` is the evidence, in words."""

    domains: tuple[str, ...]
    note: str


def story_origin(members: Sequence[Telling], *, lead: timedelta = timedelta(minutes=30)) -> StoryOrigin:
    """Explicit credit, else a wire byline, else a clear lead; with none of them, only who was seen first is said.

    `lead` is how far one outlet must be ahead of all others, in its own time of publication and in ours of first sight,
    to be named without a credit: it should exceed the poll intervals of both.
    """
    told = sorted(members, key=lambda member: (member.first_seen, member.domain))
    if not told:
        return StoryOrigin(domains=(), note="nobody has told it yet")
    return _by_credit(told) or _by_own_word(told) or _by_wire(told) or _by_time(told, lead)


def _by_credit(members: Sequence[Telling]) -> StoryOrigin | None:
    """The outlets with the most credits; an outlet's credit counts once, however many articles repeat it."""
    given = _votes(members, "origin")
    votes = Counter(domain for domain, _ in given)
    if not votes:
        return None
    most = max(votes.values())
    chosen = tuple(domain for domain, count in votes.items() if count == most)
    credit = "outlet credits" if most == 1 else "outlets credit"
    others = len({voter for domain, voter in given if domain not in chosen and voter not in chosen})
    note = f"{most} {credit} {'it' if len(chosen) == 1 else 'each of them'}"
    return StoryOrigin(domains=chosen, note=f"{note}; {others} credit{'s' * (others == 1)} others" if others else note)


def _by_own_word(members: Sequence[Telling]) -> StoryOrigin | None:
    claimed = tuple(dict.fromkeys(domain for domain, _ in _votes(members, "self")))
    return StoryOrigin(domains=claimed, note="by its own account") if len(claimed) == 1 else None


def _by_wire(members: Sequence[Telling]) -> StoryOrigin | None:
    bylines = {
        (domain, each.domain) for each in members if not each.attribution.credits for domain in each.attribution.origin
    }
    wires = Counter(sorted(domain for domain, _ in bylines | _votes(members, "wire").keys()))
    if not wires:
        return None
    (domain, count), *_ = wires.most_common(1)
    return StoryOrigin(
        domains=(domain,), note=f"{count} outlet{'s' * (count > 1)} carr{'y' if count > 1 else 'ies'} its wire copy"
    )


def _votes(members: Sequence[Telling], role: Role) -> dict[tuple[str, str], None]:
    """Pairs of who is credited in this role, and by whom, each once, in order of first sight."""
    return {
        (credit.domain, member.domain): None
        for member in members
        for credit in member.attribution.credits
        if credit.role == role and (credit.domain in member.attribution.origin or role == "wire")
    }


def _by_time(members: Sequence[Telling], lead: timedelta) -> StoryOrigin:
    first = members[0]
    seen = f"first seen here {first.first_seen.astimezone(UTC):%H:%M} UTC"
    rivals = [member for member in members if member.domain != first.domain]
    if not rivals or any(_ahead(first, rival) < lead for rival in rivals):
        return StoryOrigin(domains=(), note=seen)
    ahead = min(_ahead(first, rival) for rival in rivals)
    minutes = int(ahead.total_seconds() // 60)
    return StoryOrigin(domains=(first.domain,), note=f"{seen}, {minutes} min before any other; nobody is credited")


def _ahead(first: Telling, rival: Telling) -> timedelta:
    """How long one was ahead of another by both clocks: the smaller lead; none without both times of publication."""
    if first.published is None or rival.published is None:
        return timedelta(0)
    return min(rival.first_seen - first.first_seen, rival.published - first.published)
