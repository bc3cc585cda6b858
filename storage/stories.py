"""Stories: which entries tell one event, what was found in each, and what is told of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, literal, select, update

from monitor.model import (
    Attribution,
    Credit,
    Match,
    Placement,
    Span,
    Telling,
    Told,
)
from storage import entries as entry_rows
from storage import folding, versions
from storage.among import among
from storage.schema import DOCUMENTS, Instant, credits, decisions, entries, feeds, matches, members, stories
from storage.schema import outbox as outbox_table


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """One story as `tipsheet stories` lists it."""

    id: int
    title: str
    outlet: str
    link: str
    began_at: datetime
    last_at: datetime
    outlets: int
    entries: int
    watches: tuple[str, ...]
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One entry as a member of its story, and why it is one."""

    entry: int
    outlet: str
    title: str
    link: str
    published: datetime | None
    first_seen: datetime
    relation: str
    of: int | None
    similarity: float
    why: str
    placed_by: str  # the pass that made it a member: arrival, merge, person


def find(connection: Connection, began_with: int) -> int | None:
    """The story in which an entry stands that began one; another one by now, where they were merged since."""
    return find_all(connection, [began_with]).get(began_with)


def find_all(connection: Connection, began_with: Collection[int]) -> dict[int, int]:
    """The same for many at once; who began none is left out."""
    beginner = stories.c.began_with == members.c.entry_id
    query = select(stories.c.began_with, members.c.story_id).join(members, beginner)
    rows = connection.execute(query.where(among(stories.c.began_with, began_with)))
    return {row.began_with: row.story_id for row in rows}


def kept(connection: Connection, story_id: int) -> int | None:
    """The id under which a story is kept now: its own, or that of the older one that it was merged into."""
    began_with = connection.execute(select(stories.c.began_with).where(stories.c.id == story_id)).scalar_one_or_none()
    return None if began_with is None else find(connection, began_with)


def members_of(connection: Connection, story_id: int) -> tuple[MemberRow, ...]:
    """The members of a story in order of arrival."""
    rows = connection.execute(
        select(
            members, entries.c.title, entries.c.link, entries.c.published_at, entries.c.first_seen_at, feeds.c.outlet
        )
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(members.c.story_id == story_id)
        .order_by(members.c.entry_id)
    )
    return tuple(
        MemberRow(
            entry=row.entry_id, outlet=row.outlet, title=row.title, link=row.link, published=row.published_at,
            first_seen=row.first_seen_at, relation=row.relation, of=row.of_entry_id, similarity=row.similarity,
            why=row.why, placed_by=row.placed_by,
        )
        for row in rows
    )  # fmt: skip


def merge(
    connection: Connection,
    *,
    kept: int,
    gone: int,
    why: str = "",
    similarity: float = 0.0,
    copy_of: int | None = None,
    moves_it_on: bool = False,
    at_once: Collection[str] = (),
    pause: timedelta = timedelta(),
) -> None:
    """Two stories were one all along: the members move, the younger one's id leads to the older from now on.

    Both are named by the entries that began them. What was told of either counts for the one that stays. The entry that
    began the younger story says why it belongs to the older, and of which entry it is a copy, if of any, or whether it
    moves that one on; the others still say what they had to do with it. What of that is news for the recipients who
    want updates `at_once`, they are sent, `pause` after the last message.
    """
    kept_id, gone_id = find(connection, kept), find(connection, gone)
    if kept_id is None or gone_id is None or kept_id == gone_id:
        return
    last = select(func.max(stories.c.last_at)).where(stories.c.id.in_((kept_id, gone_id))).scalar_subquery()
    began_nothing = (members.c.story_id == gone_id) & (members.c.relation == "new")
    relation = "copy" if copy_of else "update" if moves_it_on else "same-event"
    joined = {"relation": relation, "of_entry_id": copy_of, "why": why, "similarity": similarity}
    connection.execute(update(members).where(began_nothing).values(joined))
    moved = {"story_id": kept_id, "placed_by": "merge"}
    connection.execute(update(members).where(members.c.story_id == gone_id).values(moved))
    connection.execute(update(stories).where(stories.c.id == kept_id).values(last_at=last))
    connection.execute(update(stories).where(stories.c.id == gone_id).values(merged_into=kept_id))
    connection.execute(update(outbox_table).where(outbox_table.c.story_id == gone_id).values(story_id=kept_id))
    folding.fold(connection, kept_id, at_once=at_once, pause=pause)


