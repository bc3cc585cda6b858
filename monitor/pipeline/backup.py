"""A whole installation in one file, and back: the database as it is at one moment, and feeds.yaml with what it names.

What lives here: the file's form, and what is refused when one is put back. What must not: what is held after it was
(`storage.restored`), or where databases lie.

It is a ZIP file of three parts, and one for each file beside feeds.yaml. No name of a part is used as a path, and what
the first one says that a file is called leads to nowhere but beside feeds.yaml, or below; no part is read past the
length that the first one says, and none may be many times longer than it is packed. Encrypted, it is the same in the
format of age, with a passphrase; that is made in memory, and takes as much of it as the backup is large.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO

from monitor.errors import StorageError
from monitor.settings.beside import is_below
from monitor.version import VERSION
from storage import copying
from storage.database import Database

HEAD, SETTINGS, ROWS = "backup.json", "feeds.yaml", "tipsheet.db"
BESIDE = "beside/"  # and a number
LONGEST_HEAD, LONGEST_SETTINGS = 64 * 1024, 16 * 1024 * 1024
MOST_RATIO, FREE_RATIO_BELOW = 100, 16 * 1024 * 1024  # of length to packed length; what is short may be packed well
ENCRYPTED = b"age-encryption.org/"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a backup says of itself."""

    made_at: str
    version: str  # of the Tipsheet that made it
    size: int  # bytes of the database
    digest: str  # SHA-256 of it, hex
    beside: Sequence[tuple[str, int]] = ()  # the name and the bytes of each file beside feeds.yaml


# ---- making one ------------------------------------------------------------------------------------------------------


def write(
    database: Database, settings: Path, target: Path, *, beside: Mapping[str, Path], passphrase: str = "", now: datetime
) -> Head:
    """Make a backup at `target`, for its owner's eyes only; it is there whole, or not at all.

    Whoever works on the database goes on. The rows of a server's stand in it as a database of SQLite, so that either
    engine can have them back. `beside` are the files that go with the settings. StorageError where nothing can be
    encrypted.
    """
    with _beside(target) as folder:
        rows, packed = folder / ROWS, folder / "packed"
        _copy_rows(database, rows)
        head = Head(made_at=now.isoformat(), version=VERSION, size=rows.stat().st_size, digest=_digest(rows))
        with (
            _open_private(packed) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as parts,
        ):
            parts.writestr(SETTINGS, settings.read_bytes())
            parts.write(rows, ROWS)
            head = replace(head, beside=[_add(parts, name, path) for name, path in beside.items()])
            said = {key: value for key, value in asdict(head).items() if value or key != "beside"}
            parts.writestr(HEAD, json.dumps(said))  # an older Tipsheet reads one with nothing beside
        if passphrase:
            sealed = _age().passphrase.encrypt(packed.read_bytes(), passphrase)
            _write_private(packed, sealed)
        _sync(packed)
        packed.replace(target)
    return head


def _add(parts: zipfile.ZipFile, name: str, path: Path) -> tuple[str, int]:
    part = f"{BESIDE}{len(parts.namelist())}"
    parts.write(path, part)
    return name, parts.getinfo(part).file_size


def _copy_rows(database: Database, path: Path) -> None:
    if database.file is None:
        copying.take(database, path)
    else:
        database.snapshot(path)


# ---- putting one back ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A backup, unpacked and found to be whole."""

    made_at: datetime
    version: str
    database: Path
    settings: bytes
    beside: Mapping[str, Path]


@contextmanager
def unpacked(source: Path, *, beside: Path, passphrase: str = "") -> Iterator[Unpacked]:
    """The parts of a backup, in a folder beside where the database is to lie, while the block lasts.

    StorageError for what is no backup, was made to do harm, does not fit on the disk, or was damaged.
    """
    with _beside(beside) as folder, _opened(source, passphrase) as parts:
        head = _read_head(parts)
        _refuse_bomb(parts, head, room=shutil.disk_usage(folder).free)
        rows, settings = folder / ROWS, _read(parts, SETTINGS, LONGEST_SETTINGS)
        if _unpack(parts, ROWS, rows, head.size) != head.digest:
            raise StorageError(f"{source} is damaged: its database is not the one that was backed up")
        yield Unpacked(
            made_at=datetime.fromisoformat(head.made_at),
            version=head.version,
            database=rows,
            settings=settings,
            beside=_unpack_beside(parts, head, folder),
        )


