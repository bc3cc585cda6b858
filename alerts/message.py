"""How one story is printed, and the messages that tell one story.

What lives here: a story report → a card of clean strings → subject, text, HTML and JSON. What must not: sending,
choosing who hears, and a clock; a message says when it was made because it was told.

Every word is said in the recipient's language, but for the words of others: headlines, names, watches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from alerts.cleaning import Piece, clean, one_line, pieces, safe_link, shortened, subject_line
from alerts.clock import local_time
from alerts.credit import is_within, origin_note, origin_sentence, spread_words
from alerts.languages.kept import retold
from alerts.languages.language import Language, language_of
from alerts.pages import render
from alerts.payload import MOST_LISTED, others_of, outlets_of, story_data, updates_of
from monitor.model import EditKind, EditNote, Message, Recipient, Relation, StoryMember, StoryReport

TITLE_LENGTH = 400
SENTENCE_LENGTH = 1200

_TURNS = frozenset({"reversed", "corrected", "withdrawn"})  # edits that are news of their own


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
    desk: str  # its page at the review desk, or ""
    desk_host: str


def compose_alert(
    report: StoryReport, *, recipient: Recipient, key: str, kind: Literal["alert", "update"], now: datetime
) -> Message:
    """The message that tells a story, or what is new in one told before. Never raises, whatever the report's words."""
    language = language_of(recipient.language)
    card = card_of(report, recipient)
    news = _newest(report) if kind == "update" else report.lead
    newest = card.lead if news is report.lead else _telling(news, recipient)
    facts = {
        "card": card,
        "kind": kind,
        "newest": newest,
        "recipient": clean(recipient.name),
        "within": is_within(report),
    }
    headline = f"{newest.title} — {newest.outlet}" if newest.outlet else newest.title
    return Message(
        key=key,
        kind=kind,
        subject=subject_line(f"{_kicker(news, language)}: {headline}" if kind == "update" else headline),
        text=render("alert.txt", facts, language, stop=recipient.stop),
        html=render("alert.html", facts, language, stop=recipient.stop),
        data=story_data(report, recipient),
        created_at=now,
        thread=f"story-{report.story_id}",
        link=newest.link,
        language=language.code,
        stop=recipient.stop,
    )


def compose_test(*, recipient: Recipient, key: str, now: datetime) -> Message:
    """A message that says that the way to a recipient works, and what will come on it."""
    language = language_of(recipient.language)
    facts = {
        "recipient": clean(recipient.name),
        "channel": clean(recipient.channel),
        "time": local_time(now, recipient),
        "digest": f"{recipient.digest_at:%H:%M} ({recipient.zone})" if recipient.digest_at else "",
    }
    return Message(
        key=key,
        kind="test",
        subject=language.words("Tipsheet test: this way out works"),
        text=render("test.txt", facts, language),
        html=render("test.html", facts, language),
        data={"recipient": facts["recipient"], "channel": facts["channel"]},
        created_at=now,
        language=language.code,
    )


def _newest(report: StoryReport) -> StoryMember:
    """The member that brought the latest news: an update, or a report that was corrected, turned round or withdrawn."""
    news = [(member.first_seen, member) for member in updates_of(report)]
    news += [
        (member.edit.at, member)
        for member in (report.lead, *report.members)
        if member.edit and member.edit.kind in _TURNS
    ]
    return max(news, key=lambda one: one[0], default=(report.first_seen, report.lead))[1]


def _kicker(news: StoryMember, language: Language) -> str:
    turn = _turn(news.edit.kind, language) if news.edit else ""
    return turn or language.words("Update")


# ---- a story as a card -----------------------------------------------------------------------------------------------


def card_of(report: StoryReport, recipient: Recipient) -> Card:
    """A report as the recipient reads it: clean words, local times, tellings sorted into news and spread."""
    language = language_of(recipient.language)
    names = [clean(name) for name in report.origin]
    return Card(
        watch=clean(report.watch),
        level=report.level,
        lead=_telling(replace(report.lead, relation="new"), recipient),  # what it is to others is said by the others
        title=pieces(report.lead.title or language.words("(untitled)"), report.title_marks, TITLE_LENGTH),
        sentence=pieces(report.sentence, report.marks, SENTENCE_LENGTH),
        origin=origin_sentence(names, origin_note(report, recipient), language),
        why=clean(retold(report.why, language)),
        updates=tuple(_telling(member, recipient) for member in updates_of(report)[-MOST_LISTED:]),
        others=tuple(_telling(member, recipient) for member in others_of(report)[:MOST_LISTED]),
        spread=_spread(report, language),
        desk=f"{recipient.desk}/stories/{report.story_id}" if recipient.desk else "",
        desk_host=urlsplit(recipient.desk).netloc,
    )


def _telling(member: StoryMember, recipient: Recipient) -> Telling:
    language = language_of(recipient.language)
    link, host = safe_link(member.link)
    notes = [_relation(member.relation, language)]
    if member.credits:
        names = language.listed(clean(name) for name in member.credits)
        notes.append(language.words("credits %(names)s", names=names))
    return Telling(
        outlet=clean(member.outlet or member.domain),
        title=shortened(one_line(member.title), TITLE_LENGTH) or language.words("(untitled)"),
        link=link,
        host=host,
        time=local_time(member.published or member.first_seen, recipient),
        note="; ".join(note for note in notes if note),
        edit=_edit_line(member.edit, recipient),
        changes=_changes(member.edit),
    )


def _relation(relation: Relation, language: Language) -> str:
    """What a telling is to the story; of one that began it or moves it on, nothing is said."""
    match relation:
        case "copy":
            return language.words("same text")
        case "rewrite":
            return language.words("retold")
        case "same-event":
            return language.words("own report")
        case _:
            return ""


def _edit_line(edit: EditNote | None, recipient: Recipient) -> str:
    if edit is None:
        return ""
    language = language_of(recipient.language)
    reworded = language.words("Headline changed") if edit.title else language.words("Text changed")
    return f"{_turn(edit.kind, language) or reworded} {local_time(edit.at, recipient)}"


def _turn(kind: EditKind, language: Language) -> str:
    match kind:
        case "withdrawn":
            return language.words("Withdrawn")
        case "corrected":
            return language.words("Corrected")
        case _:
            return ""


def _changes(edit: EditNote | None) -> tuple[Change, ...]:
    title = edit.title if edit else ()
    if sum(len(one.text) for one in title) > TITLE_LENGTH:  # a page of struck-out words tells nobody anything
        return ()
    return tuple(Change(kind=one.kind, text=clean(one.text)) for one in title)


def _spread(report: StoryReport, language: Language) -> str:
    others = others_of(report)
    said = spread_words(len(outlets_of(report)), same=bool(others), language=language)
    if len(others) <= MOST_LISTED:
        return said
    first, all_of_them = language.number(MOST_LISTED), language.number(len(others))
    return language.words(
        "%(spread)s; the first %(first)s of %(all)s reports", spread=said, first=first, all=all_of_them
    )
