"""How one story is printed, and the messages that tell one story.

What lives here: a story report → a card of clean strings → subject, text, HTML and JSON. What must not: sending,
choosing who hears, and a clock; a message says when it was made because it was told.

The words come from strangers. They are cleaned once, here, at the door: a control, a direction override or half a
character becomes one other character, so that the offsets of the marked terms stay true. The templates escape the rest.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.model import EditKind, EditNote, Message, Recipient, StoryMember, StoryReport

SUBJECT_LENGTH = 180  # code points; phones show 40, desks 80, and a headline that needs more is an attack
TITLE_LENGTH = 400
MOST_LISTED = 50  # tellings of one story in one message: mail servers refuse a megabyte, and nobody reads it
SENTENCE_LENGTH = 1200

_RELATIONS: Mapping[str, str] = {
    "new": "",
    "copy": "same text",
    "rewrite": "retold",
    "same-event": "own report",
    "update": "",
}

_EDITS: Mapping[EditKind, str] = {"withdrawn": "Withdrawn", "corrected": "Corrected"}  # else: what was reworded
_TURNS = frozenset({"reversed", "corrected", "withdrawn"})  # edits that are news of their own

_OVERRIDES = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def _wrapped(text: str, indent: str = "") -> str:
    """A paragraph of a plain-text mail; an address is never broken."""
    return textwrap.fill(
        text,
        width=72,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


templates = Environment(
    loader=PackageLoader("alerts"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
templates.filters["wrapped"] = _wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text, marked as a matching term or not."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stretch of a headline that was edited."""

    kind: Literal["kept", "gone", "added"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One outlet's telling, as printed."""

    outlet: str
    title: str
    link: str  # http or https, or ""
    host: str  # the host that `link` really leads to
    time: str  # in the recipient's zone
    note: str  # "same text; credits The Guardian", or ""
    edit: str = ""  # "Headline changed Tue 24 Nov, 14:10 GMT", or ""
    changes: tuple[Change, ...] = ()  # the headline against the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A story, as printed for one recipient: nothing left to compute in a template."""

    watch: str
    level: str
    lead: Telling
    title: tuple[Piece, ...]
    sentence: tuple[Piece, ...]
    origin: str  # "First reported by The Guardian; 6 outlets credit it."
    why: str
    updates: tuple[Telling, ...]  # what the story's outlets added later, oldest first
    others: tuple[Telling, ...]  # the other outlets' tellings, oldest first
    spread: str  # "Also in 6 outlets", or ""


def compose_alert(
    report: StoryReport, *, recipient: Recipient, key: str, kind: Literal["alert", "update"], now: datetime
) -> Message:
    """The message that tells a story, or what is new in one told before. Never raises, whatever the report's words."""
    card = card_of(report, recipient)
    news = _newest(report) if kind == "update" else report.lead
    newest = card.lead if news is report.lead else _telling(news, recipient)
    facts = {"card": card, "kind": kind, "newest": newest, "recipient": clean(recipient.name)}
    headline = f"{newest.title} — {newest.outlet}" if newest.outlet else newest.title
    return Message(
        key=key,
        kind=kind,
        subject=subject_line(f"{_kicker(news)}: {headline}" if kind == "update" else headline),
        text=templates.get_template("alert.txt").render(facts),
        html=templates.get_template("alert.html").render(facts),
        data=story_data(report),
        created_at=now,
        thread=f"story-{report.story_id}",
        link=newest.link,
    )


def compose_test(*, recipient: Recipient, key: str, now: datetime) -> Message:
    """A message that says that the way to a recipient works, and what will come on it."""
    facts = {
        "recipient": clean(recipient.name),
        "channel": clean(recipient.channel),
        "time": local_time(now, recipient),
        "digest": f"{recipient.digest_at:%H:%M} ({recipient.zone})" if recipient.digest_at else "",
    }
    return Message(
        key=key,
        kind="test",
        subject="Tipsheet test: this way out works",
        text=templates.get_template("test.txt").render(facts),
        html=templates.get_template("test.html").render(facts),
        data={"recipient": facts["recipient"], "channel": facts["channel"]},
        created_at=now,
    )


def _newest(report: StoryReport) -> StoryMember:
    """The member that brought the latest news: an update, or a report that was corrected, turned round or withdrawn."""
    news = [(member.first_seen, member) for member in report.members if member.relation == "update"]
    news += [
        (member.edit.at, member)
        for member in (report.lead, *report.members)
        if member.edit and member.edit.kind in _TURNS
    ]
    return max(news, key=lambda one: one[0], default=(report.first_seen, report.lead))[1]


def _kicker(news: StoryMember) -> str:
    return _EDITS.get(news.edit.kind, "Update") if news.edit else "Update"


# ---- a story as a card -----------------------------------------------------------------------------------------------


def card_of(report: StoryReport, recipient: Recipient) -> Card:
    """A report as the recipient reads it: clean words, local times, tellings sorted into news and spread."""
    updates, others = _updates(report), _others(report)
    return Card(
        watch=clean(report.watch),
        level=report.level,
        lead=_telling(replace(report.lead, relation="new"), recipient),  # what it is to others is said by the others
        title=pieces(report.lead.title or "(untitled)", report.title_marks, TITLE_LENGTH),
        sentence=pieces(report.sentence, report.marks, SENTENCE_LENGTH),
        origin=origin_sentence([clean(name) for name in report.origin], clean(report.origin_note)),
        why=clean(report.why),
        updates=tuple(_telling(member, recipient) for member in updates[-MOST_LISTED:]),
        others=tuple(_telling(member, recipient) for member in others[:MOST_LISTED]),
        spread=_spread(others, report.lead),
    )


def _telling(member: StoryMember, recipient: Recipient) -> Telling:
    link, host = safe_link(member.link)
    notes = [_RELATIONS[member.relation]]
    if member.credits:
        notes.append(f"credits {_listed([clean(name) for name in member.credits])}")
    return Telling(
        outlet=clean(member.outlet or member.domain),
        title=_shortened(_one_line(member.title), TITLE_LENGTH) or "(untitled)",
        link=link,
        host=host,
        time=local_time(member.published or member.first_seen, recipient),
        note="; ".join(note for note in notes if note),
        edit=_edit_line(member.edit, recipient),
        changes=_changes(member.edit),
    )


def _edit_line(edit: EditNote | None, recipient: Recipient) -> str:
    if edit is None:
        return ""
    what = _EDITS.get(edit.kind) or ("Headline changed" if edit.title else "Text changed")
    return f"{what} {local_time(edit.at, recipient)}"


def _changes(edit: EditNote | None) -> tuple[Change, ...]:
    title = edit.title if edit else ()
    if sum(len(one.text) for one in title) > TITLE_LENGTH:  # a page of struck-out words tells nobody anything
        return ()
    return tuple(Change(kind=one.kind, text=clean(one.text)) for one in title)


def origin_sentence(origin: Sequence[str], note: str) -> str:
    """Who broke it, with the evidence. Without a credit nobody is said to have broken anything."""
    names = _listed(origin)
    said = f"First reported by {names}" if names else "Nobody is credited with breaking it"
    return f"{said}; {note}." if note else f"{said}."


def _spread(others: Sequence[StoryMember], lead: StoryMember) -> str:
    said = spread_words(len(_outlets(others, but=lead)), same=bool(others))
    return f"{said}; the first {MOST_LISTED} of {len(others):,} reports" if len(others) > MOST_LISTED else said


def spread_words(outlets: int, *, same: bool) -> str:
    """How far a story spread: to how many other outlets, or else whether the `same` one told it again."""
    if outlets:
        return f"Also in {outlets} outlet{'s' if outlets > 1 else ''}"
    return "More at the same outlet" if same else ""


def _listed(names: Sequence[str]) -> str:
    """["A", "B", "C"] → "A, B and C"."""
    *most, last = names or [""]
    return f"{', '.join(most)} and {last}" if most else last


def story_data(report: StoryReport) -> dict[str, object]:
    """A report as JSON values: what a program on the other end of a webhook reads."""
    return {
        "story": report.story_id,
        "watch": clean(report.watch),
        "level": report.level,
        "score": report.score,
        "why": clean(report.why),
        "title": clean(report.lead.title),
        "sentence": clean(report.sentence),
        "marks": [list(mark) for mark in report.marks],
        "origin": [clean(name) for name in report.origin],
        "origin_note": clean(report.origin_note),
        "votes": [{"outlet": clean(vote.outlet), "by": [clean(name) for name in vote.by]} for vote in report.votes],
        "document_source": [clean(name) for name in report.document_source],
        "first_seen": _iso(report.first_seen),
        "lead": _member_data(report.lead),
        "members": [_member_data(member) for member in _told_of(report)],
        "reports": 1 + len(report.members),
        "outlets": len(_outlets(report.members, but=report.lead)),
        "rest": f"tipsheet stories show {report.story_id} --json"
        if len(report.members) > len(_told_of(report))
        else "",
    }


def _told_of(report: StoryReport) -> tuple[StoryMember, ...]:
    """The members that a message names, oldest first: a story of ten thousand copies would fill a receiver's disk."""
    named = {member.entry_id for member in (*_updates(report)[-MOST_LISTED:], *_others(report)[:MOST_LISTED])}
    return tuple(member for member in report.members if member.entry_id in named)


def _updates(report: StoryReport) -> list[StoryMember]:
    return [member for member in report.members if member.relation == "update"]


def _others(report: StoryReport) -> list[StoryMember]:
    return [member for member in report.members if member.relation != "update"]


def _outlets(members: Sequence[StoryMember], *, but: StoryMember) -> set[str]:
    """The outlets of those that spread a story, without the one that leads."""
    spread = {member.domain or member.outlet for member in members if member.relation != "update"}
    return spread - {but.domain or but.outlet}


def _member_data(member: StoryMember) -> dict[str, object]:
    return {
        "entry": member.entry_id,
        "outlet": clean(member.outlet),
        "domain": clean(member.domain),
        "title": clean(member.title),
        "link": safe_link(member.link)[0],
        "published": _iso(member.published) if member.published else None,
        "first_seen": _iso(member.first_seen),
        "relation": member.relation,
        "credits": [clean(name) for name in member.credits],
        "edit": _edit_data(member.edit),
    }


def _edit_data(edit: EditNote | None) -> dict[str, object] | None:
    if edit is None:
        return None
    before = "".join(one.text for one in edit.title if one.kind != "added")
    return {"kind": edit.kind, "at": _iso(edit.at), "title_before": clean(before) or None}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# ---- words, links and times of strangers -----------------------------------------------------------------------------


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
    return _shortened(_one_line(text), SUBJECT_LENGTH)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def safe_link(link: str) -> tuple[str, str]:
    """A link and the host it really leads to; ("", "") for anything that is not plain http or https."""
    link = re.sub(r"[\x00-\x20\x7f]", "", clean(link))
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return "", ""
    if parts.scheme not in {"http", "https"} or not host:
        return "", ""
    return link, host


def local_time(moment: datetime, recipient: Recipient) -> str:
    """ "Tue 24 Nov, 09:12 GMT", in the recipient's zone."""
    with suppress(OverflowError):  # a feed that dates its entries to the year 1 or 9999
        moment = moment.astimezone(zone_of(recipient))
    return f"{moment:%a} {moment.day} {moment:%b, %H:%M %Z}"


def zone_of(recipient: Recipient) -> ZoneInfo:
    """The recipient's zone; UTC where the name means nothing to this machine, because late is better than never."""
    try:
        return ZoneInfo(recipient.zone)
    except (OSError, ValueError, KeyError):
        return ZoneInfo("UTC")
