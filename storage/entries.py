"""Entries: kept once, examined once per wording."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
    text,
    true,
    union,
    update,
)

from monitor.model import Document, Entry, Feed, KeyedEntry, KnownEntry, Placement, Version
from storage import claims, errands, versions, word_index
from storage.database import insert_new
from storage.roster import feed_of
from storage.schema import WORDED, decisions, entries, feeds, matches, members, stories

_TOGETHER = 1_000  # keys that one statement asks for


def known(connection: Connection, feed_id: int, keys: Collection[str] = (), *, most: int) -> tuple[KnownEntry, ...]:
    """The `most` newest entries of a feed, and those with one of the keys; for telling new from edited from same.

    A feed may have brought ten thousands by and by: to read all of them would cost more than all else of a poll.
    """
    newest = list(_known(connection, _NEWEST, feed=feed_id, most=most))
    if len(newest) < most:
        return tuple(newest)
    older = sorted(set(keys).difference(entry.key for entry in newest))
    asked = [older[start : start + _TOGETHER] for start in range(0, len(older), _TOGETHER)]
    return (*newest, *(entry for some in asked for entry in _known(connection, _BY_KEY, feed=feed_id, keys=some)))


def _known(connection: Connection, query: Select[str, str, str, str], **given: int | list[str]) -> Iterator[KnownEntry]:
    for key, content_hash, link, title in connection.execute(query, given):
        yield KnownEntry(key=key, content_hash=content_hash, link=link, title=title)


_OF_FEED = select(entries.c.key, entries.c.content_hash, entries.c.link, entries.c.title).where(
    entries.c.feed_id == bindparam("feed")
)
# Once for all: to put them together takes as long as to ask them.
_NEWEST = _OF_FEED.order_by(entries.c.id.desc()).limit(bindparam("most"))
_BY_KEY = _OF_FEED.where(entries.c.key.in_(bindparam("keys", expanding=True)))


def came_after(connection: Connection, feed_id: int, moment: datetime) -> tuple[datetime, ...]:
    """When the entries were published that were kept after `moment`; of those without a date, when they came."""
    later = (entries.c.feed_id == feed_id) & (entries.c.first_seen_at > moment) & ~entries.c.backlog
    rows = connection.execute(select(entries.c.published_at, entries.c.first_seen_at).where(later))
    return tuple(row.published_at or row.first_seen_at for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one feed brought, and when. `texts` is the visible text of each content, by key.

    `absent_at` is when the feed was last read before, with what is new not yet in it; None: never.
    """

    feed_id: int
    new: Sequence[KeyedEntry]
    edited: Sequence[KeyedEntry] = ()
    texts: Mapping[str, str]
    at: datetime
    absent_at: datetime | None


def keep(connection: Connection, brought: Sequence[Brought]) -> None:
    """Write what is new and edited, to be examined.

    New entries of all feeds go in one statement: to put one together takes as long as to write ten rows. One that is
    kept already stays as it is, whatever it looked like.
    """
    rows = [_start(one, keyed) | _wording(keyed, one.texts, one.at) for one in brought for keyed in one.new]
    if rows:
        connection.execute(insert_new(connection, entries), rows)
    for one in brought:
        edit(connection, one.feed_id, one.edited, one.texts, now=one.at)


def add(
    connection: Connection, feed_id: int, new: Sequence[KeyedEntry], texts: Mapping[str, str], *, now: datetime
) -> None:
    """What the first reading of one feed brought."""
    keep(connection, [Brought(feed_id=feed_id, new=new, texts=texts, at=now, absent_at=None)])


def edit(
    connection: Connection, feed_id: int, edited: Sequence[KeyedEntry], texts: Mapping[str, str], *, now: datetime
) -> None:
    """Replace the wording of known entries, which is kept as a version, and examine them again.

    Whoever examines the old wording just now loses the claim: what it decides is of a text that is no more.
    """
    for keyed in edited:
        here = (entries.c.feed_id == feed_id) & (entries.c.key == keyed.key)
        versions.keep(connection, feed_id, keyed.key)
        values = _wording(keyed, texts, now) | claims.FREE | {"version": entries.c.version + 1, "worded_at": now}
        values["indexed"] = False
        # The page says more than its feed.
        values["text"] = case((errands.page_was_read(), entries.c.text), else_=values["text"])
        connection.execute(update(entries).where(here).values(values))


def enrich(
    connection: Connection,
    entry_id: int,
    *,
    text: str,
    author: str,
    published: datetime | None,
    language: str,
    now: datetime,
) -> None:
    """An entry's page was read: its text, and what the feed did not say; the entry is examined again."""
    row = entries.c
    values = {
        "text": text,
        "author": case((row.author == "", author), else_=row.author),
        "published_at": func.coalesce(row.published_at, published),
        "language": case((row.language == "", language), else_=row.language),
        "examine_at": now,
        "indexed": False,
    }
    connection.execute(update(entries).where(row.id == entry_id).values(values | claims.FREE))


