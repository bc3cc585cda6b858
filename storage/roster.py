"""Which feeds there are to be: the rows follow feeds.yaml, and the lists beside it.

What lives here: which rows are in use, what a list says of its feeds, and a feed as either asks for it. What must not:
what polls found of it (`feeds`).

Of a feed of feeds.yaml the row says only that; the rest is in the file, which every process holds. What a list says of
its feeds stands in their rows, because nobody holds a million of them. Only what differs is written, so that the start
of a program costs a look at each row, and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from monitor.model import Feed
from storage.database import insert_new
from storage.schema import feeds
from storage.shards import shard_of

AT_ONCE = 1_000  # addresses that are looked up in one statement

_BLANK = {
    "next_poll_reason": "", "polls": 0, "failures": 0, "problem_kind": "", "problem": "", "body_hash": "",
    "redirect_to": "", "redirect_seen": 0, "request_url": "", "title": "", "language": "",
}  # fmt: skip
_OF_LIST = feeds.c.active & feeds.c.listed.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What came of some feeds."""

    ids: tuple[int, ...]
    new: int
    changed: int


def remember(connection: Connection, wanted: Sequence[Feed]) -> None:
    """Make the rows follow feeds.yaml: a feed that left it or was disabled is not polled, and nothing of it is lost.

    Those of lists stay as they are.
    """
    here = {feed.url for feed in wanted}
    of_file = select(feeds.c.id, feeds.c.url).where(feeds.c.active, feeds.c.listed.is_(None))
    leave(connection, [row.id for row in connection.execute(of_file) if row.url not in here])
    rest = iter(wanted)
    while some := list(islice(rest, AT_ONCE)):
        follow(connection, some)


def follow(connection: Connection, wanted: Sequence[Feed]) -> Followed:
    """Make the rows of these feeds say what is asked of them, at most some `AT_ONCE`; the others are left alone."""
    rows = _rows(connection, [feed.url for feed in wanted])
    new = [_asked(feed) for feed in wanted if feed.url not in rows]
    changed = [_asked(feed) for feed in wanted if feed.url in rows and _differs(rows[feed.url], feed)]
    if new:
        blank = [row | _BLANK | {"shard": shard_of(row["url"])} for row in new]
        connection.execute(insert_new(connection, feeds), blank)
        rows |= _rows(connection, [row["url"] for row in new])
    if changed:
        here = update(feeds).where(feeds.c.url == bindparam("address"))
        connection.execute(here, [row | {"address": row["url"]} for row in changed])
        _ask_again(connection, [rows[row["url"]] for row in changed if row["active"]])
    return Followed(ids=tuple(row.id for row in rows.values()), new=len(new), changed=len(changed))


def leave(connection: Connection, ids: Sequence[int]) -> None:
    """These feeds are asked for no more."""
    rest = iter(ids)
    while some := list(islice(rest, AT_ONCE)):
        connection.execute(update(feeds).where(feeds.c.id.in_(some)).values(active=False))


def of_lists(connection: Connection, *, after: int, limit: int) -> Sequence[int]:
    """The feeds in use that stand in lists, by their ids, some at a time."""
    query = select(feeds.c.id).where(_OF_LIST, feeds.c.id > after).order_by(feeds.c.id).limit(limit)
    return connection.execute(query).scalars().all()


def feed_of(row: Any, wanted: Mapping[str, Feed]) -> Feed | None:
    """The feed of a row with `url`, `name`, `outlet` and `listed`, as it is asked for.

    `wanted` are the feeds of feeds.yaml by URL. None for one that stands neither there nor in a list.
    """
    if (feed := wanted.get(row.url)) is not None or row.listed is None:
        return feed
    return Feed(url=row.url, name=row.name, outlet=row.outlet, **_read(row.listed))


# ---- what a row says of its feed -------------------------------------------------------------------------------------

_SPANS, _WORDS = ("every", "max_delay"), ("tags", "about")
_KEPT = ("listed_in", "language", *_WORDS, *_SPANS, "pages", "conditional")
_UNSAID = Feed(url="", name="", outlet="")


def _asked(feed: Feed) -> dict[str, Any]:
    return {
        "url": feed.url, "name": feed.name, "outlet": feed.outlet, "active": feed.enabled, "listed": _listed(feed)
    }  # fmt: skip


def _listed(feed: Feed) -> dict[str, object] | None:
    """What a list says of a feed beyond what has a column; None for one of feeds.yaml."""
    if not feed.listed_in:
        return None
    said = {name: getattr(feed, name) for name in _KEPT if getattr(feed, name) != getattr(_UNSAID, name)}
    return {name: _written(value) for name, value in said.items()}


def _written(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return list(value) if isinstance(value, tuple) else value


def _read(listed: Mapping[str, Any]) -> dict[str, Any]:
    spans = {name: timedelta(seconds=listed[name]) for name in _SPANS if name in listed}
    return dict(listed) | spans | {name: tuple(listed[name]) for name in _WORDS if name in listed}


def _differs(row: Row[Any], feed: Feed) -> bool:
    return (row.name, row.outlet, row.active, row.listed) != (feed.name, feed.outlet, feed.enabled, _listed(feed))


def _rows(connection: Connection, urls: Collection[str]) -> dict[str, Any]:
    columns = (
        feeds.c.id, feeds.c.url, feeds.c.name, feeds.c.outlet, feeds.c.active, feeds.c.listed, feeds.c.problem_kind
    )  # fmt: skip
    return {row.url: row for row in connection.execute(select(*columns).where(feeds.c.url.in_(urls)))}


def _ask_again(connection: Connection, before: Sequence[Row[Any]]) -> None:
    """A feed that answered "gone" is asked again when somebody takes it out of the file and puts it back."""
    gone = [row.id for row in before if not row.active and row.problem_kind == "gone"]
    if gone:
        connection.execute(update(feeds).where(feeds.c.id.in_(gone)).values(next_poll_at=None))
