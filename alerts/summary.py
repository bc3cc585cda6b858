"""Messages about messages: what was gathered, what to know of Tipsheet itself, what nobody has acknowledged.

What lives here: values → subject, text, HTML and JSON, as in `message`, whose cards stand here at a line each. What
must not: choosing what is gathered, sending, and a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.cleaning import clean, subject_line
from alerts.clock import local_time
from alerts.digest import caveat, health_line, in_order_of_weight, once_each
from alerts.languages.kept import retold
from alerts.languages.language import Language, language_of
from alerts.message import card_of
from alerts.pages import render
from alerts.payload import story_data
from monitor.model import FeedHealth, Message, Recipient, StoryReport

LINES = 100  # stories in one message; the rest are counted, and `tipsheet stories` lists them
MAX_REMINDERS = 3


def compose_more(
    reports: Sequence[StoryReport], *, total: int, notices: Sequence[str], recipient: Recipient, key: str, now: datetime
) -> Message:
    """`total` stories at a line each, of which the reports hold the first `LINES` or more, and notices."""
    language = language_of(recipient.language)
    ranked = in_order_of_weight(once_each(reports))[:LINES]
    said = [clean(retold(notice, language)) for notice in notices]
    heading = _heading(total, language)
    facts = {
        "heading": heading,
        "cards": [card_of(report, recipient) for report in ranked],
        "unlisted": language.number(total - len(ranked)) if total > len(ranked) else "",
        "notices": said,
        "an_hour": recipient.an_hour,
        "recipient": clean(recipient.name),
    }
    return Message(
        key=key,
        kind="more",
        subject=subject_line(f"{heading}: {ranked[0].lead.title}" if ranked else said[0] if said else heading),
        text=render("more.txt", facts, language, stop=recipient.stop),
        html=render("more.html", facts, language, stop=recipient.stop),
        data={"total": total, "stories": [story_data(report, recipient) for report in ranked], "notices": said},
        created_at=now,
        language=language.code,
        stop=recipient.stop,
    )


def _heading(total: int, language: Language) -> str:
    if total:
        return language.counted("%(n)s more story", "%(n)s more stories", total)
    return language.words("Of Tipsheet itself")


def compose_notice(sentence: str, *, subject: str, recipient: Recipient, key: str, now: datetime) -> Message:
    """What somebody should know of Tipsheet itself, and what to do about it, both in the recipient's language."""
    language = language_of(recipient.language)
    facts = {"subject": clean(subject), "sentence": clean(sentence), "recipient": clean(recipient.name)}
    return Message(
        key=key,
        kind="notice",
        subject=subject_line(f"Tipsheet: {subject}"),
        text=render("notice.txt", facts, language, stop=recipient.stop),
        html=render("notice.html", facts, language, stop=recipient.stop),
        data={"sentence": facts["sentence"]},
        created_at=now,
        language=language.code,
        stop=recipient.stop,
    )


def compose_sign_of_life(health: FeedHealth, *, days: int, recipient: Recipient, key: str, now: datetime) -> Message:
    """What somebody is told who takes no digest, after so many days in which there was nothing to tell."""
    language = language_of(recipient.language)
    silence = language.counted("No news in %(n)s day", "No news in %(n)s days", days)
    at_work = language.words("Tipsheet is at work and found nothing for you.")
    said = (at_work, health_line(health, language), caveat(health, language, empty=True))
    return compose_notice(
        " ".join(part for part in said if part), subject=silence, recipient=recipient, key=key, now=now
    )


def compose_reminder(
    report: StoryReport, *, alert: int, sent_at: datetime, number: int, recipient: Recipient, key: str, now: datetime
) -> Message:
    """The `number`th reminder of the alert of that id, which was sent then and which nobody has acknowledged."""
    language = language_of(recipient.language)
    card = card_of(report, recipient)
    facts = {
        "card": card,
        "alert": alert,
        "sent": local_time(sent_at, recipient),
        "number": number,
        "of": MAX_REMINDERS,
        "recipient": clean(recipient.name),
    }
    return Message(
        key=key,
        kind="reminder",
        subject=subject_line(language.words("Reminder: %(headline)s", headline=card.lead.title)),
        text=render("reminder.txt", facts, language, stop=recipient.stop),
        html=render("reminder.html", facts, language, stop=recipient.stop),
        data=story_data(report, recipient) | {"alert": alert},
        created_at=now,
        thread=f"story-{report.story_id}",
        language=language.code,
        stop=recipient.stop,
    )
