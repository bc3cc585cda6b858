"""New watch → tried on the archive → may alert, or is held to the digest until somebody says that it is meant so.

A watch that would send more alerts than people read costs trust in all the others, and nobody sees that in its query.
Its stories are not lost: the digest lists them. What was found is kept, so that each wording of a watch is tried once;
what a first poll brings is enough to try it on. While the archive is too small to say anything, a watch is trusted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.pipeline.journal import note
from monitor.settings.config import Config
from monitor.watches.backtest import Archived, backtest, fingerprint, too_busy
from monitor.watches.matching import CompiledWatch
from storage import entries, facts
from storage.database import Database

LOOK_BACK = timedelta(days=7)
ENOUGH = 100  # entries of that time, with fewer of which nothing can be said


def untried(database: Database, compiled: Iterable[CompiledWatch]) -> tuple[CompiledWatch, ...]:
    """The watches that may alert, and whose wording was not tried yet."""
    with database.read() as connection:
        known = facts.verdicts(connection)
    return tuple(one for one in compiled if _is_judged(one) and known.get(one.watch.name, ("",))[0] != fingerprint(one))


def may_judge(database: Database, config: Config, *, now: datetime) -> bool:
    """Whether a watch was not tried yet, and there is an archive to try it on."""
    if not untried(database, config.compiled):
        return False
    with database.read() as connection:
        return entries.count_archive(connection, since=now - LOOK_BACK) >= ENOUGH


def judge(
    database: Database, config: Config, compiled: Sequence[CompiledWatch], *, now: datetime
) -> Mapping[str, tuple[str, str]]:
    """Watch → its fingerprint, and why it is held to the digest or ""; empty while the archive is too small.

    All are tried in one reading of the archive: twenty thousand entries are some seconds, at the first start only.
    """
    since = now - LOOK_BACK
    with database.read() as connection:
        if not compiled or entries.count_archive(connection, since=since) < ENOUGH:
            return {}
        rows = entries.archive(connection, config.feeds, since=since, until=now)
        archive = (Archived(entry=entry, placement=placement) for entry, placement in rows)
        found = backtest(compiled, archive, since=since, until=now)
    return {one.watch.name: (fingerprint(one), too_busy(tried)) for one, tried in zip(compiled, found, strict=True)}


def arm(database: Database, config: Config, *, now: datetime) -> tuple[Config, bool]:
    """The file with its busy watches held to the digest, and whether every watch was tried.

    What was found is kept, and what is wrong with watches is kept for the foot of the digest.
    """
    new = untried(database, config.compiled)
    found = judge(database, config, new, now=now)
    if found:
        with database.write() as connection:
            facts.keep_verdicts(connection, found, only=config.watches)
    held = held_back(database, config)
    for name in held.keys() & found.keys():
        note("held", level=logging.WARNING, watch=name, reason=held[name])
    with database.write() as connection:
        facts.keep_notices(connection, notices(config, held))
    return _with_held(config, held), len(found) == len(new)


def notices(config: Config, held: Mapping[str, str]) -> tuple[str, ...]:
    """What whoever reads a digest should know of the watches, as sentences."""
    refused = (f"The watch “{name}” is not used: {faults[0].message}" for name, faults in config.refused.items())
    return (*(" ".join(sentence.split()) for sentence in refused), *(sentence_of(name, held[name]) for name in held))


def sentence_of(watch: str, reason: str) -> str:
    """Why a watch is held, and what to do."""
    return f"The watch “{watch}” is held to the digest: it {reason}. Write busy: true in it if that is meant so."


def held_back(database: Database, config: Config) -> Mapping[str, str]:
    """Watches that are held to the digest, and why."""
    with database.read() as connection:
        known = facts.verdicts(connection)
    judged = [(one, *known[one.watch.name]) for one in config.compiled if one.watch.name in known and _is_judged(one)]
    return {one.watch.name: reason for one, mark, reason in judged if reason and mark == fingerprint(one)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """How one watch stands."""

    name: str
    state: str  # its level, or why it may not alert: paused, held, refused
    until: datetime | None
    why: str


def states(database: Database, config: Config, *, now: datetime) -> Iterator[WatchState]:
    """Each watch of the file, which was read leniently."""
    held = held_back(database, config)
    with database.read() as connection:
        pauses = facts.pauses(connection)
    for name, watch in config.watches.items():
        pause = pauses.get(name)
        if pause and pause.lasts(now):
            why = "it sent too many alerts within an hour"
            yield WatchState(name=name, state="paused", until=pause.until, why=why)
        elif name in held:
            yield WatchState(name=name, state="held", until=None, why=held[name])
        else:
            yield WatchState(name=name, state=watch.level, until=None, why="")
    for name, faults in config.refused.items():
        yield WatchState(name=name, state="refused", until=None, why=faults[0].message)


def _is_judged(one: CompiledWatch) -> bool:
    return one.watch.level == "alert" and not one.watch.busy


def _with_held(config: Config, held: Mapping[str, str]) -> Config:
    if not held:
        return config
    compiled = tuple(
        replace(one, watch=replace(one.watch, level="digest")) if one.watch.name in held else one
        for one in config.compiled
    )
    return replace(config, compiled=compiled, watches={one.watch.name: one.watch for one in compiled})
