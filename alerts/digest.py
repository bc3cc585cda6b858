"""The daily digest: one page of what a recipient's watches found, and how well the feeds were heard.

What lives here: which story stands where on the page, and what is said when there is none. What must not: how one story
is printed (`message`), which stories belong to the day, and a clock.

A digest goes out on days without news too. Its last lines say how many feeds answered, so that silence means something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from alerts.cleaning import clean, safe_link, subject_line
from alerts.clock import day_of
from alerts.credit import is_within
from alerts.history import History, month_of
from alerts.languages.kept import retold
from alerts.languages.language import Language, language_of
from alerts.message import Card, card_of
from alerts.pages import render
from alerts.payload import story_data
from monitor.model import FeedHealth, Message, Recipient, StoryReport

IN_FULL = 40
"""Stories told in full; the rest have a line each, so that a flood day stays a page that a mail program opens."""


NEAR = 3
"""Near misses on a page: enough to trust a watch by, too few to read instead of the news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A document that is not a watch's story, and why not."""

    watch: str
    title: str
    outlet: str
    link: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The stories of one watch."""

    watch: str
    full: tuple[Card, ...]
    brief: tuple[Card, ...]


def compose_digest(
    reports: Sequence[StoryReport],
    *,
    recipient: Recipient,
    health: FeedHealth,
    day: date,
    key: str,
    now: datetime,
    changed: Sequence[StoryReport] = (),
    near: Sequence[NearMiss] = (),
    history: History | None = None,
    alone: bool = False,
) -> Message:
    """The page of one local `day` for one recipient: best first, each story once. Sent even when there is no story.

    `changed` are tellings of stories told before that were edited since, each as the lead of a report; `near` are
    documents that came near a watch, with the reason why they are not its story; `history` is the month up to that day.
    `alone`: the HTML is a file of its own, and not a part of a mail.
    """
    language = language_of(recipient.language)
    ranked, health = in_order_of_weight(once_each(reports)), _in_words(health, language)
    misses = [_near_line(miss, language) for miss in near[:NEAR]]
    month, picture = month_of(history, key, language, alone=alone) if history else (None, "")
    facts = _page(ranked, recipient, health) | {
        "day": language.heading(day),
        "month": month,
        "changed": [card_of(report, recipient).lead for report in changed],
        "near": misses,
    }
    data = _data(ranked, recipient, health) | {
        "day": day.isoformat(),
        "month": _month_data(history),
        "changed": [story_data(report, recipient) for report in changed],
        "near": misses,
    }
    return Message(
        key=key,
        kind="digest",
        subject=_subject(ranked, health, day, language),
        text=render("digest.txt", facts, language, stop=recipient.stop),
        html=render("digest.html", facts, language, stop=recipient.stop),
        data=data,
        created_at=now,
        language=language.code,
        picture=picture,
        stop=recipient.stop,
    )


def _page(ranked: Sequence[StoryReport], recipient: Recipient, health: FeedHealth) -> dict[str, object]:
    """What the templates are told of the day's stories and the feeds."""
    language = language_of(recipient.language)
    return {
        "count": _count(len(ranked), language),
        "sections": _sections(ranked, recipient),
        "health": health_line(health, language),
        "caveat": caveat(health, language, empty=not ranked),
        "notices": health.notices,
        "ailing": [*health.failing, *_silent(health, recipient)],
        "recipient": clean(recipient.name),
        "weekly": recipient.digest_on == "weekly",
        "within": any(map(is_within, ranked)),
    }


def _data(ranked: Sequence[StoryReport], recipient: Recipient, health: FeedHealth) -> dict[str, object]:
    """The same as JSON values, in the recipient's language where it is words."""
    failing = [list(pair) for pair in health.failing]
    silent = [list(pair) for pair in _silent(health, recipient)]
    return {
        "stories": [story_data(report, recipient) for report in ranked],
        "feeds": {"total": health.total, "healthy": health.healthy, "failing": failing, "silent": silent},
        "notices": list(health.notices),
        "zone": recipient.zone,
    }


def _in_words(health: FeedHealth, language: Language) -> FeedHealth:
    """What is wrong, clean and in the reader's language."""
    return replace(
        health,
        notices=tuple(clean(retold(notice, language)) for notice in health.notices),
        failing=tuple((clean(name), clean(retold(reason, language))) for name, reason in health.failing),
    )


