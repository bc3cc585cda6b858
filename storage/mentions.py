"""Mentions: whom the matched entries name, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from monitor.model import Mention, Naming
from storage.schema import entries, feeds, matches, members, mentions


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody of the beat in one story."""

    entity: str
    kind: str
    tellings: int  # how many of the story's entries name it


def record(connection: Connection, entry_id: int, found: Sequence[Mention]) -> None:
    """Whom the newest wording of an entry names, in place of what an older one did."""
    record_all(connection, {entry_id: found})


def record_all(connection: Connection, found: Mapping[int, Sequence[Mention]]) -> None:
    """The same for many entries, by id."""
    connection.execute(delete(mentions).where(mentions.c.entry_id.in_(list(found))))
    rows = [{"entry_id": entry_id} | asdict(mention) for entry_id, named in found.items() for mention in named]
    if rows:
        connection.execute(insert(mentions), rows)


def namings(connection: Connection, *, since: datetime) -> Iterator[Naming]:
    """The entries of a period that name anybody, in order of arrival."""
    query = (
        select(
            mentions, members.c.story_id, feeds.c.outlet, entries.c.title, entries.c.link,
            entries.c.published_at, entries.c.first_seen_at,
        )
        .join(entries, entries.c.id == mentions.c.entry_id)
        .join(members, members.c.entry_id == mentions.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(entries.c.first_seen_at >= since)
        .order_by(mentions.c.entry_id, mentions.c.id)
    )  # fmt: skip
    gathered: list[Row[Any]] = []
    for row in connection.execute(query):
        if gathered and gathered[0].entry_id != row.entry_id:
            yield _naming(gathered)
            gathered = []
        gathered.append(row)
    if gathered:
        yield _naming(gathered)


def named_in(connection: Connection, story_id: int) -> tuple[Named, ...]:
    """Whom the entries of a story name, those whom most of them name first."""
    tellings = func.count(mentions.c.entry_id.distinct()).label("tellings")
    query = (
        select(mentions.c.entity, mentions.c.kind, tellings)
        .join(members, members.c.entry_id == mentions.c.entry_id)
        .where(members.c.story_id == story_id)
        .group_by(mentions.c.entity, mentions.c.kind)
        .order_by(tellings.desc(), mentions.c.entity)
    )
    return tuple(Named(entity=row.entity, kind=row.kind, tellings=row.tellings) for row in connection.execute(query))


def matched(connection: Connection) -> tuple[int, ...]:
    """Every entry that a watch matched: the archive."""
    return tuple(connection.scalars(select(matches.c.entry_id).distinct().order_by(matches.c.entry_id)))


def _naming(rows: list[Row[Any]]) -> Naming:
    """The rows of one entry."""
    one = rows[0]
    return Naming(
        story=one.story_id,
        entry=one.entry_id,
        outlet=one.outlet,
        title=one.title,
        link=one.link,
        at=min(one.published_at or one.first_seen_at, one.first_seen_at),  # a date in the future is a mistake
        mentions=tuple(
            Mention(
                entity=row.entity, kind=row.kind, field=row.field, start=row.start, end=row.end,
                sentence=row.sentence, lead=row.lead,
            )
            for row in rows
        ),
    )  # fmt: skip
