"""What a doctor says of an installation: facts → checks, each well, doubtful or bad, with what to do.

What lives here: judging facts that somebody has looked up. What must not: looking them up (`pipeline.checkup` does).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitor.model import Standing
from monitor.operating.verdict import Finding
from monitor.rhythm.cadence import words

Area = Literal[
    "settings", "secrets", "database", "disk", "files", "clock", "names", "mail", "pace", "deliveries", "desk"
]
Level = Literal["ok", "warn", "bad"]

MEGABYTE = 1_000_000
LOW, EMPTY = 1_000 * MEGABYTE, 100 * MEGABYTE  # free on the disk
LONG_LOG = 64 * MEGABYTE  # of a write-ahead log: somebody reads and does not end
ASTRAY, LOST = timedelta(minutes=1), timedelta(minutes=10)  # of a clock
FEW_CLOCKS = 3  # servers may be wrong, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    area: Area
    level: Level
    sentence: str
    advice: str = ""  # what to do; "": nothing


def of_sizes(sizes: Mapping[str, int]) -> Iterator[Check]:
    """How large the database is, and whether that is its rows."""
    used, free, log = (sizes.get(part, 0) for part in ("used", "free", "log"))
    yield Check(area="database", level="ok", sentence=f"{_shown(used)} of rows, {_shown(free)} free to be used again")
    if log > max(LONG_LOG, used):
        yield Check(
            area="database", level="warn", sentence=f"its write-ahead log has {_shown(log)}",
            advice="some program reads the database and does not end: end it",
        )  # fmt: skip


def of_damages(damages: tuple[str, ...]) -> Check:
    if not damages:
        return Check(area="database", level="ok", sentence="whole: every page and every reference was read")
    advice = "stop Tipsheet, and restore the last backup: `tipsheet restore FILE`"
    return Check(area="database", level="bad", sentence=f"damaged: {'; '.join(damages)}", advice=advice)


def of_disk(free: int, sizes: Mapping[str, int]) -> Check:
    sentence = f"{_shown(free)} free where the database lies"
    if free < EMPTY:
        return Check(area="disk", level="bad", sentence=sentence, advice="make room: soon nothing can be written")
    if free < max(LOW, sum(sizes.values())):
        return Check(area="disk", level="warn", sentence=sentence, advice="make room: a backup needs as much again")
    return Check(area="disk", level="ok", sentence=sentence)


def of_mode(path: str, mode: int, *, secret: bool) -> Check:
    """Who may read or write a file. `mode` is its lowest nine bits."""
    forbidden = 0o077 if secret else 0o022
    if not mode & forbidden:
        return Check(area="files", level="ok", sentence=f"{path} is {'for its owner alone' if secret else 'safe'}")
    whom = "read" if secret else "changed"
    sentence = f"{path} can be {whom} by others (mode {mode:04o})"
    return Check(area="files", level="bad", sentence=sentence, advice=f"chmod {mode & ~forbidden:04o} {path}")


def of_clock(ahead: tuple[float, ...], heard_at: datetime | None, now: datetime) -> Check:
    """Our clock against those of servers: by how many seconds it was ahead of each."""
    if len(ahead) < FEW_CLOCKS or heard_at is None:
        return Check(area="clock", level="ok", sentence="not compared: too few servers have told their time yet")
    middle = sorted(ahead)[len(ahead) // 2]
    off, how = timedelta(seconds=abs(middle)), "ahead of" if middle > 0 else "behind"
    told = f"by {len(ahead)} servers, {words(max(now - heard_at, timedelta(minutes=1)))} ago"
    if off < ASTRAY:
        return Check(area="clock", level="ok", sentence=f"right to the minute, {told}")
    level: Level = "warn" if off < LOST else "bad"
    sentence = f"{words(off)} {how} the time, {told}"
    return Check(area="clock", level=level, sentence=sentence, advice="set it: `timedatectl set-ntp true`")


def of_pace(findings: tuple[Finding, ...]) -> Iterator[Check]:
    """Whether the installation does its work."""
    levels: Mapping[str, Level] = {"ok": "ok", "slow": "warn", "stalled": "bad"}
    for finding in findings:
        advice = "" if finding.level == "ok" else _OF_PACE[finding.measure]
        yield Check(area="pace", level=levels[finding.level], sentence=finding.sentence, advice=advice)


_OF_PACE = {
    "feeds": "see that `tipsheet run` is at work, and what its log says",
    "overdue": "see that `tipsheet run` is at work, and what its log says",
    "entries": "`tipsheet feeds health` says how each feed is",
    "examining": "see that `tipsheet run` is at work, and what its log says",
    "delivering": "`tipsheet alerts --state waiting` says what each waits for",
}


def of_standing(standing: Standing) -> Iterator[Check]:
    """When something last happened, and what of the deliveries needs a person."""
    if standing.began_at is None:
        yield Check(area="pace", level="warn", sentence="it never went to work", advice="`tipsheet run` begins")
    for what, moment in (
        ("a feed was asked", standing.last_poll_at),
        ("a new entry came", standing.last_entry_at),
        ("something was delivered", standing.last_delivery_at),
    ):
        ago = f"{words(max(standing.now - moment, timedelta(minutes=1)))} ago" if moment else "never"
        yield Check(area="pace", level="ok", sentence=f"{what} {ago}")
    for state in ("uncertain", "failed"):
        if count := standing.deliveries.get(state, 0):
            yield Check(
                area="deliveries", level="warn", sentence=f"{count:,} {state}",
                advice=f"`tipsheet alerts --state {state}` lists them; a person decides on each",
            )  # fmt: skip
    if not any(standing.deliveries.get(state) for state in ("uncertain", "failed")):
        yield Check(area="deliveries", level="ok", sentence="none failed, none is uncertain")


def of_desk(place: str | None, *, near: bool, address: str, accounts: int, trusts: bool) -> Check:
    """Who could come into the review desk. `near`: it listens on this machine alone."""
    if place is None:
        return Check(area="desk", level="ok", sentence="closed, unless somebody says `tipsheet web`")
    if near and not address and not trusts:
        who = f"{accounts} may log in" if accounts else "whoever sits at this machine"
        return Check(area="desk", level="ok", sentence=f"at {place}, for this machine alone: {who}")
    if not accounts:
        advice = "`tipsheet users add NAME --role admin`, or let it listen on 127.0.0.1 alone"
        return Check(area="desk", level="bad", sentence=f"at {place}, open to others, without accounts", advice=advice)
    if not address.startswith("https://"):
        advice = "give it a `desk.address` that begins with https://, and a web server before it"
        return Check(area="desk", level="bad", sentence=f"at {place}, open to others, without TLS", advice=advice)
    if not near:
        advice = "let it listen on 127.0.0.1, behind the web server that speaks TLS, if that is on this machine"
        return Check(area="desk", level="warn", sentence=f"at {place}: its own port is open to others", advice=advice)
    return Check(area="desk", level="ok", sentence=f"at {address}, for {accounts} who may log in")


def _shown(size: int) -> str:
    for unit, length in (("GB", 1_000 * MEGABYTE), ("MB", MEGABYTE)):
        if size >= length:
            return f"{size / length:,.1f} {unit}"
    return f"{size // 1_000:,} kB"
