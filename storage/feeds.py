"""Feeds: what `refresh` needs to know of each, and what it found."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    Update,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    true,
    update,
)  # fmt: skip
from sqlalchemy.sql.dml import ReturningUpdate

from monitor.model import Feed, FeedOutcome, FeedRow, FeedState, Validators
from storage import claims
from storage.columns import Text, characters
from storage.database import takes_rows
from storage.roster import AT_ONCE, feed_of
from storage.roster import remember as remember
from storage.schema import entries, feeds
from storage.shards import shard_of

SAMPLE = 20_000  # feeds by which all are judged, where there are more
FARTHEST = timedelta(days=40)  # ahead; the longest that a server may ask for is 31 days


def claim_due(
    connection: Connection,
    wanted: Mapping[str, Feed],
    *,
    claimant: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    shard: int | None = None,
) -> tuple[FeedState, ...]:
    """The feeds that are due, of one shard or of all, longest waiting first.

    `wanted` is the file's feeds by URL; those of lists say themselves what is asked of them.
    """
    rows = claims.claim(
        connection,
        feeds,
        due=_due(now) if shard is None else _due(now) & (feeds.c.shard == shard),
        order=feeds.c.next_poll_at.nulls_first(),
        claimant=claimant,
        now=now,
        lease=lease,
        limit=limit,
    )
    asked = ((row, feed_of(row, wanted)) for row in rows)
    return tuple(_state(row, feed) for row, feed in asked if feed)  # else of another worker's file


def count_due(connection: Connection, *, now: datetime) -> int:
    return connection.execute(select(func.count()).select_from(feeds).where(_due(now))).scalar_one()


def _due(now: datetime) -> ColumnElement[bool]:
    """Never polled, or its time has come; or planned so far ahead that only a clock gone wrong can have done it."""
    astray = (feeds.c.next_poll_at > now + FARTHEST) & (feeds.c.problem_kind != "gone")
    return feeds.c.active & or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at <= now, astray)


def record(connection: Connection, outcomes: Sequence[FeedOutcome], *, claimant: str) -> set[int]:
    """Write what polls decided, and give the claims back. The ids that were written: other claims were lost."""
    if takes_rows(connection):
        return _record_together(connection, outcomes, claimant)
    asked = [outcome.feed_id for outcome in outcomes]
    held = select(feeds.c.id).where(feeds.c.id.in_(asked), feeds.c.claimed_by == claimant)
    ours = set(connection.execute(held.with_for_update()).scalars())
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.feed_id in ours:
            row = _after(outcome) | claims.FREE | {"feed": outcome.feed_id}
            alike[_counts_on(outcome), *row].append(row)
    for (counts_on, *_), rows in alike.items():
        connection.execute(_update(counts_on), rows)
    return ours


def _record_together(connection: Connection, outcomes: Sequence[FeedOutcome], claimant: str) -> set[int]:
    """The same in one statement for all outcomes of a kind: to a server, each statement is a question that waits."""
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for outcome in outcomes:
        row = _after(outcome) | claims.FREE | {"feed": outcome.feed_id}
        alike[_counts_on(outcome), *row].append(row)
    ours: set[int] = set()
    for (counts_on, *columns), rows in alike.items():
        given = {"rows": _as_json(rows), "claimant": claimant}
        ours.update(connection.execute(_update_together(counts_on, tuple(columns)), given).scalars())
    return ours


def _counts_on(outcome: FeedOutcome) -> str:
    """What a poll adds to a feed's counters."""
    if outcome.result == "postponed":
        return "nothing"
    return "failure" if outcome.result in ("failed", "gone") else "success"


@cache
def _update(counts_on: str) -> Update:
    """Counts on; what else is set stands in the rows."""
    since = bindparam("since", type_=feeds.c.failing_since.type)
    return update(feeds).where(feeds.c.id == bindparam("feed")).values(_counters(counts_on, since))


