"""Who broke what a document tells, by its own words.

What lives here: the order in which phrases of credit are believed, and what follows for each outlet. What must not: the
phrases (`credit_phrases`), where outlets are named (`naming`), the list of outlets (`outlets`), who broke a story that
many documents tell (`origin`).

An outlet is credited only where its name stands in a phrase of credit: a name alone says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from monitor.model import Attribution, Credit, CreditField, Document, FieldName, Role
from monitor.story import document_sources
from monitor.story.credit_phrases import (
    APART,
    DATELINE,
    DATELINE_END,
    HEAD,
    HEAD_END,
    IN_PASSING,
    JOINED,
    OF_IT,
    OWNED,
    REPORTED,
    SIGNED,
    SIGNED_END,
    TAIL,
    TAIL_END,
    Strength,
    phrases_after,
    phrases_before,
)
from monitor.story.document_sources import papers_named
from monitor.story.links import linked_outlets
from monitor.story.naming import UNLISTED, NamedOutlet, Passage, named_in, named_outlets, passage
from monitor.story.outlets import Outlet, Outlets
from monitor.words.text import NOTHING

_FIELDS: tuple[str, ...] = get_args(CreditField)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A name in a phrase of credit."""

    name: NamedOutlet
    strength: Strength
    near_top: bool
    group: int  # outlets named together share it


# ---- phrases around a name ------------------------------------------------------------------------------------------

_BEFORE_READ, _AFTER_READ = 240, 120  # characters; a credit stands close to its name
_HEAD_READ = 300  # characters; above a dateline may stand a line or two
_BELIEVED: tuple[Strength, ...] = ("first", "passing", "strong", "quoted", "wire", "medium", "via")


def _claims(
    passages: Mapping[FieldName, Passage], named: list[NamedOutlet], publisher: Outlet | None
) -> Iterator[_Claim]:
    for number, group in enumerate(_grouped(passages, named)):
        first = group[0]
        strength = _strength(passages[first.field], group, publisher)
        if strength is not None:
            near_top = first.field != "text" or passages[first.field].near_top(first.start)
            yield from (_Claim(one, strength, near_top, number) for one in group)


def _grouped(passages: Mapping[FieldName, Passage], named: list[NamedOutlet]) -> list[list[NamedOutlet]]:
    """Names joined as in "the Guardian, +972 Magazine and Local Call": what is said of one is said of all."""
    groups: list[list[NamedOutlet]] = []
    for one in named:
        last = groups[-1][-1] if groups else None
        between = passages[one.field].text[last.end : one.start] if last else ""
        apart = between.startswith(",") and APART.match(passages[one.field].text[one.end :][:30])
        if last and last.field == one.field and JOINED.match(_plain(between)) and not apart:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _strength(passage: Passage, group: list[NamedOutlet], publisher: Outlet | None) -> Strength | None:
    """What the words around a group of names say; those before the first and after the last."""
    first, last = group[0], group[-1]
    start, end = passage.sentence(first.start)
    before = _plain(passage.text[max(start, first.start - _BEFORE_READ) : first.start])
    after = _plain(passage.text[last.end : min(max(end, last.end), last.end + _AFTER_READ)])
    if _is_wire(passage.text, first):
        return "wire"
    if IN_PASSING.match(after) or OWNED.search(before) or _is_masthead(before, first, publisher):
        return None
    if _signs_headline(before, after, first):
        return None if first.outlet is publisher else "strong"  # its own name beside a headline is but its signature
    behind = after.removeprefix(")") if before.endswith("(") else OF_IT.sub(" ", after)  # "the Union (ACLU) obtained …"
    behind = re.sub("^ +", " ", behind)
    return next((strength for strength in _BELIEVED if _is_said(strength, before, behind, first)), None)


def _is_said(strength: Strength, before: str, after: str, name: NamedOutlet) -> bool:
    """Whether the words before a name, or those after it, say so much of it."""
    if any(phrase.search(before) for phrase in phrases_before()[strength]):
        return True
    if name.outlet.kind == UNLISTED:
        return False  # only "first reported by the Tulsa Ledger" says that it is an outlet at all
    if strength == "medium":
        if name.outlet.is_word and not (before.strip() or name.in_capitals or REPORTED.match(after)):
            return False  # "Reason says …" at the head of a sentence may be about reason
        if name.outlet.kind != "agency" and any(phrase.search(before) for phrase in phrases_before()["wire"]):
            return True  # "con información de El País": no wire copy, but its finding
    return any(phrase.search(after) for phrase in phrases_after()[strength])


def _plain(piece: str) -> str:
    return re.sub(r"\s+", " ", piece.replace(NOTHING, ""))


def _is_wire(text: str, name: NamedOutlet) -> bool:
    """A dateline at the head of a text, or a signature at its end."""
    if name.outlet.kind != "agency" or name.field == "title":
        return False
    line, after = text[: name.start].rpartition("\n")[2], text[name.end :][:10]
    heads = name.start < _HEAD_READ and DATELINE.match(line) and DATELINE_END.match(after)
    return bool(heads or (SIGNED.search(line[-10:]) and SIGNED_END.match(after)))


def _is_masthead(before: str, name: NamedOutlet, publisher: Outlet | None) -> bool:
    """ "WSJ Exclusive: …", at the Journal: a headline that begins with its own outlet's name credits nobody."""
    return name.field == "title" and name.outlet is publisher and not before.strip()


def _signs_headline(before: str, after: str, name: NamedOutlet) -> bool:
    """A name at the end of a headline, or at its head with a colon. A name that is a word may be part of it."""
    if name.field != "title" or name.outlet.kind == UNLISTED:
        return False
    ends = TAIL.search(before) and TAIL_END.match(after)
    heads = HEAD.match(before) and HEAD_END.match(after)
    return bool((ends or heads) and not (name.outlet.is_word and not name.in_capitals))


