"""The daily digest: one page of what a recipient's watches found, and how well the feeds were heard.

What lives here: which story stands where on the page, and what is said when there is none. What must not: how one story
is printed (`message`), which stories belong to the day, and a clock.

A digest goes out on days without news too. Its last lines say how many feeds answered, so that silence means something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from alerts.message import Card, card_of, clean, safe_link, story_data, subject_line, templates
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
) -> Message:
    """The page of one local `day` for one recipient: best first, each story once. Sent even when there is no story.

    `changed` are tellings of stories told before that were edited since, each as the lead of a report; `near` are
    documents that came near a watch, with the reason why they are not its story.
    """
    ranked = in_order_of_weight(once_each(reports))
    facts = {
        "day": f"{day:%A} {day.day} {day:%B %Y}",
        "count": f"{_counted(len(ranked), 'story', 'stories')}." if ranked else "No story matched.",
        "sections": _sections(ranked, recipient),
        "changed": [card_of(report, recipient).lead for report in changed],
        "near": [_near_line(miss) for miss in near[:NEAR]],
        "health": _health_line(health),
        "caveat": _caveat(health, empty=not ranked),
        "notices": [clean(notice) for notice in health.notices],
        "failing": [(clean(name), clean(reason)) for name, reason in health.failing],
        "recipient": clean(recipient.name),
        "kind": "Weekly" if recipient.digest_on == "weekly" else "Daily",
    }
    return Message(
        key=key,
        kind="digest",
        subject=_subject(ranked, health, day),
        text=templates.get_template("digest.txt").render(facts),
        html=templates.get_template("digest.html").render(facts),
        data={
            "day": day.isoformat(),
            "stories": [story_data(report) for report in ranked],
            "changed": [story_data(report) for report in changed],
            "near": [_near_line(miss) for miss in near[:NEAR]],
            "feeds": {
                "total": health.total,
                "healthy": health.healthy,
                "failing": [[clean(name), clean(reason)] for name, reason in health.failing],
            },
            "notices": [clean(notice) for notice in health.notices],
        },
        created_at=now,
    )


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


def _near_line(miss: NearMiss) -> dict[str, str]:
    link, host = safe_link(miss.link)
    words = {"watch": miss.watch, "title": miss.title or "(untitled)", "outlet": miss.outlet, "why": miss.why}
    return {name: subject_line(text) for name, text in words.items()} | {"link": link, "host": host}


def _subject(ranked: Sequence[StoryReport], health: FeedHealth, day: date) -> str:
    when = f"{day:%A} {day.day} {day:%B}"
    if ranked:
        return subject_line(f"{_counted(len(ranked), 'story', 'stories')}, {when}: {ranked[0].lead.title}")
    return subject_line(f"No stories, {when}: {_health_line(health).rstrip('.')}")


def _health_line(health: FeedHealth) -> str:
    """ "412 of 420 feeds healthy, 8 failing." """
    if not health.total:
        return "No feeds are configured."
    line = f"{health.healthy} of {_counted(health.total, 'feed', 'feeds')} healthy"
    return f"{line}, {len(health.failing)} failing." if health.failing else f"{line}."


def _caveat(health: FeedHealth, *, empty: bool) -> str:
    """What the page's silence means, and what it cannot mean."""
    if health.failing or health.healthy < health.total:
        return "What the others published may be missing here."
    return "Silence means no news." if empty and health.total and not health.notices else ""


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
