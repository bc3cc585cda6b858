"""A story as JSON values: what a program on the other end of a webhook reads.

What lives here: a report → its data. What must not: how it is sent, and what a reader is shown. Words that are meant
for people are in the recipient's language; names, kinds and times are the same in all.
"""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.cleaning import clean, safe_link
from alerts.credit import origin_note
from alerts.languages.kept import retold
from alerts.languages.language import language_of
from monitor.model import EditNote, Recipient, StoryMember, StoryReport

MOST_LISTED = 50  # tellings of one story in one message: mail servers refuse a megabyte, and nobody reads it


def story_data(report: StoryReport, recipient: Recipient) -> dict[str, object]:
    """A report as JSON values."""
    told = told_of(report)
    return {
        "story": report.story_id,
        "watch": clean(report.watch),
        "level": report.level,
        "score": report.score,
        "why": clean(retold(report.why, language_of(recipient.language))),
        "title": clean(report.lead.title),
        "sentence": clean(report.sentence),
        "marks": [list(mark) for mark in report.marks],
        "origin": [clean(name) for name in report.origin],
        "origin_note": origin_note(report, recipient),
        "votes": [{"outlet": clean(vote.outlet), "by": [clean(name) for name in vote.by]} for vote in report.votes],
        "document_source": [clean(name) for name in report.document_source],
        "first_seen": _iso(report.first_seen),
        "lead": _member_data(report.lead),
        "members": [_member_data(member) for member in told],
        "reports": 1 + len(report.members),
        "outlets": len(outlets_of(report)),
        "rest": f"tipsheet stories show {report.story_id} --json" if len(report.members) > len(told) else "",
    }


def told_of(report: StoryReport) -> tuple[StoryMember, ...]:
    """The members that a message names, oldest first: the last that are news, the first that only spread it.

    A story of ten thousand copies would fill a receiver's disk.
    """
    named = {member.entry_id for member in (*updates_of(report)[-MOST_LISTED:], *others_of(report)[:MOST_LISTED])}
    return tuple(member for member in report.members if member.entry_id in named)


def updates_of(report: StoryReport) -> list[StoryMember]:
    """What the story's outlets added later."""
    return [member for member in report.members if member.relation == "update"]


def others_of(report: StoryReport) -> list[StoryMember]:
    """The other tellings, which spread it."""
    return [member for member in report.members if member.relation != "update"]


def outlets_of(report: StoryReport) -> set[str]:
    """The outlets that spread a story, without the one that leads."""
    return {member.domain or member.outlet for member in others_of(report)} - {report.lead.domain or report.lead.outlet}


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