def _silent(health: FeedHealth, recipient: Recipient) -> Iterator[tuple[str, str]]:
    """Name of a feed that answers and brings nothing, and since when."""
    language = language_of(recipient.language)
    for name, since in health.silent:
        yield clean(name), language.words("nothing new since %(day)s", day=day_of(since, recipient))


def once_each(reports: Iterable[StoryReport]) -> list[StoryReport]:
    """Each story once. Two watches that found the same one share its place, and both their names stand there."""
    kept: dict[int, StoryReport] = {}
    for report in reports:
        known = kept.get(report.story_id)
        if known is None:
            kept[report.story_id] = report
        elif report.watch != known.watch:
            better, other = sorted((known, report), key=_weight)
            kept[report.story_id] = replace(better, why=f"{better.why}; and for the watch “{other.watch}”: {other.why}")
    return list(kept.values())


def in_order_of_weight(reports: Iterable[StoryReport]) -> list[StoryReport]:
    """What matters first: alerts before the rest, then what many outlets tell, then the surer match, then the newer."""
    return sorted(reports, key=_weight)


def _weight(report: StoryReport) -> tuple[bool, int, float, float]:
    """Sorts the weightier report first."""
    outlets = {member.domain or member.outlet for member in (report.lead, *report.members)}
    return (report.level != "alert", -len(outlets), -report.score, -report.first_seen.timestamp())


def _sections(ranked: Sequence[StoryReport], recipient: Recipient) -> tuple[Section, ...]:
    """Watches in the order of their best story, each with its stories in order."""
    places: dict[str, list[tuple[int, StoryReport]]] = {}
    for place, report in enumerate(ranked):
        places.setdefault(report.watch, []).append((place, report))
    return tuple(
        Section(
            watch=clean(watch),
            full=tuple(card_of(report, recipient) for place, report in found if place < IN_FULL),
            brief=tuple(card_of(report, recipient) for place, report in found if place >= IN_FULL),
        )
        for watch, found in places.items()
    )


def _month_data(history: History | None) -> dict[str, object] | None:
    if history is None:
        return None
    rows = {clean(watch): list(counts) for watch, counts in history.rows.items()}
    return {"first": history.first.isoformat(), "last": history.last.isoformat(), "stories": rows}


def _near_line(miss: NearMiss, language: Language) -> dict[str, str]:
    link, host = safe_link(miss.link)
    title, why = miss.title or language.words("(untitled)"), retold(miss.why, language)
    words = {"watch": miss.watch, "title": title, "outlet": miss.outlet, "why": why}
    return {name: subject_line(text) for name, text in words.items()} | {"link": link, "host": host}


def _count(stories: int, language: Language) -> str:
    if stories:
        return language.counted("%(n)s story.", "%(n)s stories.", stories)
    return language.words("No story matched.")


def _subject(ranked: Sequence[StoryReport], health: FeedHealth, day: date, language: Language) -> str:
    when = language.dated("EEEE d MMMM", day)
    if ranked:
        counted = language.counted("%(n)s story, %(day)s", "%(n)s stories, %(day)s", len(ranked), day=when)
        return subject_line(f"{counted}: {ranked[0].lead.title}")
    return subject_line(f"{language.words('No stories, %(day)s', day=when)}: {health_words(health, language)}")


def health_line(health: FeedHealth, language: Language) -> str:
    """ "412 of 420 feeds healthy, 8 failing." """
    return f"{health_words(health, language)}."


def health_words(health: FeedHealth, language: Language) -> str:
    if not health.total:
        return language.words("No feeds are configured")
    healthy, failing, silent = language.number(health.healthy), len(health.failing), len(health.silent)
    said = language.counted(
        "%(healthy)s of %(n)s feed healthy", "%(healthy)s of %(n)s feeds healthy", health.total, healthy=healthy
    )
    if failing:
        said += ", " + language.counted("%(n)s failing", "%(n)s failing", failing)
    if silent:
        said += ", " + language.counted("%(n)s silent", "%(n)s silent", silent)
    return said


def caveat(health: FeedHealth, language: Language, *, empty: bool) -> str:
    """What the page's silence means, and what it cannot mean."""
    if health.failing or health.silent or health.healthy < health.total:
        return language.words("What the others published may be missing here.")
    silent = empty and health.total and not health.notices
    return language.words("Silence means no news.") if silent else ""
