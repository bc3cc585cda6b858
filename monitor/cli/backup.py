"""`tipsheet backup`, `tipsheet restore`: an installation in one file, and back. What must not live here: that file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from monitor.cli.options import (
    config_option,
    database_option,
    default_database,
    find_config,
    json_option,
    open_database,
)
from monitor.cli.paint import err, json_line, local, many, out, plain, progress
from monitor.clock import utc_now
from monitor.errors import ConfigError, StorageError
from monitor.pipeline import backup as files
from monitor.rhythm import cadence
from monitor.settings.beside import named_beside
from monitor.settings.config import read_config
from storage import copying, restored
from storage.database import Database, be_alone, file_at
from storage.restored import OwedDigest

_AGAIN = ".before-restore"


@click.command()
@config_option
@database_option
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--encrypt", is_flag=True, help="With the passphrase in the environment (TIPSHEET_BACKUP_PASSPHRASE).")
@json_option
def backup(config_path: Path | None, database_url: str | None, target: Path, encrypt: bool, as_json: bool) -> None:
    """Write the whole installation into one file, while Tipsheet runs.

    It holds the database as it is at this moment, and feeds.yaml with the packs and lists beside it, packed; no secret
    of the environment is in it.
    """
    now = utc_now()
    with open_database(database_url, to_read=True) as database:
        passphrase = _passphrase(must_be=True) if encrypt else ""
        settings = find_config(config_path)
        head = files.write(database, settings, target, beside=named_beside(settings), passphrase=passphrase, now=now)
    if as_json:
        json_line({"file": str(target), "made_at": now, "size": target.stat().st_size, "database_size": head.size})
    else:
        out.print(f"{plain(target)} is written: {target.stat().st_size:,} bytes, of {head.size:,} of the database.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of putting a backup back."""

    made_at: datetime
    held: int  # deliveries that a person decides on
    settings: str  # where feeds.yaml was written; "": the one that is there is the same
    before: str  # where the database that was there lies now; "": there was none
    beside: tuple[str, ...]  # what was written beside feeds.yaml: packs and lists that were not there


@click.command()
@config_option
@database_option
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the database that is there aside.")
@json_option
def restore(config_path: Path | None, database_url: str | None, source: Path, replace: bool, as_json: bool) -> None:
    """Put a backup back; nothing that may have been told since it was made is told again.

    What waited then, and news, digests and reminders that were due by now, are held as uncertain: they are listed, and
    a person decides. Stop Tipsheet and its desk before.
    """
    url = database_url or default_database()
    if (file := file_at(url)) is not None:
        done = _to_file(source, file, find_config(config_path), replace=replace)
    elif replace:
        raise StorageError("a server's database cannot be put aside; make an empty one, and name it in --database")
    else:
        done = _to_server(source, url, find_config(config_path))
    if as_json:
        json_line(done)
    else:
        _show(done)


def _to_file(source: Path, target: Path, config: Path, *, replace: bool) -> Restored:
    with _alone(target, replace=replace), files.unpacked(source, beside=target, passphrase=_passphrase()) as found:
        settings, put = _put_settings(found.settings, config), _put_beside(found.beside, config.parent)
        held = _hold(found, config, utc_now())
        before = str(_put_database(found.database, target) or "")
    return Restored(made_at=found.made_at, held=held, settings=str(settings or ""), before=before, beside=put)


def _to_server(source: Path, url: str, config: Path) -> Restored:
    """Into an empty database, or one into which this was begun: then it is begun anew, for more may have gone out."""
    beside = Path(tempfile.gettempdir()) / "tipsheet.db"
    with files.unpacked(source, beside=beside, passphrase=_passphrase()) as found, Database(url) as target:
        target.claim_instance()
        with _opened(found) as rows, rows.read() as connection:
            copying.refuse_strangers(connection, target)
        settings, put = _put_settings(found.settings, config), _put_beside(found.beside, config.parent)
        held = _hold(found, config, utc_now())
        with _opened(found) as rows, rows.read() as connection:
            steps = copying.copy(connection, target, anew=True)
            deque(progress(steps, "Copying", copying.count_lots(connection)), maxlen=0)
            deque(progress(copying.prove(connection, target), "Comparing", len(copying.tables())), maxlen=0)
        copying.finish(target)
    return Restored(made_at=found.made_at, held=held, settings=str(settings or ""), before="", beside=put)


