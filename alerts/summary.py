"""Messages about messages: what was gathered, what to know of Tipsheet itself, what nobody has acknowledged.

What lives here: values → subject, text, HTML and JSON, as in `message`, whose cards stand here at a line each. What
must not: choosing what is gathered, sending, and a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.digest import in_order_of_weight, once_each
from alerts.message import card_of, clean, local_time, story_data, subject_line, templates
from monitor.model import Message, Recipient, StoryReport

LINES = 100  # stories in one message; the rest are counted, and `tipsheet stories` lists them
MAX_REMINDERS = 3


def compose_more(
    reports: Sequence[StoryReport], *, total: int, notices: Sequence[str], recipient: Recipient, key: str, now: datetime
) -> Message:
    """`total` stories at a line each, of which the reports hold the first `LINES` or more, and notices."""
    ranked = in_order_of_weight(once_each(reports))[:LINES]
    said = [clean(notice) for notice in notices]
    heading = f"{total} more {'story' if total == 1 else 'stories'}" if total else "Of Tipsheet itself"
    facts = {
        "heading": heading,
        "cards": [card_of(report, recipient) for report in ranked],
        "unlisted": total - len(ranked),
        "notices": said,
        "an_hour": recipient.an_hour,
        "recipient": clean(recipient.name),
    }
    return Message(
        key=key,
        kind="more",
        subject=subject_line(f"{heading}: {ranked[0].lead.title}" if ranked else said[0] if said else heading),
        text=templates.get_template("more.txt").render(facts),
        html=templates.get_template("more.html").render(facts),
        data={"total": total, "stories": [story_data(report) for report in ranked], "notices": said},
        created_at=now,
    )


def compose_notice(sentence: str, *, subject: str, recipient: Recipient, key: str, now: datetime) -> Message:
    """What somebody should know of Tipsheet itself, and what to do about it."""
    facts = {"subject": clean(subject), "sentence": clean(sentence), "recipient": clean(recipient.name)}
    return Message(
        key=key,
        kind="notice",
        subject=subject_line(f"Tipsheet: {subject}"),
        text=templates.get_template("notice.txt").render(facts),
        html=templates.get_template("notice.html").render(facts),
        data={"sentence": facts["sentence"]},
        created_at=now,
    )


def compose_reminder(
    report: StoryReport, *, alert: int, sent_at: datetime, number: int, recipient: Recipient, key: str, now: datetime
) -> Message:
    """The `number`th reminder of the alert of that id, which was sent then and which nobody has acknowledged."""
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
        subject=subject_line(f"Reminder: {card.lead.title}"),
        text=templates.get_template("reminder.txt").render(facts),
        html=templates.get_template("reminder.html").render(facts),
        data=story_data(report) | {"alert": alert},
        created_at=now,
        thread=f"story-{report.story_id}",
    )