def _start(brought: Brought, keyed: KeyedEntry) -> dict[str, Any]:
    came = {"first_seen_at": brought.at, "absent_at": brought.absent_at, "first_look": brought.absent_at is None}
    return came | {"feed_id": brought.feed_id, "key": keyed.key, "backlog": keyed.backlog, "version": 1}


def _wording(keyed: KeyedEntry, texts: Mapping[str, str], now: datetime) -> dict[str, Any]:
    entry = keyed.entry
    return {
        "content_hash": keyed.content_hash,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "text": texts.get(keyed.key, ""),
        "author": entry.author,
        "language": "",
        "tags": list(entry.tags),
        "published_at": entry.published,
        "updated_at": entry.updated,
        "examine_at": now,
    }


def claim_due(
    connection: Connection,
    wanted: Mapping[str, Feed],
    *,
    claimant: str,
    now: datetime,
    lease: timedelta,
    limit: int,
) -> tuple[Entry, ...]:
    """Entries to examine, in order of arrival; also those of feeds that have left the file."""
    rows = claims.claim(
        connection,
        entries,
        due=entries.c.examine_at <= now,
        order=entries.c.id,
        claimant=claimant,
        now=now,
        lease=lease,
        limit=limit,
    )
    origins = _feeds_of(connection, rows)
    ids = [row.id for row in rows]
    before, matched = versions.former(connection, ids), _matched_by(connection, ids)
    return tuple(
        _entry(row, origins[row.feed_id], wanted, before.get(row.id, ()), matched.get(row.id, ())) for row in rows
    )


