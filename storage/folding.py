"""Which message tells what a folded delivery would have told: a story is told once, what is new of it in one message.

What lives here: the deliveries about one story to one recipient, and which of them goes. What must not: when it goes
(`pacing`), and words.

A message that has no words yet will tell of its story all that is known when it gets them. So news may be folded into
it, and go along where it is folded itself: what is folded names a message that is not. What has its words already
tells nothing more; news that would be folded under it goes out as an update.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, null, select, update

from storage import claims
from storage.among import among
from storage.schema import members, outbox

NEWS = ("alert", "update")
_ON_THEIR_WAY = ("waiting", "sent", "uncertain")
_teller = outbox.alias("teller")


def is_told() -> ColumnElement[bool]:
    """Of a delivery: it went out, may have or will, by itself or in another message about its story or about many."""
    about_it = (_teller.c.story_id == outbox.c.story_id) | (_teller.c.kind == "more")
    by_another = exists().where(_teller.c.id == outbox.c.folded_into, _teller.c.state.in_(_ON_THEIR_WAY), about_it)
    return outbox.c.state.in_(_ON_THEIR_WAY) | ((outbox.c.state == "folded") & by_another)


def will_tell(connection: Connection, story_id: int | None, recipient: str) -> int | None:
    """The message that will tell a recipient all that is known of a story when it gets its words; None: there is none.

    Whoever is about to write its words has lost it, and what is folded into it now will be among them.
    """
    mine = (outbox.c.story_id == story_id) & (outbox.c.recipient == recipient) & outbox.c.kind.in_(NEWS)
    found: int | None = connection.execute(select(func.min(outbox.c.id)).where(mine, _is_wordless())).scalar_one()
    if found is not None:
        connection.execute(update(outbox).where(outbox.c.id == found).values(claims.FREE))
    return found


def put_into(connection: Connection, ids: Collection[int], message: int | None, *, reason: str = "") -> int:
    """Another message tells these, and what was folded into them; how many they are. Without a reason theirs stays."""
    values: dict[str, Any] = {"state": "folded", "folded_into": message, "due_at": None} | claims.FREE
    said = {"reason": reason} if reason else {}
    connection.execute(update(outbox).where(among(outbox.c.folded_into, ids)).values(folded_into=message))
    return connection.execute(update(outbox).where(among(outbox.c.id, ids)).values(values | said)).rowcount


def fold(
    connection: Connection,
    story_id: int,
    *,
    at_once: Collection[str] = (),
    pause: timedelta = timedelta(),
) -> None:
    """Of what nobody has begun to send of a story, each recipient is sent one message, or none where it brings no news.

    It is an alert to who has heard nothing of the story, else an update, `pause` after the last message. News is what
    was decided to be an update; to recipients who want updates `at_once`, also a report that is one by now.
    """
    rows = connection.execute(_about(story_id)).all()
    for recipient, theirs in groupby(rows, attrgetter("recipient")):
        _fold(connection, list(theirs), eager=recipient in at_once, pause=pause)


def _about(story_id: int) -> Any:
    """The deliveries about a story, recipient by recipient."""
    in_many = exists().where(
        _teller.c.id == outbox.c.folded_into, _teller.c.kind == "more", _teller.c.state.in_(_ON_THEIR_WAY)
    )
    wordless = _is_wordless()
    out = outbox.c.state.in_(_ON_THEIR_WAY) & ~wordless
    return (
        select(
            outbox.c.id, outbox.c.recipient, outbox.c.key, outbox.c.kind, outbox.c.attempts, outbox.c.folded_into,
            outbox.c.due_at, outbox.c.sent_at, members.c.relation, wordless.label("wordless"),
            (out | ((outbox.c.state == "folded") & in_many)).label("heard"), in_many.label("in_many"),
        )
        .outerjoin(members, members.c.entry_id == outbox.c.entry_id)
        .where(outbox.c.story_id == story_id, outbox.c.kind.in_(NEWS))
        .order_by(outbox.c.recipient, outbox.c.id)
    )  # fmt: skip


def _is_wordless() -> ColumnElement[bool]:
    return (outbox.c.state == "waiting") & outbox.c.message.is_(null())


def _fold(connection: Connection, rows: Sequence[Row[Any]], *, eager: bool, pause: timedelta) -> None:
    """The same for the deliveries to one recipient."""
    unsent = [row for row in rows if row.wordless]
    heard = [row for row in rows if row.heard]
    news = {row.folded_into or row.id for row in rows if _is_news(row, eager=eager)}
    chosen = [row for row in unsent if row.id in news] if heard else unsent
    if chosen:
        kept = min(chosen, key=_rank)
        due = max([kept.due_at, *(row.sent_at + pause for row in heard if row.sent_at)])
        _let_tell(connection, kept, "update" if heard else "alert", [row.id for row in unsent if row is not kept], due)
    elif unsent:
        # A message about many tells only what it gathered: if the story is parted again, this was never told.
        told = None if heard[0].in_many else heard[0].id
        put_into(connection, [row.id for row in unsent], told, reason=_ONE_STORY)


_ONE_STORY = "its story was found to be one that is told already"


def _is_news(row: Row[Any], *, eager: bool) -> bool:
    """By its key, because a delivery may be an alert and an update in turn as stories are found to be one, or two."""
    return row.key.startswith("update:") or (eager and row.relation == "update")


def _rank(row: Row[Any]) -> tuple[int, bool, int]:
    """What could not be written stands behind what may be."""
    return row.attempts, row.kind != "alert", row.id


def _let_tell(connection: Connection, kept: Row[Any], kind: str, others: Collection[int], due: datetime) -> None:
    """Whoever is about to write its words has lost it, where it is something else now or tells more."""
    values: dict[str, Any] = {"kind": kind, "due_at": due} if kind != kept.kind else {}
    if values or others:
        connection.execute(update(outbox).where(outbox.c.id == kept.id).values(values | claims.FREE))
        put_into(connection, others, kept.id, reason=_ONE_STORY)


# ---- where a story was parted ----------------------------------------------------------------------------------------


def part(connection: Connection, story_id: int, *, now: datetime) -> None:
    """What was folded into a message that is not about its story any more is told by itself, where nothing else does.

    To who has heard nothing of the story it is an alert. To others an update that the message never told; what it did
    tell, they know.
    """
    mine = (outbox.c.story_id == story_id) & outbox.c.kind.in_(NEWS)
    loose = mine & (outbox.c.state == "folded") & ~is_told()
    heard = select(outbox.c.recipient).where(mine, is_told())
    first = select(func.min(outbox.c.id)).where(loose, outbox.c.recipient.not_in(heard)).group_by(outbox.c.recipient)
    untold = exists().where(
        _teller.c.id == outbox.c.folded_into, _teller.c.state == "waiting", _teller.c.message.is_(null())
    )
    lost = select(outbox.c.id).where(loose, untold, outbox.c.key.startswith("update:"))
    found = [*connection.execute(first).scalars(), *connection.execute(lost).scalars()]
    values = {
        "state": "waiting", "folded_into": None, "due_at": now,
        "reason": "its story was parted from the one that was told",
    }  # fmt: skip
    connection.execute(update(outbox).where(outbox.c.id.in_(found)).values(values | claims.FREE))
    fold(connection, story_id)
