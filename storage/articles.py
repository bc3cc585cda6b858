"""Articles: the pages of entries that may matter, each asked for once, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, func, select, update

from storage import claims
from storage.database import insert_new
from storage.schema import articles, entries

State = Literal["waiting", "read", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedArticle:
    """The page of an entry, to be read."""

    entry: int
    url: str
    tries: int  # so far


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """What came of an entry's page."""

    state: State
    reason: str
    read_at: datetime | None
    canonical: str


def want(connection: Connection, entry_id: int, *, now: datetime) -> None:
    """An entry's page is to be read; one that is known already is not asked for again."""
    url = select(entries.c.link).where(entries.c.id == entry_id).scalar_subquery()
    row = {"id": entry_id, "url": url, "state": "waiting", "reason": "", "due_at": now, "tries": 0, "canonical": ""}
    connection.execute(insert_new(connection, articles).values(row))


def claim_due(
    connection: Connection, *, claimant: str, now: datetime, lease: timedelta, limit: int
) -> tuple[WantedArticle, ...]:
    """Pages to read, those that have waited longest first."""
    rows = claims.claim(
        connection, articles, due=articles.c.due_at <= now, order=articles.c.due_at, claimant=claimant, now=now,
        lease=lease, limit=limit,
    )  # fmt: skip
    return tuple(WantedArticle(entry=row.id, url=row.url, tries=row.tries) for row in rows)


def count_due(connection: Connection, *, now: datetime) -> int:
    return connection.execute(select(func.count()).select_from(articles).where(articles.c.due_at <= now)).scalar_one()


def settle(
    connection: Connection,
    wanted: WantedArticle,
    state: State,
    reason: str,
    *,
    claimant: str,
    due_at: datetime | None = None,
    read_at: datetime | None = None,
    canonical: str = "",
    asked: bool = True,
) -> bool:
    """How a page stands after it was worked on. False: the claim was lost, and nothing was written."""
    done = connection.execute(
        update(articles)
        .where(claims.holds(articles, wanted.entry, claimant))
        .values(
            claims.FREE
            | {
                "state": state, "reason": reason, "due_at": due_at, "read_at": read_at, "canonical": canonical,
                "tries": wanted.tries + asked,
            }
        )
    )  # fmt: skip
    return done.rowcount == 1


def of_entries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleRow]:
    """What came of the pages of those entries whose page was wanted."""
    rows = connection.execute(select(articles).where(articles.c.id.in_(ids)))
    return {
        row.id: ArticleRow(state=row.state, reason=row.reason, read_at=row.read_at, canonical=row.canonical)
        for row in rows
    }
