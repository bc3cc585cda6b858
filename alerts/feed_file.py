"""A way out that nobody sees go: the latest alerts as a feed in a file, Atom or JSON Feed, for any reader.

What lives here: a message → an entry, and the file with the entry in front. What must not: serving the file.

The file is its own memory: it is read, and written anew beside itself, and takes the old one's place in one step. A
reader sees the old file or the new, never half of one. The same alert again takes the place of its entry.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from alerts.note import as_html, as_text, note_of
from alerts.posting import Settings
from alerts.syndication import ATOM, GENERATOR, JSON_FEED, JSON_MARK, FeedHead, Format, Item
from alerts.webhook import id_of
from monitor.errors import DeliveryError
from monitor.model import Message


@dataclass(frozen=True, slots=True)
class _Format:
    """How a feed is written, and how its entries are found again: id → the entry as it stands in the file."""

    item: Callable[[Message], Item]
    written: Format
    read: Callable[[str], dict[str, str]]  # ValueError for a file that is not ours


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """Writes messages into one file, the newest first."""

    path: Path
    title: str
    keep: int

    @classmethod
    def from_settings(cls, settings: Settings) -> FeedFile:
        """Settings that `check` has nothing to say about."""
        return cls(path=Path(str(settings["path"])), title=str(settings["title"]), keep=int(settings["keep"]))

    def send(self, message: Message, address: str) -> str:
        """Put it in front. Returns a receipt; raises DeliveryError. Where it is kept is the channel's own."""
        known = _FORMATS[self.path.suffix]
        try:
            with _alone(self.path):
                entries = {id_of(message): known.written.item(known.item(message))}
                entries |= {name: entry for name, entry in self._kept(known).items() if name not in entries}
                kept = list(entries.values())[: self.keep]
                feed = FeedHead(id=self._id, title=self.title, updated=message.created_at)
                _replace(self.path, known.written.whole(feed, kept))
        except OSError as error:
            raise DeliveryError(f"{self.path} cannot be written: {error.strerror}", retry=True) from error
        return f"stands in {self.path}"

    @property
    def _id(self) -> str:
        """What readers tell this feed from others by; it does not say where the file lies."""
        return f"urn:tipsheet:feed:{hashlib.sha256(os.fsencode(self.path.absolute())).hexdigest()[:32]}"

    def _kept(self, known: _Format) -> dict[str, str]:
        try:
            return known.read(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            reason = f"{self.path} is there already, and no feed of Tipsheet's; move it away, or name another path"
            raise DeliveryError(reason, retry=True) from None


def check(settings: Settings) -> Iterator[str]:
    """What is wrong with a channel's settings, in words."""
    path = Path(str(settings["path"]))
    if path.suffix not in _FORMATS:
        yield "path: expected a name that ends in .xml or .atom (Atom) or .json (JSON Feed)"
    if not path.parent.is_dir():
        yield f"path: there is no folder {path.parent}"
    elif not os.access(path.parent, os.W_OK):
        yield f"path: the folder {path.parent} cannot be written to"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else writes the file meanwhile: a test message, while the daemon delivers."""
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(path: Path, text: str) -> None:
    """All of it or nothing, also when the power fails. Who may read the file stays as it was."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    with suppress(FileNotFoundError):
        shutil.copymode(path, fresh)
    fresh.replace(path)


def _item(message: Message) -> Item:
    note = note_of(message)
    at = message.created_at
    return Item(
        id=id_of(message), title=note.title, link=note.link, published=at, updated=at, html=as_html(note),
        text=as_text(note),
    )  # fmt: skip


def _atom_item(message: Message) -> Item:
    """Atom wants a URI."""
    item = _item(message)
    return replace(item, id=f"urn:tipsheet:{item.id}")


def _read_atom(text: str) -> dict[str, str]:
    """Nothing that is escaped looks like a tag, so what stands between two of ours is an entry."""
    if GENERATOR not in text:
        raise ValueError
    entries = re.findall(r"<entry><id>urn:tipsheet:(\w+)</id>.*?</entry>", text, re.DOTALL)
    return dict(zip(entries, re.findall(r"<entry>.*?</entry>", text, re.DOTALL), strict=True))


def _read_json(text: str) -> dict[str, str]:
    feed = json.loads(text)
    if not isinstance(feed, dict) or JSON_MARK not in feed:
        raise ValueError
    return {item["id"]: json.dumps(item) for item in feed["items"]}


_ATOM = _Format(_atom_item, ATOM, _read_atom)
_FORMATS = {".xml": _ATOM, ".atom": _ATOM, ".json": _Format(_item, JSON_FEED, _read_json)}
