"""Errands: what is to be had from the web for an entry beside its feed, each once, and what came of it.

page      the article, read from its page
snapshot  a copy of the page, made by a public archive
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from monitor.model import ErrandKind
from storage import claims
from storage.among import among
from storage.database import insert_new
from storage.schema import entries, errands, matches
from storage.shards import shard_of

State = Literal["waiting", "done", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something to be had for an entry."""

    id: int
    entry: int
    url: str  # of the entry's page
    tries: int  # so far


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandRow:
    """What came of an errand."""

    kind: ErrandKind
    state: State
    reason: str
    done_at: datetime | None
    result: str  # of a page the address that it calls its own, of a snapshot its address


def want(connection: Connection, entry_id: int, kind: ErrandKind, *, now: datetime) -> None:
    """Something is to be had; what was wanted before is not asked for again."""
    url = connection.execute(select(entries.c.link).where(entries.c.id == entry_id)).scalar_one()
    row = {
        "entry_id": entry_id, "kind": kind, "url": url, "state": "waiting", "reason": "", "due_at": now, "tries": 0,
        "result": "", "shard": shard_of(url),
    }  # fmt: skip
    connection.execute(insert_new(connection, errands).values(row))


def claim_due(
    connection: Connection,
    kind: ErrandKind,
    *,
    claimant: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    shard: int | None = None,
) -> tuple[Errand, ...]:
    """What is to be done now, of one shard or of all, the longest waiting first."""
    due = _is_due(kind, now) if shard is None else _is_due(kind, now) & (errands.c.shard == shard)
    rows = claims.claim(
        connection, errands, due=due, order=errands.c.due_at, claimant=claimant, now=now, lease=lease, limit=limit
    )
    return tuple(Errand(id=row.id, entry=row.entry_id, url=row.url, tries=row.tries) for row in rows)


def count_due(connection: Connection, kind: ErrandKind, *, now: datetime) -> int:
    return connection.execute(select(func.count()).select_from(errands).where(_is_due(kind, now))).scalar_one()


def _is_due(kind: ErrandKind, now: datetime) -> ColumnElement[bool]:
    return (errands.c.kind == kind) & (errands.c.due_at <= now)


def settle(
    connection: Connection,
    errand: Errand,
    state: State,
    reason: str,
    *,
    claimant: str,
    due_at: datetime | None = None,
    done_at: datetime | None = None,
    result: str = "",
    asked: bool = True,
) -> bool:
    """How an errand stands after it was worked on. False: the claim was lost, and nothing was written."""
    values = {
        "state": state, "reason": reason, "due_at": due_at, "done_at": done_at, "result": result,
        "tries": errand.tries + asked,
    }  # fmt: skip
    ours = claims.holds(errands, errand.id, claimant)
    return connection.execute(update(errands).where(ours).values(values | claims.FREE)).rowcount == 1


def page_was_read() -> ColumnElement[bool]:
    """Whether the text of an entry is that of its page."""
    return exists().where(errands.c.entry_id == entries.c.id, errands.c.kind == "page", errands.c.state == "done")


def of_entries(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[ErrandRow, ...]]:
    """What came of the errands for those entries that had any."""
    found: dict[int, tuple[ErrandRow, ...]] = {}
    for row in connection.execute(select(errands).where(among(errands.c.entry_id, ids)).order_by(errands.c.id)):
        one = ErrandRow(kind=row.kind, state=row.state, reason=row.reason, done_at=row.done_at, result=row.result)
        found[row.entry_id] = (*found.get(row.entry_id, ()), one)
    return found


def said_addresses(
    connection: Connection, *, ids: Sequence[int] | None = None, since: datetime | None = None
) -> dict[int, str]:
    """The addresses that the pages of entries call their own: of those entries, or of all first seen since then."""
    query = select(errands.c.entry_id, errands.c.result).where(
        errands.c.kind == "page", errands.c.state == "done", errands.c.result != ""
    )
    if ids is not None:
        query = query.where(among(errands.c.entry_id, ids))
    if since is not None:
        query = query.join(entries, entries.c.id == errands.c.entry_id).where(entries.c.first_seen_at >= since)
    return {row.entry_id: row.result for row in connection.execute(query)}


def unmatched(connection: Connection, *, since: datetime, until: datetime, limit: int) -> tuple[int, ...]:
    """Entries of a period that no watch matched and whose page was wanted all the same, the latest first."""
    page = (errands.c.kind == "page") & entries.c.first_seen_at.between(since, until)
    matched = exists().where(matches.c.entry_id == errands.c.entry_id)
    query = select(errands.c.entry_id).join(entries, entries.c.id == errands.c.entry_id).where(page, ~matched)
    return tuple(connection.execute(query.order_by(errands.c.entry_id.desc()).limit(limit)).scalars())