@cache
def _update_together(counts_on: str, columns: tuple[str, ...]) -> ReturningUpdate[int]:
    """The same for all rows of a JSON text whose claim is held; gives their ids."""
    types = {"feed": feeds.c.id.type, "since": feeds.c.failing_since.type}
    given = [column(name, types[name] if name in types else feeds.c[name].type) for name in columns]
    rows = cast(bindparam("rows", type_=Text), JSON)
    polled = func.json_to_recordset(rows).table_valued(*given).render_derived(name="polled", with_types=True)
    values = {name: polled.c[name] for name in columns if name not in types}
    since = polled.c.since if "since" in columns else None
    held = (feeds.c.id == polled.c.feed) & (feeds.c.claimed_by == bindparam("claimant"))
    return update(feeds).where(held).values(values | _counters(counts_on, since)).returning(feeds.c.id)


def _counters(counts_on: str, since: ColumnElement[datetime] | None) -> dict[str, ColumnElement[Any]]:
    if counts_on == "nothing":
        return {}
    counted: dict[str, ColumnElement[Any]] = {"polls": feeds.c.polls + 1}
    if counts_on == "failure":
        counted |= {"failures": feeds.c.failures + 1, "failing_since": func.coalesce(feeds.c.failing_since, since)}
    return counted


def _as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    return characters(json.dumps(rows, ensure_ascii=False, default=datetime.isoformat))


def _after(outcome: FeedOutcome) -> dict[str, Any]:
    """The columns that a poll sets."""
    moved = {"shard": shard_of(outcome.place)} if outcome.place else {}
    return _found(outcome) | moved


def _found(outcome: FeedOutcome) -> dict[str, Any]:
    if outcome.result == "postponed":
        return {
            "next_poll_at": outcome.next_poll_at,
            "next_poll_reason": outcome.reason,
            "rest_until": outcome.rest_until,
        }
    values: dict[str, Any] = {
        "polled_at": outcome.polled_at,
        "next_poll_at": outcome.next_poll_at,
        "next_poll_reason": outcome.reason,
        "rest_until": outcome.rest_until,
        "status": outcome.status,
        "problem_kind": outcome.problem.kind if outcome.problem else "",
        "problem": outcome.problem.message if outcome.problem else "",
        "redirect_to": outcome.redirect_to,
        "redirect_seen": outcome.redirect_seen,
        "request_url": outcome.request_url,
        "etag": outcome.validators.etag,
        "last_modified": outcome.validators.last_modified,
        "validators_url": outcome.validators.url,
        "body_hash": outcome.body_hash,
    }
    if outcome.result in ("failed", "gone"):
        return values | {"since": outcome.polled_at}
    values |= {"failures": 0, "failing_since": None, "succeeded_at": outcome.polled_at, "habit": outcome.habit or None}
    if outcome.result == "read":
        values |= {
            "title": outcome.title,
            "language": outcome.language,
            "interval_hint": _seconds(outcome.interval_hint),
            "rests": outcome.rests or None,
            "hub": outcome.offer.hub if outcome.offer else "",
            "topic": outcome.offer.topic if outcome.offer else "",
        }
    if outcome.changes.new:
        values["changed_at"] = outcome.polled_at
    if outcome.gap:
        values["gap_at"] = outcome.polled_at
    return values


def hasten(connection: Connection, urls: Iterable[str], *, now: datetime) -> None:
    """A person wants these feeds asked now: they are due. Whether they may be, the caller has seen to."""
    due = {"next_poll_at": now, "next_poll_reason": "somebody asked for it"}
    rest = iter(urls)
    while some := list(islice(rest, AT_ONCE)):
        connection.execute(update(feeds).where(feeds.c.url.in_(some)).values(due))


def nudge(connection: Connection, feed_id: int, *, now: datetime, floor: timedelta) -> bool:
    """A hub says that there is news: the feed is due as soon as its server is willing. False: it is being asked now."""
    row = connection.execute(select(feeds).where(feeds.c.id == feed_id)).one()
    if row.claimed_until is not None and row.claimed_until > now:
        return False
    soonest = max(now, (row.polled_at or now - floor) + floor, row.rest_until or now)
    sooner = {"next_poll_at": soonest, "next_poll_reason": "its hub says that there is news"}
    waits = (feeds.c.id == feed_id) & (feeds.c.next_poll_at > soonest) & (feeds.c.problem_kind != "gone")
    connection.execute(update(feeds).where(waits).values(sooner))
    return True