def placements(connection: Connection, ids: Sequence[int]) -> dict[int, Placement]:
    """Where those entries were placed that have been examined before."""
    rows = connection.execute(
        select(members, stories.c.began_with)
        .join(stories, stories.c.id == members.c.story_id)
        .where(among(members.c.entry_id, ids))
    )
    return {
        row.entry_id: Placement(
            id=str(row.entry_id),
            story=str(row.began_with),
            relation=row.relation,
            of=None if row.of_entry_id is None else str(row.of_entry_id),
            similarity=row.similarity,
            why=row.why,
        )
        for row in rows
    }


def told(connection: Connection, began_with: int) -> tuple[Told, ...]:
    """What is on its way, has gone out or may have, about the story that an entry began, and where it was listed."""
    story_id = find(connection, began_with)
    at = func.coalesce(outbox_table.c.sent_at, outbox_table.c.created_at, type_=Instant).label("at")
    alert = literal("alert")
    sent = select(outbox_table.c.watch, outbox_table.c.recipient, outbox_table.c.kind, at, alert).where(
        outbox_table.c.story_id == story_id, outbox_table.c.kind.in_(folding.NEWS), folding.is_told()
    )
    listed = (
        select(
            decisions.c.watch,
            decisions.c.recipient,
            decisions.c.action,
            decisions.c.decided_at,
            func.coalesce(matches.c.level, "digest"),
        )
        .join(members, members.c.entry_id == decisions.c.entry_id)
        .outerjoin(matches, (matches.c.entry_id == decisions.c.entry_id) & (matches.c.watch == decisions.c.watch))
        .where(members.c.story_id == story_id, decisions.c.action == "digest")
    )
    rows = [*connection.execute(sent), *connection.execute(listed)]
    return tuple(
        Told(watch=watch, recipient=recipient, kind=kind, at=at, level=level)
        for watch, recipient, kind, at, level in rows
    )


def tellings(connection: Connection, story_id: int) -> tuple[Telling, ...]:
    """All members of a story in order of arrival, each with what was found in it."""
    rows = connection.execute(
        select(members.c.entry_id, members.c.relation)
        .where(members.c.story_id == story_id)
        .order_by(members.c.entry_id)
    ).all()
    ids = [row.entry_id for row in rows]
    documents = entry_rows.documents(connection, ids)
    found, named = matches_of(connection, ids), _attributions_of(connection, ids)
    worded, within = versions.wordings(connection, ids), entry_rows.seen_within(connection, ids)
    at_first_look = entry_rows.at_first_look(connection, ids)
    return tuple(
        Telling(
            document=documents[row.entry_id][0],
            first_seen=documents[row.entry_id][1],
            relation=row.relation,
            attribution=named.get(row.entry_id, Attribution(origin=(), credits=())),
            matches=tuple(found.get(row.entry_id, ())),
            versions=worded.get(row.entry_id, ()),
            seen_within=within.get(row.entry_id),
            first_look=row.entry_id in at_first_look,
        )
        for row in rows
    )


def decided(connection: Connection, *, since: datetime, until: datetime, recipient: str) -> tuple[tuple[int, str], ...]:
    """(story, watch) pairs that a digest for `recipient` over the period holds, in order of arrival."""
    rows = connection.execute(
        select(members.c.story_id, decisions.c.watch)
        .join(members, members.c.entry_id == decisions.c.entry_id)
        .where(decisions.c.recipient == recipient, decisions.c.action.in_(("alert", "update", "digest")))
        .where(decisions.c.decided_at > since, decisions.c.decided_at <= until)
        .group_by(members.c.story_id, decisions.c.watch)
        .order_by(func.min(decisions.c.id))
    )
    return tuple((row.story_id, row.watch) for row in rows)


def first_decided(
    connection: Connection, *, since: datetime, until: datetime, recipient: str
) -> tuple[tuple[str, datetime], ...]:
    """For each story and watch that a recipient was told of, or will be: the watch, and when that was decided first."""
    first = func.min(decisions.c.decided_at, type_=Instant).label("at")
    rows = connection.execute(
        select(decisions.c.watch, first)
        .join(members, members.c.entry_id == decisions.c.entry_id)
        .where(decisions.c.recipient == recipient, decisions.c.action.in_(("alert", "update", "digest")))
        .where(decisions.c.decided_at > since, decisions.c.decided_at <= until)
        .group_by(members.c.story_id, decisions.c.watch)
        .order_by(first)
    )
    return tuple((row.watch, row.at) for row in rows)


