"""What is deleted when it is old, table by table; and what never is.

What lives here: which rows, or what of them. What must not: how old that is (feeds.yaml says), or the clock.

Never deleted: who an entry is, or it would be told as new while it still stands in its feed; the key of a delivery, or
it would go out again; what a person said. What waits or is uncertain is no history yet, however old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, null, select, update

from monitor.model import Retention
from storage import audit, versions, word_index
from storage import entries as entry_rows
from storage.schema import attempts, decisions, entries, matches, outbox


def forget(connection: Connection, keep: Retention, *, now: datetime) -> dict[str, int]:
    """Delete what is older than it is to be kept; of what, and how many."""
    return {
        "texts": entry_rows.forget_texts(connection, before=now - keep.texts),
        "matched": _forget_matched(connection, keep.matched, now) if keep.matched else 0,
        "decisions": connection.execute(
            delete(decisions).where(decisions.c.decided_at < now - keep.decisions)
        ).rowcount,
        "attempts": _forget_attempts(connection, before=now - keep.attempts),
        "messages": _forget_messages(connection, before=now - keep.messages),
        "audit": audit.forget(connection, before=now - keep.audit),
    }  # fmt: skip


def _forget_matched(connection: Connection, after: timedelta, now: datetime) -> int:
    """The texts of entries that a watch matched, and the places of its terms in them; headline and match stay."""
    matched = exists().where(matches.c.entry_id == entries.c.id)
    written = (entries.c.summary != "") | (entries.c.content != "") | (entries.c.text != "")
    old = (entries.c.first_seen_at < now - after) & entries.c.examine_at.is_(None) & matched
    ids = select(entries.c.id).where(old, written)
    versions.forget(connection, select(entries.c.id).where(old))
    word_index.keep_titles_only(connection, ids)
    connection.execute(update(matches).where(matches.c.entry_id.in_(ids)).values(spans=[]))
    blank = {"summary": "", "content": "", "text": "", "author": "", "tags": []}
    return connection.execute(update(entries).where(old, written).values(blank)).rowcount


def _forget_attempts(connection: Connection, *, before: datetime) -> int:
    settled = select(outbox.c.id).where(_settled())
    return connection.execute(
        delete(attempts).where(attempts.c.began_at < before, attempts.c.outbox_id.in_(settled))
    ).rowcount


def _forget_messages(connection: Connection, *, before: datetime) -> int:
    """The words of what was sent; that it was, and when, stays."""
    sent = outbox.c.state.in_(("sent", "folded")) & outbox.c.message.is_not(null())
    old = func.coalesce(outbox.c.sent_at, outbox.c.created_at) < before
    return connection.execute(update(outbox).where(sent, old).values(message=null())).rowcount


def _settled() -> ColumnElement[bool]:
    return outbox.c.state.in_(("sent", "failed", "folded"))
