"""Mentions: whom the matched entries name, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, delete, func, insert, select

from monitor.model import FieldName, Mention, Naming
from storage.among import among
from storage.schema import entries, feeds, matches, members, mentions
from storage.tallies import came_out


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


def namings(connection: Connection, *, since: datetime, kinds: Collection[str]) -> Iterator[Naming]:
    """The entries of a period that name anybody of these kinds, in order of arrival, each with those mentions."""
    places = (mentions.c.field, mentions.c.start, mentions.c.end, mentions.c.sentence, mentions.c.lead)
    found = connection.execute(
        select(mentions.c.entry_id, mentions.c.entity, mentions.c.kind, *places)
        .join(entries, entries.c.id == mentions.c.entry_id)
        .where(entries.c.first_seen_at >= since, mentions.c.kind.in_(kinds))
        .order_by(mentions.c.entry_id, mentions.c.id)
    )
    by_entry = {entry: tuple(_mention(*row) for _, *row in rows) for entry, rows in groupby(found, itemgetter(0))}
    told = connection.execute(
        select(members.c.story_id, entries.c.id, feeds.c.outlet, entries.c.title, entries.c.link, came_out())
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(among(entries.c.id, by_entry))
        .order_by(entries.c.id)
    )
    for story, entry, outlet, title, link, at in told:
        named = by_entry[entry]
        yield Naming(story=story, entry=entry, outlet=outlet, title=title, link=link, at=at, mentions=named)


def _mention(entity: str, kind: str, field: FieldName, start: int, end: int, sentence: int, lead: bool) -> Mention:
    return Mention(entity=entity, kind=kind, field=field, start=start, end=end, sentence=sentence, lead=lead)


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