def addresses(connection: Connection, feed_id: int) -> tuple[str, ...]:
    """Where a feed is asked: as the file has it, where it moved to, where its last answer came from."""
    columns = feeds.c.url, feeds.c.request_url, feeds.c.validators_url
    found = connection.execute(select(*columns).where(feeds.c.id == feed_id)).one()
    return tuple(address for address in found if address)


def brought(connection: Connection, feed_id: int, *, now: datetime) -> None:
    """The feed has new entries, though nobody asked for them."""
    connection.execute(update(feeds).where(feeds.c.id == feed_id).values(changed_at=now))


def state(connection: Connection, feed_id: int, wanted: Mapping[str, Feed]) -> FeedState | None:
    """What is remembered of one feed; None for one that is not watched any more."""
    row = connection.execute(select(feeds).where(feeds.c.id == feed_id, feeds.c.active)).one_or_none()
    feed = None if row is None else feed_of(row, wanted)
    return _state(row, feed) if row is not None and feed else None


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def _state(row: Row[Any], feed: Feed) -> FeedState:
    return FeedState(
        id=row.id,
        feed=feed,
        validators=Validators(etag=row.etag, last_modified=row.last_modified, url=row.validators_url or ""),
        body_hash=row.body_hash,
        interval_hint=None if row.interval_hint is None else timedelta(seconds=row.interval_hint),
        rests=tuple(row.rests or ()),
        next_poll_at=row.next_poll_at,
        last_success_at=row.succeeded_at,
        failures=row.failures,
        redirect_to=row.redirect_to,
        redirect_seen=row.redirect_seen,
        request_url=row.request_url,
        habit=tuple(row.habit or ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHabit:
    """When a feed brings items, as numbers; () for not known yet."""

    url: str
    every: timedelta | None  # the interval that its list gives it
    habit: tuple[float, ...]


def habits(connection: Connection) -> tuple[FeedHabit, ...]:
    """The habits of the feeds in use that are not gone; of very many feeds, those of every n-th."""
    step = max(1, connection.execute(select(func.count()).select_from(feeds)).scalar_one() // SAMPLE)
    columns = feeds.c.url, feeds.c.name, feeds.c.outlet, feeds.c.listed, feeds.c.habit
    in_use = feeds.c.active & (feeds.c.problem_kind != "gone") & (feeds.c.id % step == 0)
    return tuple(
        FeedHabit(url=row.url, every=feed.every if (feed := feed_of(row, {})) else None, habit=tuple(row.habit or ()))
        for row in connection.execute(select(*columns).where(in_use))
    )


def listing(connection: Connection) -> tuple[FeedRow, ...]:
    """Every feed ever watched, failing ones first."""
    return tuple(each(connection))


def each(
    connection: Connection, *, in_use: bool = False, names: Collection[str] | None = None, url: str | None = None
) -> Iterator[FeedRow]:
    """The same, one after the other, since there may be a million; those in use alone, of these names, or the one."""
    counts = select(entries.c.feed_id, func.count().label("entries")).group_by(entries.c.feed_id).subquery()
    query = (
        select(feeds, func.coalesce(counts.c.entries, 0).label("entry_count"))
        .outerjoin(counts, counts.c.feed_id == feeds.c.id)
        .where(feeds.c.active if in_use else true(), true() if names is None else feeds.c.name.in_(names))
        .where(true() if url is None else feeds.c.url == url)
        .order_by(feeds.c.failures.desc(), feeds.c.name)
        .execution_options(yield_per=500)
    )
    with connection.execute(query) as found:  # whoever stops early leaves nothing open at a server
        yield from map(_feed_row, found)


def _feed_row(row: Row[Any]) -> FeedRow:
    feed = feed_of(row, {})
    return FeedRow(
        name=row.name, url=row.url, outlet=row.outlet, active=row.active, polls=row.polls, entries=row.entry_count,
        failures=row.failures, failing_since=row.failing_since, polled_at=row.polled_at,
        succeeded_at=row.succeeded_at, changed_at=row.changed_at, next_poll_at=row.next_poll_at,
        next_poll_reason=row.next_poll_reason, rest_until=row.rest_until, status=row.status,
        problem_kind=row.problem_kind, habit=tuple(row.habit or ()), problem=row.problem, gap_at=row.gap_at,
        listed_in=feed.listed_in if feed else "", tags=feed.tags if feed else (),
    )  # fmt: skip
