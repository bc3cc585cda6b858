"""A way out that leaves files: each message becomes one file for each form that is wanted, in one folder.

What lives here: a message → files, whole or not at all. What must not: what the forms look like; a page's picture is in
it already, or stands beside the words in it.

The name comes from the message's key, so that the same message again takes the place of its files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.history import picture_id
from alerts.markdown import as_markdown
from alerts.posting import Settings
from alerts.webhook import body_of
from monitor.errors import DeliveryError
from monitor.model import Message

_LONGEST_NAME = 100  # characters, without the ending: every file system takes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Writes messages into one folder."""

    path: Path
    forms: tuple[str, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> Folder:
        """Settings that `check` has nothing to say about."""
        return cls(path=Path(str(settings["path"])), forms=tuple(str(settings["forms"]).split()))

    def send(self, message: Message, address: str) -> str:
        """Write its files. Returns a receipt; raises DeliveryError. Where they are kept is the channel's own."""
        name = file_name(message.key)
        try:
            for form in self.forms:
                ending, write = FORMS[form]
                _replace(self.path / f"{name}{ending}", write(message))
        except OSError as error:
            raise DeliveryError(f"{self.path} cannot be written to: {error.strerror}", retry=True) from error
        return f"stands in {self.path / name}"


def check(settings: Settings) -> Iterator[str]:
    """What is wrong with a channel's settings, in words."""
    path = Path(str(settings["path"]))
    if not path.is_dir():
        yield f"path: there is no folder {path}"
    elif not os.access(path, os.W_OK):
        yield f"path: the folder {path} cannot be written to"
    if not settings["forms"]:
        yield f"forms: expected one or more of {', '.join(FORMS)}"


def file_name(key: str) -> str:
    """ "digest:2026-11-24:desk:files" → "digest-2026-11-24-desk-files".

    A key of which that would change more has a mark of its own: no name leads out of the folder, no two keys share one.
    """
    plain = re.sub(r"[^\w.-]+", "-", key).strip("-.")[:_LONGEST_NAME]
    if plain == key.replace(":", "-"):
        return plain
    return f"{plain}-{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:8]}"


def page_of(message: Message) -> str:
    """The HTML as a file of its own: the picture that a mail carries beside it stands in it."""
    if not message.picture:
        return message.html
    return message.html.replace(f"cid:{picture_id(message.key)}", f"data:image/png;base64,{message.picture}")


def as_json(message: Message) -> str:
    """What a webhook would be sent, for a person to read as well."""
    return json.dumps(json.loads(body_of(message)), indent=2, ensure_ascii=False) + "\n"


FORMS: Mapping[str, tuple[str, Callable[[Message], str]]] = {
    "html": (".html", page_of),
    "markdown": (".md", as_markdown),
    "json": (".json", as_json),
    "text": (".txt", lambda message: message.text),
}


def _replace(path: Path, text: str) -> None:
    """All of it or nothing, also when the power fails."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8", errors="replace") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