def listing(connection: Connection, *, since: datetime, matched_only: bool = True) -> tuple[StoryRow, ...]:
    """The stories of a period, latest first."""
    matched = select(members.c.story_id).join(matches, matches.c.entry_id == members.c.entry_id)
    query = _with_headlines().where(stories.c.merged_into.is_(None), stories.c.last_at >= since)
    if matched_only:
        query = query.where(stories.c.id.in_(matched))
    return tuple(_story_row(connection, row) for row in connection.execute(query).all())


def outlines(connection: Connection, ids: Collection[int]) -> tuple[StoryRow, ...]:
    """Those stories as `listing` tells them, latest first."""
    query = _with_headlines().where(among(stories.c.id, ids))
    return tuple(_story_row(connection, row) for row in connection.execute(query).all())


def latest_matched(connection: Connection, *, limit: int) -> tuple[int, ...]:
    """The stories that a watch matched, latest first."""
    mine = (members.c.story_id == stories.c.id) & (members.c.entry_id == matches.c.entry_id)
    query = select(stories.c.id).where(stories.c.merged_into.is_(None), select(matches.c.id).where(mine).exists())
    return tuple(connection.execute(query.order_by(stories.c.last_at.desc()).limit(limit)).scalars())


def _with_headlines() -> Select[Any]:
    """Stories, latest first, each with a headline."""
    # The headline of whoever published it first, which need not be whom we heard first.
    mine = members.c.story_id == stories.c.id
    first = (
        select(entries.c.id)
        .join(members, members.c.entry_id == entries.c.id)
        .where(mine)
        .order_by(func.coalesce(entries.c.published_at, entries.c.first_seen_at), entries.c.id)
        .limit(1)
        .correlate(stories)
        .scalar_subquery()
    )
    return (
        select(stories, entries.c.title, entries.c.link, feeds.c.outlet)
        .select_from(stories)
        .join(entries, entries.c.id == first)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .order_by(stories.c.last_at.desc(), stories.c.id.desc())
    )


def _story_row(connection: Connection, row: Row[Any]) -> StoryRow:
    counted = connection.execute(
        select(func.count(), func.count(feeds.c.outlet.distinct()))
        .select_from(members)
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(members.c.story_id == row.id)
    ).one()
    found = connection.execute(
        select(matches.c.watch, matches.c.level)
        .join(members, members.c.entry_id == matches.c.entry_id)
        .where(members.c.story_id == row.id)
        .distinct()
    ).all()
    levels = {match.level for match in found}
    return StoryRow(
        id=row.id, title=row.title, outlet=row.outlet, link=row.link, began_at=row.began_at, last_at=row.last_at,
        entries=counted[0], outlets=counted[1], watches=tuple(sorted({match.watch for match in found})),
        level="alert" if "alert" in levels else "digest" if levels else "",
    )  # fmt: skip


def matches_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[Match]]:
    """By entry: the watches that it satisfies; entries without any are left out."""
    found: dict[int, list[Match]] = {}
    for row in connection.execute(select(matches).where(among(matches.c.entry_id, ids)).order_by(matches.c.id)):
        spans = tuple(Span(**span) for span in row.spans)
        match = Match(watch=row.watch, level=row.level, score=row.score, why=row.why, spans=spans)
        found.setdefault(row.entry_id, []).append(match)
    return found


def _attributions_of(connection: Connection, ids: Sequence[int]) -> dict[int, Attribution]:
    rows: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(select(credits).where(among(credits.c.entry_id, ids)).order_by(credits.c.id)):
        rows.setdefault(row.entry_id, []).append(row)
    return {
        entry_id: Attribution(
            origin=tuple(dict.fromkeys(row.domain for row in found if row.names_origin)),
            credits=tuple(
                Credit(
                    outlet=row.outlet, domain=row.domain, role=row.role, field=row.field, start=row.start, end=row.end
                )
                for row in found
                if row.role != DOCUMENTS
            ),
            document_source=tuple(row.outlet for row in found if row.role == DOCUMENTS),
        )
        for entry_id, found in rows.items()
    }