def _matched_by(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The watches that matched each entry when it was last examined, or for which any wording of it was told."""
    found: dict[int, tuple[str, ...]] = {}
    told = decisions.c.action.in_(("alert", "update"))
    query = union(
        select(matches.c.entry_id, matches.c.watch).where(matches.c.entry_id.in_(ids)),
        select(decisions.c.entry_id, decisions.c.watch).where(decisions.c.entry_id.in_(ids), told),
    )
    for entry_id, watch in connection.execute(query):
        found[entry_id] = (*found.get(entry_id, ()), watch)
    return found


def count_due(connection: Connection, *, now: datetime) -> int:
    return connection.execute(select(func.count()).select_from(entries).where(entries.c.examine_at <= now)).scalar_one()


def finish(connection: Connection, ids: Sequence[int], *, claimant: str) -> frozenset[int]:
    """Entries have been examined. Of those left out the claim was lost: what was decided must not be written."""
    ours = entries.c.id.in_(ids) & (entries.c.claimed_by == claimant)
    done = update(entries).where(ours).values(claims.FREE | {"examine_at": None}).returning(entries.c.id)
    return frozenset(connection.execute(done).scalars())


def examine_again(connection: Connection, ids: Collection[int], *, now: datetime) -> None:
    """What was examined and cannot be kept: these are due at once."""
    connection.execute(update(entries).where(entries.c.id.in_(ids)).values(examine_at=now))


def release(connection: Connection, claimant: str) -> None:
    """Give back what was claimed; it is still due."""
    connection.execute(update(entries).where(entries.c.claimed_by == claimant).values(claims.FREE))


def postpone(connection: Connection, entry_id: int, *, until: datetime) -> None:
    """Examine an entry later; the claim is given back."""
    connection.execute(update(entries).where(entries.c.id == entry_id).values(claims.FREE | {"examine_at": until}))


def documents(
    connection: Connection, ids: Sequence[int], *, wanted: Mapping[str, Feed] | None = None
) -> dict[int, tuple[Document, datetime]]:
    """Stored entries as the pure stages see them, each with the time when it was first seen.

    `wanted` are the feeds of the file, by URL; without them nothing is known of a feed's tags.
    """
    rows = connection.execute(select(entries).where(entries.c.id.in_(ids))).all()
    origins = _feeds_of(connection, rows)
    return {row.id: (_document(row, origins[row.feed_id], wanted or {}), row.first_seen_at) for row in rows}


def seen_within(connection: Connection, ids: Sequence[int]) -> dict[int, timedelta]:
    """How long before it was seen each entry may have come: so long before, its feed was read without it.

    Of one that stood there when its feed was first read nothing is known, nor of rows of older versions.
    """
    query = select(entries.c.id, entries.c.first_seen_at, entries.c.absent_at)
    rows = connection.execute(query.where(entries.c.id.in_(ids), entries.c.absent_at < entries.c.first_seen_at))
    return {row.id: row.first_seen_at - row.absent_at for row in rows}


def at_first_look(connection: Connection, ids: Sequence[int]) -> frozenset[int]:
    """Those that stood in their feeds when these were first read."""
    query = select(entries.c.id).where(entries.c.id.in_(ids), entries.c.first_look)
    return frozenset(connection.execute(query).scalars())


def seen_since(connection: Connection, *, since: datetime) -> tuple[tuple[Document, bool], ...]:
    """Every entry first seen in a period, with whether a watch matched it; in order of arrival."""
    matched = exists().where(matches.c.entry_id == entries.c.id).label("matched")
    query = select(entries, matched).where(entries.c.first_seen_at >= since).order_by(entries.c.id)
    rows = connection.execute(query).all()
    origins = _feeds_of(connection, rows)
    return tuple((_document(row, origins[row.feed_id], {}), bool(row.matched)) for row in rows)


def archive(
    connection: Connection, wanted: Mapping[str, Feed], *, since: datetime, until: datetime
) -> Generator[tuple[Entry, Placement], None, None]:
    """The examined entries of a period, each with its story, in the order in which they were published or seen.

    What a first poll brought as backlog stands where it was published. Rows are read as they are asked for.
    """
    came_at = case(
        (entries.c.backlog, func.coalesce(entries.c.published_at, entries.c.first_seen_at)),
        else_=entries.c.first_seen_at,
    )
    query = (
        select(entries, stories.c.began_with, members.c.relation, members.c.of_entry_id, members.c.similarity)
        .join(members, members.c.entry_id == entries.c.id)
        .join(stories, stories.c.id == members.c.story_id)
        .where(came_at > since, came_at <= until)
        .order_by(came_at, entries.c.id)
        .execution_options(yield_per=500)
    )
    with connection.execute(query) as found:  # whoever stops early leaves nothing open at a server
        for rows in found.partitions():
            origins = _feeds_of(connection, rows)
            for row in rows:
                yield _entry(row, origins[row.feed_id], wanted, (), ()), _placement(row)


def count_archive(connection: Connection, *, since: datetime) -> int:
    """About how many entries `archive` gives: those that were first seen since then."""
    query = select(func.count()).select_from(entries).where(entries.c.first_seen_at > since)
    return int(connection.execute(query).scalar_one())


def _placement(row: Row[Any]) -> Placement:
    return Placement(
        id=str(row.id),
        story=str(row.began_with),
        relation=row.relation,
        of=None if row.of_entry_id is None else str(row.of_entry_id),
        similarity=row.similarity,
    )


def with_old_texts(connection: Connection, *, before: datetime, matched: bool) -> Sequence[int]:
    """The entries that came before that and were examined, and of which any words are kept beside the headline.

    Those that a watch matched, or the others: the former are the archive.
    """
    old = select(entries.c.id).where(_are_old(before, matched=matched))
    # Each half is found by an index; with an OR, every entry would be looked at.
    return connection.execute(union(old.where(_WORDED), old.where(_REWORDED))).scalars().all()


def forget_texts(connection: Connection, ids: Sequence[int], *, before: datetime, matched: bool) -> int:
    """Retention: texts go, identities stay, so that an old entry that is still in its feed is never told as new.

    Of these entries only those that still are what `with_old_texts` looks for.
    """
    still = select(entries.c.id).where(
        entries.c.id.in_(ids), _are_old(before, matched=matched), or_(_WORDED, _REWORDED)
    )
    gone = connection.execute(still).scalars().all()
    versions.forget(connection, gone)
    word_index.keep_titles_only(connection, gone)
    blank = {"summary": "", "content": "", "text": "", "author": "", "tags": []}
    connection.execute(update(entries).where(entries.c.id.in_(gone)).values(blank))
    return len(gone)


_WORDED = text(f"({WORDED})")  # word for word as the index has it
_REWORDED = entries.c.id.in_(versions.of_entries())


def _are_old(before: datetime, *, matched: bool) -> ColumnElement[bool]:
    found = exists().where(matches.c.entry_id == entries.c.id)
    # As a CASE, or the index of what is to be examined would lead, which has nearly every entry under "nothing".
    settled = case((entries.c.examine_at.is_(None), true()), else_=false())
    return and_(entries.c.first_seen_at < before, settled, found if matched else ~found)


def _feeds_of(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, Any]:
    ids = {row.feed_id for row in rows}
    found = connection.execute(
        select(feeds.c.id, feeds.c.url, feeds.c.name, feeds.c.outlet, feeds.c.language, feeds.c.listed)
        .where(feeds.c.id.in_(ids))
    )  # fmt: skip
    return {row.id: row for row in found}


def _entry(
    row: Row[Any], origin: Row[Any], wanted: Mapping[str, Feed], before: Sequence[Version], matched: tuple[str, ...]
) -> Entry:
    return Entry(
        id=row.id,
        document=_document(row, origin, wanted),
        feed_id=row.feed_id,
        first_seen=row.first_seen_at,
        backlog=row.backlog,
        edited=row.version > 1,
        version=row.version,
        content=row.content,
        pages=bool((feed := feed_of(origin, wanted)) and feed.pages),
        before=before[-1] if before else None,
        matched=matched,
    )


def _document(row: Row[Any], origin: Row[Any], wanted: Mapping[str, Feed]) -> Document:
    feed = feed_of(origin, wanted)
    return Document(
        id=str(row.id),
        title=row.title,
        summary=row.summary,
        text=row.text,
        outlet=origin.outlet,
        url=row.link,
        author=row.author,
        language=(feed.language if feed else "") or row.language or origin.language,
        published=row.published_at,
        feed=origin.name,
        tags=(*row.tags, *(feed.tags if feed else ())),
        about=feed.about if feed else (),
    )
