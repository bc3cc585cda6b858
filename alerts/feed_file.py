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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from html import escape
from pathlib import Path

from alerts.note import as_html, as_text, note_of
from alerts.posting import Settings
from alerts.webhook import id_of
from monitor.errors import DeliveryError
from monitor.model import Message

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GENERATOR = "<generator>Tipsheet</generator>"
_MARK = "_tipsheet"  # what JSON Feed leaves to whoever writes one


@dataclass(frozen=True, slots=True)
class _Format:
    """How a feed is written, and how its entries are found again: id → the entry as it stands in the file."""

    entry: Callable[[Message], str]
    whole: Callable[[str, str, Sequence[str], str], str]  # its id, its title, its entries, time of the newest
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
        written = _FORMATS[self.path.suffix]
        try:
            with _alone(self.path):
                entries = {id_of(message): written.entry(message)}
                entries |= {name: entry for name, entry in self._kept(written).items() if name not in entries}
                kept = list(entries.values())[: self.keep]
                _replace(self.path, written.whole(self._id, self.title, kept, _time(message)))
        except OSError as error:
            raise DeliveryError(f"{self.path} cannot be written: {error.strerror}", retry=True) from error
        return f"stands in {self.path}"

    @property
    def _id(self) -> str:
        """What readers tell this feed from others by; it does not say where the file lies."""
        return f"urn:tipsheet:feed:{hashlib.sha256(os.fsencode(self.path.absolute())).hexdigest()[:32]}"

    def _kept(self, written: _Format) -> dict[str, str]:
        try:
            return written.read(self.path.read_text(encoding="utf-8"))
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


def _time(message: Message) -> str:
    return message.created_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# ---- Atom ------------------------------------------------------------------------------------------------------------


def _atom_entry(message: Message) -> str:
    note, time = note_of(message), _time(message)
    parts = [
        f"<id>urn:tipsheet:{id_of(message)}</id>",
        f"<title>{_xml(note.title)}</title>",
        f"<published>{time}</published>",
        f"<updated>{time}</updated>",
        f'<link href="{_xml(note.link)}"/>' if note.link else "",
        f'<content type="html">{_xml(as_html(note))}</content>',
    ]
    return f"<entry>{''.join(parts)}</entry>"


def _atom(name: str, title: str, entries: Sequence[str], time: str) -> str:
    head = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{_xml(title)}</title>",
        f"<id>{name}</id>",
        f"<updated>{time}</updated>",
        "<author><name>Tipsheet</name></author>",
        _GENERATOR,
    ]
    return "\n".join([*head, *entries, "</feed>", ""])


def _read_atom(text: str) -> dict[str, str]:
    """Nothing that is escaped looks like a tag, so what stands between two of ours is an entry."""
    if _GENERATOR not in text:
        raise ValueError
    entries = re.findall(r"<entry><id>urn:tipsheet:(\w+)</id>.*?</entry>", text, re.DOTALL)
    return dict(zip(entries, re.findall(r"<entry>.*?</entry>", text, re.DOTALL), strict=True))


def _xml(text: str) -> str:
    return escape(_NO_XML.sub("", text))


# ---- JSON Feed -------------------------------------------------------------------------------------------------------


def _json_entry(message: Message) -> str:
    note = note_of(message)
    item = {"id": id_of(message), "title": note.title, "date_published": _time(message), "content_html": as_html(note)}
    item["content_text"] = as_text(note)
    if note.link:
        item["url"] = note.link
    return json.dumps(item)


def _json(name: str, title: str, entries: Sequence[str], time: str) -> str:
    head = {"version": "https://jsonfeed.org/version/1.1", "title": title, _MARK: {"id": name, "updated": time}}
    items = ",\n".join(entries)
    return f'{json.dumps(head)[:-1]}, "items": [\n{items}\n]}}\n'


def _read_json(text: str) -> dict[str, str]:
    feed = json.loads(text)
    if not isinstance(feed, dict) or _MARK not in feed:
        raise ValueError
    return {item["id"]: json.dumps(item) for item in feed["items"]}


_ATOM = _Format(_atom_entry, _atom, _read_atom)
_FORMATS = {".xml": _ATOM, ".atom": _ATOM, ".json": _Format(_json_entry, _json, _read_json)}
