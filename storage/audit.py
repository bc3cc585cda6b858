"""What was done at the desk and by commands, by whom, to what, when.

Lines are added, and pruned when they are old; none is changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from monitor.model import AuditAction, AuditLine
from storage.account_tables import audit

_LONGEST = 1_000  # characters of what somebody wrote


def append(
    connection: Connection, who: str, action: AuditAction, *, subject: str = "", detail: str = "", now: datetime
) -> None:
    """Write it down in the transaction in which it is done: there is neither without the other."""
    values = {"at": now, "who": who, "action": action, "subject": subject[:_LONGEST], "detail": detail[:_LONGEST]}
    connection.execute(insert(audit).values(values))


def numbers(ids: Iterable[int]) -> str:
    """Many of them as one subject: "3, 5, 8"."""
    return ", ".join(map(str, sorted(ids)))


def listing(connection: Connection, *, before: int | None = None, limit: int = 100) -> tuple[AuditLine, ...]:
    """The latest lines, newest first; those older than the line `before`, to turn the page."""
    chosen = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(audit.c.id < before)
    return tuple(AuditLine(**row) for row in connection.execute(chosen).mappings())


def forget(connection: Connection, *, before: datetime) -> int:
    """Take out what is older than it is to be kept; how many lines."""
    return connection.execute(delete(audit).where(audit.c.at < before)).rowcount
