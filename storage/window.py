"""The window: the entries with which grouping compares what comes, as rows.

What lives here: taking them back, with their imprints. What must not: how an imprint is read, or what is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from monitor.model import Document
from storage.entries import documents
from storage.schema import credits, entries, feeds, imprints, matches, members, stories

_TOGETHER = 1_000  # documents that one statement asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An entry of the window that grouping compares with."""

    document: Document  # without its words where there is an imprint
    imprint: bytes  # b"": none, or one of another recipe
    settled: bool  # as `imprints.settle` says
    story: str  # id of the entry that began its story
    seen: datetime
    credited: tuple[str, ...]  # domains that its text names as the origin
    matched: bool


def recent(connection: Connection, *, since: datetime, recipe: str = "") -> Iterator[Placed]:
    """The entries that stories of the window are made of, in order of arrival, with their imprints of that recipe."""
    matched = exists().where(matches.c.entry_id == entries.c.id).label("matched")
    columns = (entries.c.id, entries.c.link, entries.c.published_at, entries.c.first_seen_at)
    made = (imprints.c.entry_id == entries.c.id) & (imprints.c.recipe == recipe)
    rows = connection.execute(
        select(
            *columns, feeds.c.outlet, feeds.c.name, stories.c.began_with, matched, imprints.c.value, imprints.c.settled
        )
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .join(members, members.c.entry_id == entries.c.id)
        .join(stories, stories.c.id == members.c.story_id)
        .outerjoin(imprints, made)
        .where(entries.c.first_seen_at >= since)
        .order_by(entries.c.id)
    ).all()
    credited = _credited(connection, since)
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        whole = documents(connection, [row.id for row in some if row.value is None])
        for row in some:
            yield Placed(
                document=whole[row.id][0] if row.id in whole else _without_words(row),
                imprint=row.value or b"",
                settled=bool(row.settled),
                story=str(row.began_with),
                seen=row.first_seen_at,
                credited=credited.get(row.id, ()),
                matched=bool(row.matched),
            )


def _without_words(row: Row[Any]) -> Document:
    return Document(
        id=str(row.id), title="", summary="", text="", outlet=row.outlet, url=row.link, author="", language="",
        published=row.published_at, feed=row.name,
    )  # fmt: skip


def _credited(connection: Connection, since: datetime) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    rows = connection.execute(
        select(credits.c.entry_id, credits.c.domain)
        .join(entries, entries.c.id == credits.c.entry_id)
        .where(credits.c.names_origin, entries.c.first_seen_at >= since)
    )
    for row in rows:
        found[row.entry_id] = (*found.get(row.entry_id, ()), row.domain)
    return found