# ---- deciding -------------------------------------------------------------------------------------------------------

_OF_A_FINDING: tuple[Strength, ...] = ("first", "strong", "medium", "via")
_RANK: tuple[Role, ...] = ("self", "origin", "wire", "relay", "quoted")


def attribute(document: Document, outlets: Outlets, *, content: str = "") -> Attribution:
    """Who is credited by a document, in which role, where; and from these, who broke what it tells.

    `content` is its text as HTML, where that is known: a link to another outlet's article credits it, if nothing else
    credits anybody. `origin` is empty where nobody is credited. Offsets are code points of the field as given.
    """
    fields: dict[FieldName, str] = {"title": document.title, "summary": document.summary, "text": document.text}
    passages = {field: passage(text) for field, text in fields.items() if text}
    publisher = _publisher(document, outlets)
    found = list(_claims(passages, named_outlets(passages, outlets, publisher), publisher))
    claims = [claim for claim in found if _is_creditable(claim)]
    leading = _leading(claims, publisher)
    given_to = [*_credits(claims, leading, publisher), *_byline(document.author, outlets, publisher)]
    if not any(credit.role in ("origin", "self") for credit in given_to):
        given_to += _linked(linked_outlets(content, outlets, publisher, published=document.published))
    best = _one_each(given_to)
    # "Documents obtained by the Guardian and +972 Magazine", in the Guardian: it broke the story with the others.
    jointly = any(claim.group == leading and claim.name.outlet is publisher for claim in claims)
    return Attribution(
        origin=_origin(best, jointly=jointly),
        credits=best,
        document_source=_document_source(found, passages.values()),
    )


def _document_source(claims: Iterable[_Claim], passages: Iterable[Passage]) -> tuple[str, ...]:
    """Groups whose finding it is said to be, then the papers that it rests on."""
    groups = (claim.name.outlet for claim in claims if claim.strength in ("first", "strong"))
    found = [group.name for group in groups if group.kind == "ngo"]
    return tuple(dict.fromkeys([*found, *papers_named(passages, document_sources.shipped())]))


def _publisher(document: Document, outlets: Outlets) -> Outlet | None:
    """The outlet that printed it: by its domain or name, else by its address."""
    return (
        outlets.find(document.outlet) or outlets.named(document.outlet) or outlets.find(outlets.domain_of(document.url))
    )


def _byline(author: str, outlets: Outlets, publisher: Outlet | None) -> Iterator[Credit]:
    """The agency that an author's line names, where another outlet printed its text."""
    for outlet, start, end in named_in(author, outlets):
        if outlet.kind == "agency" and outlet is not publisher:
            yield Credit(outlet=outlet.name, domain=outlet.domain, role="wire", field="author", start=start, end=end)


def _linked(linked: Sequence[Outlet]) -> Iterator[Credit]:
    """Where the first sentences link to the articles of one other outlet only, it is taken for their source."""
    for outlet in linked if len(linked) == 1 else ():
        if outlet.kind not in ("ngo", "aggregator"):
            yield Credit(outlet=outlet.name, domain=outlet.domain, role="origin", field="text", start=0, end=0)


def _is_creditable(claim: _Claim) -> bool:
    kind = claim.name.outlet.kind
    if claim.strength == "wire":
        return kind == "agency"
    if kind in ("aggregator", UNLISTED):
        return claim.strength in ("first", "strong")
    return kind != "ngo"


def _credits(claims: list[_Claim], leading: int | None, publisher: Outlet | None) -> Iterator[Credit]:
    for claim in claims:
        yield Credit(
            outlet=claim.name.outlet.name,
            domain=claim.name.outlet.domain,
            role=_role(claim, leading, publisher),
            field=claim.name.field,
            start=claim.name.start,
            end=claim.name.end,
        )


def _leading(claims: list[_Claim], publisher: Outlet | None) -> int | None:
    """The group of outlets whose finding it is: said to be first, else the earliest strong claim, else weaker ones."""
    others = [claim for claim in claims if claim.name.outlet is not publisher]
    for strength in _OF_A_FINDING:
        anywhere = strength in ("first", "strong")
        fitting = [claim for claim in others if claim.strength == strength and (claim.near_top or anywhere)]
        if fitting:
            return fitting[0].group
        if any(claim.strength == strength and claim.name.outlet is publisher for claim in claims):
            return None
    return None


def _role(claim: _Claim, leading: int | None, publisher: Outlet | None) -> Role:
    if claim.name.outlet is publisher:
        return "self"
    if claim.strength in ("quoted", "wire"):
        return "wire" if claim.strength == "wire" else "quoted"
    return "origin" if claim.group == leading else "relay"


def _one_each(found: Iterable[Credit]) -> tuple[Credit, ...]:
    """One credit for each outlet, in its highest role, where it is given first."""
    best: dict[str, Credit] = {}
    for credit in found:
        who = credit.domain or credit.outlet
        if who not in best or _RANK.index(credit.role) < _RANK.index(best[who].role):
            best[who] = credit
    return tuple(sorted(best.values(), key=lambda credit: (_FIELDS.index(credit.field), credit.start)))


def _origin(found: Sequence[Credit], *, jointly: bool) -> tuple[str, ...]:
    given, own, wire = ([one.domain for one in found if one.role == role] for role in ("origin", "self", "wire"))
    chosen = [*own, *given] if jointly else given or own or wire
    return tuple(domain for domain in chosen if domain)  # of an outlet that is not on the list none is known
