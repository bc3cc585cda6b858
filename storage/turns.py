"""Turns: who has which part of the work, where many workers share it. PostgreSQL alone has them.

A turn has a number, one higher than the turn before; whatever is written in an earlier one is refused (`check`), so a
worker that was taken for dead, and was not, changes nothing any more. Times are those of the database's clock: workers
whose clocks disagree have one time all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select, update

from monitor.errors import TurnError
from storage.columns import Instant
from storage.database import insert_new
from storage.schema import turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One worker has one part of the work."""

    name: str
    epoch: int
    owner: str
    began_at: datetime
    clean: bool  # the turn before ended; else its owner may have died in the middle of anything
    again: bool  # the turn before was the same owner's
    rests: Mapping[str, timedelta] = field(default_factory=dict)  # host → for how long it is still to be left alone


def now(connection: Connection) -> datetime:
    """By the clock of the database, whatever ours says."""
    return connection.execute(select(func.clock_timestamp(type_=Instant))).scalar_one()


def take(connection: Connection, name: str, *, owner: str) -> Turn:
    """The next turn of this part begins, whoever had the one before."""
    at = now(connection)
    blank = {"name": name, "epoch": 0, "owner": "", "began_at": at, "ended_at": at, "rests": {}}
    connection.execute(insert_new(connection, turns).values(blank))
    before = connection.execute(select(turns).where(turns.c.name == name).with_for_update()).one()
    at = now(connection)  # whoever was in the middle of a transaction has been waited for
    values = {"epoch": before.epoch + 1, "owner": owner, "began_at": at, "ended_at": None, "rests": {}}
    connection.execute(update(turns).where(turns.c.name == name).values(values))
    gone_by = at - before.ended_at if before.ended_at else timedelta()
    rests = {host: timedelta(seconds=seconds) - gone_by for host, seconds in before.rests.items()}
    return Turn(
        name=name, epoch=before.epoch + 1, owner=owner, began_at=at, clean=before.ended_at is not None,
        again=before.owner == owner, rests=rests,
    )  # fmt: skip


def check(connection: Connection, turn: Turn) -> None:
    """Within a transaction that writes: raises TurnError where somebody else has had a turn since."""
    if connection.execute(select(turns.c.epoch).where(_is(turn)).with_for_update(read=True)).first() is None:
        raise TurnError(f"somebody else has taken over {turn.name!r}; nothing is written")


def end(connection: Connection, turn: Turn, *, rests: Mapping[str, float]) -> None:
    """All is written, nothing is under way. `rests`: host → seconds for which it is to be left alone from now on."""
    connection.execute(update(turns).where(_is(turn)).values(ended_at=now(connection), rests=dict(rests)))


def _is(turn: Turn) -> ColumnElement[bool]:
    return (turns.c.name == turn.name) & (turns.c.epoch == turn.epoch) & (turns.c.owner == turn.owner)


def is_time(connection: Connection, name: str, *, every: timedelta) -> bool:
    """Whether what is done once in a while is to be done now, by whoever asks first; then its time begins anew."""
    at = now(connection)
    blank = {"name": name, "epoch": 0, "owner": "", "began_at": at - every, "ended_at": at, "rests": {}}
    connection.execute(insert_new(connection, turns).values(blank))
    over = (turns.c.began_at <= at - every) | (turns.c.began_at > at)  # or the clock was set back
    return bool(connection.execute(update(turns).where(turns.c.name == name, over).values(began_at=at)).rowcount)


def begun(connection: Connection, parts: str) -> dict[str, datetime]:
    """When the last turn began of each part whose name begins so."""
    mine = turns.c.name.startswith(parts, autoescape=True)
    rows = connection.execute(select(turns.c.name, turns.c.began_at).where(mine))
    return {row.name: row.began_at for row in rows}


def last_end(connection: Connection, parts: str) -> datetime | None:
    """When a turn of one of the parts whose name begins so ended last."""
    mine = turns.c.name.startswith(parts, autoescape=True)
    latest: datetime | None = connection.execute(select(func.max(turns.c.ended_at)).where(mine)).scalar_one()
    return latest
