"""The facts that a doctor judges, looked up: in the file, the environment, the database, the disk, the network.

What lives here: who is asked for each fact. What must not: what a fact means (`operating.checkup`).

Servers of others are never asked; our own mail servers are, unless nobody wants that.
"""

from __future__ import annotations

import shutil
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from alerts.smtp import MailSender
from monitor.errors import ConfigError, DeliveryError, Fault, StorageError
from monitor.model import Bounds, Channel
from monitor.operating import checkup, verdict
from monitor.operating.checkup import Check
from monitor.pipeline.lists import left_out
from monitor.settings.config import Config, channel_faults, heartbeat_faults, read_config
from storage import accounts, facts, standing
from storage.database import Database, damages

PATIENCE = 10.0  # seconds for a mail server


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at."""

    path: Path  # of feeds.yaml
    environ: Mapping[str, str]
    open_database: Callable[[], Database]
    clock: Callable[[], datetime]
    asks: bool = True  # whether our own mail servers are asked


def look(patient: Patient) -> Iterator[Check]:
    """Every check, in the order in which a person would mend things."""
    config, found = _settings(patient)
    yield from found
    yield from _files(patient)
    yield from _database(patient, config)
    if config is not None:
        for channel in config.channels.values():
            if channel.kind == "email" and patient.asks:
                yield from _mail(channel)


# ---- the file and its secrets ----------------------------------------------------------------------------------------


def _settings(patient: Patient) -> tuple[Config | None, list[Check]]:
    """The configuration with its secrets, or as far as it can be read, and what is wrong with it."""
    from alerts.channel import check  # every way out

    try:
        config = read_config(patient.path, patient.environ)
    except ConfigError as error:
        return _without_secrets(patient, error)
    except OSError as error:
        return None, [_fault("settings", f"{patient.path}: {error.strerror}", "`tipsheet init` makes one")]
    faults = [*channel_faults(config, check), *heartbeat_faults(config)]
    found = [_of_fault(fault) for fault in faults]
    if not found:
        found.append(Check(area="settings", level="ok", sentence=f"{patient.path} has no fault"))
    return config, [*found, Check(area="secrets", level="ok", sentence="every one that the file names is there")]


def _without_secrets(patient: Patient, error: ConfigError) -> tuple[Config | None, list[Check]]:
    """Where the file alone is good, the faults are those of secrets."""
    try:
        config = read_config(patient.path, patient.environ, with_secrets=False)
    except ConfigError:
        return None, [_of_fault(fault) for fault in error.faults]
    return config, [replace(_of_fault(fault), area="secrets") for fault in error.faults]


def _of_fault(fault: Fault) -> Check:
    return _fault("settings", str(fault), "mend it; `tipsheet check` says whether that was all")


def _fault(area: checkup.Area, sentence: str, advice: str) -> Check:
    return Check(area=area, level="bad", sentence=sentence, advice=advice)


# ---- files -----------------------------------------------------------------------------------------------------------


def _files(patient: Patient) -> Iterator[Check]:
    """Who may read what is secret, and change what we obey."""
    if patient.path.exists():
        yield _mode(patient.path, secret=False)
    for name, path in sorted(patient.environ.items()):
        if name.endswith("_FILE") and name.removesuffix("_FILE") in _names_in(patient.path) and Path(path).exists():
            yield _mode(Path(path), secret=True)


def _names_in(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _mode(path: Path, *, secret: bool) -> Check:
    return checkup.of_mode(str(path), stat.S_IMODE(path.stat().st_mode), secret=secret)


# ---- the database ----------------------------------------------------------------------------------------------------


def _database(patient: Patient, config: Config | None) -> Iterator[Check]:
    try:
        database = patient.open_database()
    except StorageError as error:
        yield _fault("database", str(error), "name it with --database, or begin with `tipsheet once`")
        return
    with database:
        now = patient.clock()
        bounds = config.health if config else Bounds()
        try:
            with database.read() as connection:
                broken = damages(connection)
                stands = standing.read(connection, now=now, window=bounds.window)
                people = accounts.count(connection)
                ahead, heard_at = facts.clocks(connection)
                unlisted = left_out(connection)
        except StorageError as error:
            yield _fault("database", str(error), "restore the last backup: `tipsheet restore FILE`")
            return
        for sentence in unlisted:
            yield Check(area="settings", level="warn", sentence=sentence, advice="mend these rows, and start it again")
        yield checkup.of_damages(broken)
        yield from checkup.of_sizes(stands.sizes)
        if (file := database.file) is not None:
            yield checkup.of_disk(shutil.disk_usage(file.parent).free, stands.sizes)
            yield from (_mode(one, secret=True) for one in _parts_of(file))
        yield checkup.of_clock(ahead, heard_at, now)
        yield from checkup.of_pace(verdict.judge(stands, bounds))
        yield from checkup.of_standing(stands)
        if config is not None:
            yield _desk(config, people)


def _parts_of(file: Path) -> Iterator[Path]:
    for part in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        if part.exists():
            yield part


def _desk(config: Config, people: int) -> Check:
    place = config.desk
    if place is None:
        return checkup.of_desk(None, near=True, address="", accounts=people, trusts=False)
    shown = f"{place.host}:{place.port}"
    trusts = bool(place.trusted_proxies)
    return checkup.of_desk(shown, near=_is_near(place.host), address=place.address, accounts=people, trusts=trusts)


def _is_near(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# ---- our own mail servers --------------------------------------------------------------------------------------------


def _mail(channel: Channel) -> Iterator[Check]:
    """Whether its name is known, and whether it lets us in; no letter is sent."""
    sender = replace(MailSender.from_settings(channel.settings), timeout=PATIENCE)
    try:
        socket.getaddrinfo(sender.host, sender.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        yield _fault("names", f"{sender.host} is not known: {error}", "see that this machine has a name server")
        return
    yield Check(area="names", level="ok", sentence=f"{sender.host} is known")
    try:
        sender.greet()
    except DeliveryError as error:
        advice = f"mend the channel {channel.name} in the file, or its server; its messages wait"
        yield _fault("mail", str(error), advice)
        return
    how = {"starttls": "with STARTTLS", "tls": "with TLS", "none": "without TLS"}[sender.security]
    signed = f", signed in as {sender.username}" if sender.username else ""
    sentence = f"{sender.host}, port {sender.port}, answers {how}{signed}"
    yield Check(area="mail", level="ok", sentence=sentence)
