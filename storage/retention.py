"""What is deleted when it is old, table by table; and what never is.

What lives here: which rows, or what of them. What must not: how old that is (feeds.yaml says), or the clock.

Never deleted: who an entry is, or it would be told as new while it still stands in its feed; the key of a delivery, or
it would go out again; what a person said. What waits or is uncertain is no history yet, however old.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, null, select, update

from monitor.model import Retention
from storage import audit
from storage import entries as entry_rows
from storage.database import Database
from storage.schema import attempts, decisions, matches, outbox

LOT = 1_000  # entries in one transaction: whoever wants to write meanwhile waits for one lot


def forget(database: Database, keep: Retention, *, now: datetime) -> dict[str, int]:
    """Delete what is older than it is to be kept; of what, and how many. Interrupted, it is done anew."""
    texts = _forget_texts(database, before=now - keep.texts, matched=False)
    archive = _forget_texts(database, before=now - keep.matched, matched=True) if keep.matched else 0
    with database.write() as connection:
        return {"texts": texts, "matched": archive} | _forget_records(connection, keep, now)


def _forget_texts(database: Database, *, before: datetime, matched: bool) -> int:
    """The texts of entries, some at a time; of those that matched also the places of terms in them. Headlines stay."""
    with database.read() as connection:
        old = entry_rows.with_old_texts(connection, before=before, matched=matched)
    gone = 0
    for start in range(0, len(old), LOT):
        lot = old[start : start + LOT]
        with database.write() as connection:
            gone += entry_rows.forget_texts(connection, lot, before=before, matched=matched)
            if matched:
                connection.execute(update(matches).where(matches.c.entry_id.in_(lot)).values(spans=[]))
    return gone


def _forget_records(connection: Connection, keep: Retention, now: datetime) -> dict[str, int]:
    return {
        "decisions": connection.execute(
            delete(decisions).where(decisions.c.decided_at < now - keep.decisions)
        ).rowcount,
        "attempts": _forget_attempts(connection, before=now - keep.attempts),
        "messages": _forget_messages(connection, before=now - keep.messages),
        "audit": audit.forget(connection, before=now - keep.audit),
    }  # fmt: skip


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