@contextmanager
def _opened(source: Path, passphrase: str) -> Iterator[zipfile.ZipFile]:
    with source.open("rb") as file:
        sealed = file.read(len(ENCRYPTED)) == ENCRYPTED
        file.seek(0)
        plain: IO[bytes] = io.BytesIO(_opened_seal(file.read(), passphrase)) if sealed else file
        try:
            with zipfile.ZipFile(plain) as parts:
                _refuse_strangers(parts)
                yield parts
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OverflowError) as error:
            raise StorageError(f"{source} is no backup of Tipsheet, or is damaged: {error}") from None


def _refuse_strangers(parts: zipfile.ZipFile) -> None:
    names = sorted(part.filename for part in parts.infolist() if not re.fullmatch(BESIDE + r"\d{1,4}", part.filename))
    if names != sorted((HEAD, SETTINGS, ROWS)):
        strange = next((name for name in names if name not in (HEAD, SETTINGS, ROWS)), "")
        said = f"it has {strange!r}" if strange else f"it has only {', '.join(names) or 'nothing'}"
        raise StorageError(f"this is no backup of Tipsheet: {said}; expected {HEAD}, {SETTINGS} and {ROWS}")
    if any(part.flag_bits & 1 for part in parts.infolist()):
        raise StorageError("this is no backup of Tipsheet: a part of it has a password of its own")


def _refuse_bomb(parts: zipfile.ZipFile, head: Head, *, room: int) -> None:
    """Lengths are those that the file says; none is believed when it is unpacked."""
    for part, size in ((ROWS, head.size), *_beside_parts(parts, head)):
        packed = parts.getinfo(part).compress_size
        if size > FREE_RATIO_BELOW and size > MOST_RATIO * packed:
            raise StorageError(f"its {part} would be {size:,} bytes from {packed:,}: no backup is packed so well")
    whole = head.size + sum(size for _, size in head.beside)
    if whole > room:
        raise StorageError(f"it has {whole:,} bytes, and {room:,} are free where it is to lie")


def _beside_parts(parts: zipfile.ZipFile, head: Head) -> Iterator[tuple[str, int]]:
    """The part of each file beside feeds.yaml, and how long it says to be."""
    names = [name for name in parts.namelist() if name.startswith(BESIDE)]
    if len(names) != len(head.beside):
        raise StorageError(f"this is no backup of Tipsheet: it has {len(names)} files, and says {len(head.beside)}")
    yield from ((part, size) for part, (_, size) in zip(names, head.beside, strict=True))


def _unpack_beside(parts: zipfile.ZipFile, head: Head, folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for (part, size), (name, _) in zip(_beside_parts(parts, head), head.beside, strict=True):
        found[name] = folder / f"beside-{len(found)}"
        _unpack(parts, part, found[name], size)
    return found


def _read_head(parts: zipfile.ZipFile) -> Head:
    try:
        head = Head(**json.loads(_read(parts, HEAD, LONGEST_HEAD)))
        good = int(head.size) >= 0 and datetime.fromisoformat(head.made_at).tzinfo is not None
        good = good and all(is_below(str(name)) and int(size) >= 0 for name, size in head.beside)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise StorageError(f"this is no backup of Tipsheet: its {HEAD} cannot be read")
    return head


def _read(parts: zipfile.ZipFile, name: str, longest: int) -> bytes:
    with parts.open(name) as part:
        found = part.read(longest + 1)
    if len(found) > longest:
        raise StorageError(f"its {name} is longer than {longest:,} bytes: no backup has such a one")
    return found


def _unpack(parts: zipfile.ZipFile, name: str, target: Path, size: int) -> str:
    """Write a part, and no byte more than it is to have; its digest."""
    digest, left = sha256(), size
    with parts.open(name) as part, _open_private(target) as file:
        while chunk := part.read(min(_CHUNK, left + 1)):
            if len(chunk) > left:
                raise StorageError(f"its {name} is longer than the {size:,} bytes that it says")
            left -= len(chunk)
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


# ---- files and seals -------------------------------------------------------------------------------------------------


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder for its owner alone, on the same disk as a file that is to be."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".tipsheet-", dir=target.parent) as folder:
        yield Path(folder)


def _open_private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w+b")


def _write_private(path: Path, content: bytes) -> None:
    with _open_private(path) as file:
        file.write(content)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _age() -> ModuleType:
    """The library, which is loaded for this alone."""
    try:
        return import_module("pyrage")
    except ImportError as error:
        raise StorageError("to encrypt needs a library that is not there: pip install 'tipsheet[backup]'") from error


def _opened_seal(content: bytes, passphrase: str) -> bytes:
    if not passphrase:
        raise StorageError("this backup is encrypted; expected its passphrase")
    age = _age()
    try:
        opened: bytes = age.passphrase.decrypt(content, passphrase)
    except age.DecryptError as error:
        raise StorageError(f"the passphrase does not open this backup: {error}") from None
    return opened