def _show(done: Restored) -> None:
    out.print(f"The installation is as it was on {local(done.made_at)}.")
    if done.held:
        out.print(
            f"{many(done.held, 'delivery', 'deliveries')} may have gone out since. Nothing is sent again by itself: "
            "`tipsheet alerts --state uncertain` lists them, `tipsheet alerts retry` sends what did not arrive."
        )
    if done.settings:
        err.print(f"Its settings are in {plain(done.settings)}.")
    for file in done.beside:
        err.print(f"{plain(file)} is beside them.")
    if done.before:
        err.print(f"What was there before lies in {plain(done.before)}.")


@contextmanager
def _alone(target: Path, *, replace: bool) -> Iterator[None]:
    """Nobody works on the database that is there, and somebody wants it replaced."""
    there = target.exists() and target.stat().st_size > 0
    if there and not replace:
        raise StorageError(f"{target} is there already; say --replace to put it aside")
    lock = be_alone(target)
    try:
        yield
    finally:
        lock.close()
        if target.exists() and not target.stat().st_size:  # made for the lock alone
            target.unlink()


def _hold(found: files.Unpacked, settings: Path, now: datetime) -> int:
    """Bring the unpacked database to today's version, and hold what may have gone out."""
    with _opened(found) as database, database.write() as connection:
        digests = _owed_digests(settings, now)
        return restored.mark(connection, digests, made_at=found.made_at, now=now)


def _opened(found: files.Unpacked) -> Database:
    return Database(f"sqlite:///{found.database}", must_exist=True)


def _owed_digests(settings: Path, now: datetime) -> Sequence[OwedDigest]:
    """The latest digest of each recipient: only that one could be queued again."""
    try:
        config = read_config(settings, os.environ, with_secrets=False, lenient=True)
    except (ConfigError, OSError) as error:
        raise StorageError(f"the settings say which digests may have gone out, and cannot be read: {error}") from error
    slots = (
        (one, cadence.digest_slot(one.digest_at, one.zone, now=now, on=one.digest_on)[0].isoformat())
        for one in config.recipients.values()
        if one.digest_at is not None
    )
    return [
        OwedDigest(
            key=f"digest:{day}:{one.name}:{one.channel}", day=day, channel=one.channel, recipient=one.name,
            address=one.address,
        )
        for one, day in slots
    ]  # fmt: skip


def _put_settings(content: bytes, path: Path) -> Path | None:
    """Where feeds.yaml was written: never over one that is there."""
    if path.exists():
        if path.read_bytes() == content:
            return None
        path = path.with_name(f"{path.name}.from-backup")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(content)
    return path


def _put_beside(found: Mapping[str, Path], folder: Path) -> tuple[str, ...]:
    """The packs and lists of the backup, where they lay; never over one that is there and says something else."""
    put: list[str] = []
    for name, unpacked in found.items():
        path = folder / name
        if path.exists() and path.read_bytes() == unpacked.read_bytes():
            continue
        path = path.with_name(f"{path.name}.from-backup") if path.exists() else path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(unpacked, path)
        put.append(str(path))
    return tuple(put)


def _put_database(unpacked: Path, target: Path) -> Path | None:
    """Where the one that was there lies now; the write-ahead log goes with its database."""
    there = target.exists() and target.stat().st_size > 0
    if there:
        for end in ("-wal", "-shm", ""):
            part = Path(f"{target}{end}")
            if part.exists():
                part.replace(f"{target}{_AGAIN}{end}")
    unpacked.replace(target)
    return Path(f"{target}{_AGAIN}") if there else None


def _passphrase(*, must_be: bool = False) -> str:
    if value := os.environ.get("TIPSHEET_BACKUP_PASSPHRASE"):
        return value
    if file := os.environ.get("TIPSHEET_BACKUP_PASSPHRASE_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    if must_be:
        raise click.UsageError(
            "--encrypt needs a passphrase in TIPSHEET_BACKUP_PASSPHRASE, or in the file that "
            "TIPSHEET_BACKUP_PASSPHRASE_FILE names"
        )
    return ""
