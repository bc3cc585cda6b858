"""Single facts about this installation, by name."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.model import ChannelState
from storage.database import insert_new
from storage.schema import facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """For how long a watch may not alert."""

    since: datetime
    until: datetime

    def lasts(self, now: datetime) -> bool:
        """One that a clock began which ran ahead does not."""
        return self.since <= now < self.until


def known_began_at(connection: Connection) -> datetime | None:
    """The same, where nobody may write."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == "began_at")).scalar_one_or_none()
    return None if found is None else datetime.fromisoformat(found)


def began_at(connection: Connection, *, now: datetime) -> datetime:
    """When this database first went to work: no digest is owed for the days before."""
    connection.execute(insert_new(connection, facts).values(name="began_at", value=now.isoformat()))
    return datetime.fromisoformat(
        connection.execute(select(facts.c.value).where(facts.c.name == "began_at")).scalar_one()
    )


def verdicts(connection: Connection) -> dict[str, tuple[str, str]]:
    """Watch → the fingerprint of the wording that was tried, and why it may not alert; "" where it may."""
    return {watch: (mark, reason) for watch, (mark, reason) in (_read(connection, "verdicts") or {}).items()}


def keep_verdicts(connection: Connection, found: Mapping[str, tuple[str, str]], *, only: Container[str]) -> None:
    """Keep what was found of some watches; of watches that are no more, nothing is kept."""
    kept = {watch: verdict for watch, verdict in verdicts(connection).items() if watch in only}
    _write(connection, "verdicts", kept | dict(found))


def pauses(connection: Connection) -> dict[str, Pause]:
    """Watch → its last pause, which may be over."""
    stored = (_read(connection, "pauses") or {}).items()
    moments = {watch: [datetime.fromisoformat(moment) for moment in pause] for watch, pause in stored}
    return {watch: Pause(since=since, until=until) for watch, (since, until) in moments.items()}


def keep_pause(connection: Connection, watch: str, pause: Pause) -> None:
    stored = _read(connection, "pauses") or {}
    _write(connection, "pauses", stored | {watch: [pause.since.isoformat(), pause.until.isoformat()]})


def rename_watch(connection: Connection, old: str, new: str) -> None:
    """What is known of a watch is known of it under another name; what the new name has already stays."""
    for name in ("verdicts", "pauses"):
        stored = _read(connection, name) or {}
        if old in stored:
            _write(connection, name, {new: stored.pop(old)} | stored)


def owner_told_at(connection: Connection, channel: str) -> datetime | None:
    """When the owner was last told of a fault of a channel."""
    found = (_read(connection, "owner told") or {}).get(channel)
    return None if found is None else datetime.fromisoformat(found)


def keep_owner_told(connection: Connection, channel: str, now: datetime) -> None:
    _write(connection, "owner told", (_read(connection, "owner told") or {}) | {channel: now.isoformat()})


def notices(connection: Connection) -> tuple[str, ...]:
    """What whoever reads a digest should know of this installation."""
    return tuple(_read(connection, "notices") or ())


def keep_notices(connection: Connection, said: tuple[str, ...]) -> None:
    if said != notices(connection):
        _write(connection, "notices", said)


def lists_followed(connection: Connection) -> tuple[str, int, int]:
    """The mark of the lists that the feeds follow, how many of these are asked for, and how many rows had a fault."""
    mark, count, faults = _read(connection, "lists") or ("", 0, 0)
    return str(mark), int(count), int(faults)


def keep_lists_followed(connection: Connection, mark: str, *, count: int, faults: int) -> None:
    _write(connection, "lists", [mark, count, faults])


def workers_file(connection: Connection) -> str:
    """The mark of the file that all workers have; "" where none has said so yet."""
    return str(_read(connection, "workers file") or "")


def keep_workers_file(connection: Connection, mark: str) -> None:
    _write(connection, "workers file", mark)


def index_recipe(connection: Connection) -> str:
    """How the words of the word index were found; "" where there is none yet."""
    return str(_read(connection, "index recipe") or "")


def keep_index_recipe(connection: Connection, recipe: str) -> None:
    _write(connection, "index recipe", recipe)


def channel_states(connection: Connection) -> dict[str, ChannelState]:
    """Channel → what is remembered of it; of one that works, nothing is."""
    return {name: _channel_state(kept) for name, kept in (_read(connection, "channels") or {}).items()}


def keep_channel_state(connection: Connection, channel: str, state: ChannelState | None) -> None:
    """None: it works."""
    kept = dict(_read(connection, "channels") or {})
    kept.pop(channel, None)
    if state:
        kept[channel] = asdict(state)
    _write(connection, "channels", kept)


def restored(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the backup was made that was put back last, and when that was; None: none ever was."""
    kept = _read(connection, "restored")
    return (datetime.fromisoformat(kept[0]), datetime.fromisoformat(kept[1])) if kept else None


def keep_restored(connection: Connection, made_at: datetime, now: datetime) -> None:
    _write(connection, "restored", [made_at, now])


def retention_at(connection: Connection) -> datetime | None:
    """When what is too old was last looked for; None: never."""
    kept = _read(connection, "retention")
    return None if kept is None else datetime.fromisoformat(kept)


def keep_retention(connection: Connection, now: datetime) -> None:
    _write(connection, "retention", now)


def clocks(connection: Connection) -> tuple[tuple[float, ...], datetime | None]:
    """By how many seconds our clock was ahead of the servers' that last told theirs, and when that was."""
    kept = _read(connection, "clocks") or {}
    return tuple(kept.get("ahead", ())), datetime.fromisoformat(kept["at"]) if kept else None


def keep_clocks(connection: Connection, ahead: Sequence[float], *, now: datetime) -> None:
    _write(connection, "clocks", {"ahead": list(ahead), "at": now})


def _channel_state(kept: Mapping[str, Any]) -> ChannelState:
    times = {
        name: datetime.fromisoformat(kept[name]) if kept[name] else None
        for name in ("since", "open_until", "asked_until")
    }
    failures = tuple(datetime.fromisoformat(at) for at in kept["failures"])
    return ChannelState(failures=failures, trips=kept["trips"], reason=kept["reason"], **times)


def _read(connection: Connection, name: str) -> Any:
    found = connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()
    return None if found is None else json.loads(found)


def _write(connection: Connection, name: str, value: object) -> None:
    written = json.dumps(value, ensure_ascii=False, default=datetime.isoformat)
    connection.execute(insert_new(connection, facts).values(name=name, value=written))
    connection.execute(update(facts).where(facts.c.name == name).values(value=written))
