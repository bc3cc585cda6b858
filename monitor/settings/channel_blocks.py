"""The channels of feeds.yaml, with their secrets from the environment → Channel.

What lives here: which setting of which kind is a secret, and where secrets are found. What must not: whether the
settings are any good; each channel's own room says so, and `tipsheet check` asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from pathlib import Path
from urllib.parse import urlsplit

from monitor.model import Channel
from monitor.settings.shape import (
    AppriseChannel,
    Block,
    EmailChannel,
    FeedChannel,
    File,
    FolderChannel,
    HookChannel,
    MatrixChannel,
    NtfyChannel,
    TelegramChannel,
    WebhookChannel,
)
from monitor.settings.yaml_file import Faults

_Settings = dict[str, str | int | bool]
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Secrets:
    """Finds secrets in the environment; one that is missing is a fault of the key that names it."""

    def __init__(self, environ: Mapping[str, str], faults: Faults, place: tuple[str | int, ...]) -> None:
        self._environ = environ
        self._faults = faults
        self._place = place

    def get(self, key: str, name: str | None) -> str:
        if name is None:
            return ""
        if value := self._environ.get(name):
            return value
        if file := self._environ.get(f"{name}_FILE"):
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                self._faults.add((*self._place, key), f"{name}_FILE names {file}, which cannot be read: {error}")
                return ""
        self._faults.add(
            (*self._place, key), f"the secret is missing; expected the environment variable {name} or {name}_FILE"
        )
        return ""


def read_channels(file: File, environ: Mapping[str, str], faults: Faults, folder: Path) -> Iterator[Channel]:
    """Every channel. Paths are read from `folder`, where the file lies."""
    for index, block in enumerate(file.channels):
        settings = _settings(block, Secrets(environ, faults, ("channels", index)))
        if block.kind in ("feed", "folder"):
            settings["path"] = str(folder / str(settings["path"]))
        for key in ("url", "server"):
            port = port_of(str(settings.get(key, "")))
            if port and port not in file.network.ports:
                faults.add(
                    ("channels", index, key), f"port {port} is not among network.ports, so it would not be asked"
                )
        if block.kind == "apprise" and file.network.proxy:
            faults.add(("channels", index, "kind"), "Apprise asks past network.proxy; expected either of them")
        yield Channel(name=block.name, kind=block.kind, settings=settings, content=block.content)


def port_of(url: str) -> int:
    """The port that a web address leads to; 0 for what is no such address."""
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}
        return (parts.port or usual[parts.scheme]) if parts.scheme in usual else 0
    except ValueError:
        return 0


@singledispatch
def _settings(block: Block, secrets: Secrets) -> _Settings:
    """A channel's own settings, by the kind of its block."""
    raise NotImplementedError(type(block).__name__)


@_settings.register
def _email(block: EmailChannel, secrets: Secrets) -> _Settings:
    return {
        "host": block.host,
        "port": block.port or _PORTS[block.security],
        "security": block.security,
        "username": block.username,
        "password": secrets.get("password", block.password),
        "from": block.sender,
        "timeout": int(block.timeout.total_seconds()),
    }


@_settings.register
def _webhook(block: WebhookChannel, secrets: Secrets) -> _Settings:
    named = block.url.startswith("${")
    return {
        "url": secrets.get("url", block.url[2:-1]) if named else block.url,
        "secret": secrets.get("secret", block.secret),
        "previous_secret": secrets.get("previous_secret", block.previous_secret),
    }


@_settings.register
def _hook(block: HookChannel | AppriseChannel, secrets: Secrets) -> _Settings:
    return {"url": secrets.get("url", block.url)}


@_settings.register
def _ntfy(block: NtfyChannel, secrets: Secrets) -> _Settings:
    return {
        "server": block.server,
        "topic": secrets.get("topic", block.topic),
        "token": secrets.get("token", block.token),
        "priority": block.priority,
    }


@_settings.register
def _telegram(block: TelegramChannel, secrets: Secrets) -> _Settings:
    return {"server": block.server, "token": secrets.get("token", block.token), "chat": block.chat}


@_settings.register
def _matrix(block: MatrixChannel, secrets: Secrets) -> _Settings:
    return {"server": block.server, "token": secrets.get("token", block.token), "room": block.room}


@_settings.register
def _feed(block: FeedChannel, _secrets: Secrets) -> _Settings:
    return {"path": block.path, "title": block.title, "keep": block.keep}


@_settings.register
def _folder(block: FolderChannel, _secrets: Secrets) -> _Settings:
    return {"path": block.path, "forms": " ".join(block.forms)}
