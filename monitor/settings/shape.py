"""What feeds.yaml may say: every key, its type, its default and its bounds.

What lives here: one pydantic model for each block of the file, in the file's order. What must not: reading files,
looking at the environment, comparing one block with another (`config` does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from email.utils import formataddr, parseaddr
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.model import Content
from monitor.net.addresses import address_fault, read_proxy

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ZONES = available_timezones()


def duration(value: object) -> timedelta:
    """A length of time as the file and the commands write it: 90d. ValueError for anything else."""
    found = re.fullmatch(r"(\d+)\s*([smhdw])", str(value).strip())
    if not found:
        raise ValueError("expected a duration such as 30s, 15m, 1h, 2d or 1w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _hour(value: object) -> time:
    # Ask for quotes in the message: an unquoted 07:30 is a number in base 60 to older YAML readers.
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value))
    if not found:
        raise ValueError('expected an hour such as "07:00"')
    return time(int(found[1]), int(found[2]))


def _hours(value: object) -> tuple[time, time]:
    begin, dash, end = str(value).replace(" ", "").partition("-")
    try:
        hours = _hour(begin), _hour(end)
    except ValueError:
        dash = ""
    if not dash or hours[0] == hours[1]:
        raise ValueError('expected two different hours such as "22:00-07:00"')
    return hours


def _reminder(value: object) -> timedelta:
    wait = duration(value)
    if wait < timedelta(minutes=5):
        raise ValueError("expected at least 5m between two reminders")
    return wait


def _zone(value: object) -> str:
    if value not in _ZONES:
        raise ValueError("expected a time zone such as America/New_York or Europe/Madrid")
    return str(value)


def _url(value: object) -> str:
    text = str(value)
    if re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise ValueError("expected a URL without spaces, backslashes or control characters")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL that starts with http:// or https:// and names a host")
    if "@" in parts.netloc:
        raise ValueError("a user name or password does not belong in this file; expected a URL without them")
    return text


def _callback(value: object) -> str:
    """Hubs come from outside: over TLS, but for an address that nobody outside can reach anyway."""
    text = _url(value).rstrip("/")
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without ? and #")
    if parts.scheme != "https" and not (host == "localhost" or (_is_address(host) and address_fault(host))):
        raise ValueError("expected a URL that starts with https://")
    return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _listen(value: object) -> str:
    found = re.fullmatch(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", str(value))
    if not found or not 0 < int(found[2]) < 65_536:
        raise ValueError("expected an address of this machine and a port, such as 127.0.0.1:8081")
    return str(value)


def _target(value: object) -> str:
    """A webhook's address is often a secret itself, so it may be named instead of written."""
    return str(value) if re.fullmatch(r"\$\{[A-Z][A-Z0-9_]*\}", str(value)) else _url(value)


def _network(value: object) -> str:
    try:
        return str(ip_network(str(value)))
    except ValueError:
        raise ValueError("expected a network such as 10.1.0.0/16") from None


def _proxy(value: object) -> str:
    read_proxy(str(value))
    return str(value)


def _sender(value: object) -> str:
    """An address, with or without a name before it: `Tipsheet <tipsheet@example.org>`."""
    name, address = parseaddr(str(value))
    _email(address)
    return formataddr((name, address)) if name else address


def _email(value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"[^@\s<>,;\x00-\x1f]+@[^@\s<>,;\x00-\x1f]+", text):
        raise ValueError("expected an email address such as desk@example.org")
    return text


def _language(value: object) -> str:
    if not re.fullmatch(r"([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?", str(value)):
        raise ValueError("expected a language such as en or es-MX")
    return str(value)


def _secret(value: object) -> str:
    found = re.fullmatch(r"\$\{([A-Z][A-Z0-9_]*)\}", str(value))
    if not found:
        raise ValueError(
            "a secret does not belong in this file; expected the name of its variable, such as ${SMTP_PASSWORD}"
        )
    return found[1]


def _terms(value: object) -> object:
    """A list alone is a set of just these terms."""
    return {"terms": value} if isinstance(value, list) else value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Hour = Annotated[time, BeforeValidator(_hour)]
Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]
Reminder = Annotated[timedelta, BeforeValidator(_reminder)]
Zone = Annotated[str, BeforeValidator(_zone)]
Url = Annotated[str, BeforeValidator(_url)]
Callback = Annotated[str, BeforeValidator(_callback)]
Listen = Annotated[str, BeforeValidator(_listen)]
Target = Annotated[str, BeforeValidator(_target)]
Network = Annotated[str, BeforeValidator(_network)]
ProxyUrl = Annotated[str, BeforeValidator(_proxy)]
EmailAddress = Annotated[str, BeforeValidator(_email)]
Sender = Annotated[str, BeforeValidator(_sender)]
Language = Annotated[str, BeforeValidator(_language)]
SecretName = Annotated[str, BeforeValidator(_secret)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Block(BaseModel):
    """A part of the file. A key that is not listed is an error: a misspelt key that is ignored is a lost alert."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class FetchBlock(Block):
    every: Duration = timedelta(hours=1)
    gap: Duration = timedelta(seconds=1)
    timeout: Duration = timedelta(seconds=30)
    at_once: Annotated[int, Field(ge=1, le=256)] = 32


class NetworkBlock(Block):
    allow: tuple[Network, ...] = ()
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443, 8000, 8080, 8443)
    proxy: ProxyUrl | None = None
    proxy_username: Annotated[str, Field(max_length=60)] = ""
    proxy_password: SecretName | None = None


class WebsubBlock(Block):
    callback: Callback
    listen: Listen


class AlertsBlock(Block):
    group_wait: Duration = timedelta(seconds=30)
    group_interval: Duration = timedelta(minutes=5)
    fresh_for: Duration = timedelta(days=2)


class PagesBlock(Block):
    read: Literal["never", "matched", "near"] = "near"


class ArchiveBlock(Block):
    save: Literal["never", "matched"] = "never"
    service: Url = "https://web.archive.org/save/"


class KeepBlock(Block):
    texts: Duration = timedelta(days=400)


class EmailChannel(Block):
    name: Name
    kind: Literal["email"]
    host: Name
    port: Annotated[int, Field(ge=1, le=65535)] | None = None  # the usual one of its security: 587, 465, 25
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretName | None = None
    sender: Sender = Field(alias="from")
    timeout: Duration = timedelta(minutes=5)
    content: Content = "full"


class WebhookChannel(Block):
    name: Name
    kind: Literal["webhook"]
    url: Target
    secret: SecretName
    previous_secret: SecretName | None = None
    content: Content = "full"


class HookChannel(Block):
    """A chat that gives out addresses to post to; whoever knows one may post."""

    name: Name
    kind: Literal["slack", "discord", "mattermost", "teams"]
    url: SecretName
    content: Content = "full"


class NtfyChannel(Block):
    name: Name
    kind: Literal["ntfy"]
    topic: SecretName
    server: Url = "https://ntfy.sh"
    token: SecretName | None = None
    priority: Annotated[int, Field(ge=1, le=5)] = 3
    content: Content = "full"


class TelegramChannel(Block):
    name: Name
    kind: Literal["telegram"]
    token: SecretName
    chat: Name
    server: Url = "https://api.telegram.org"
    content: Content = "full"


class MatrixChannel(Block):
    name: Name
    kind: Literal["matrix"]
    server: Url
    token: SecretName
    room: Name
    content: Content = "full"


class FeedChannel(Block):
    name: Name
    kind: Literal["feed"]
    path: Name
    title: Name = "Tipsheet"
    keep: Annotated[int, Field(ge=1, le=1000)] = 50
    content: Content = "full"


class AppriseChannel(Block):
    name: Name
    kind: Literal["apprise"]
    url: SecretName
    content: Content = "full"


ChannelBlock = Annotated[
    EmailChannel
    | WebhookChannel
    | HookChannel
    | NtfyChannel
    | TelegramChannel
    | MatrixChannel
    | FeedChannel
    | AppriseChannel,
    Field(discriminator="kind"),
]


class RecipientBlock(Block):
    name: Name
    channel: Name
    address: EmailAddress | None = None
    digest_at: Hour | None = None
    digest: Literal["daily", "weekdays", "weekly"] = "daily"
    zone: Zone = "UTC"
    quiet: Hours | None = None
    an_hour: Annotated[int, Field(ge=1, le=100_000)] = 10
    updates: Literal["at-once", "digest", "never"] = "digest"


class WatchBlock(Block):
    name: Name
    query: str | None = None
    pack: str | None = None
    level: Literal["alert", "digest"] = "alert"
    busy: bool = False
    urgent: bool = False
    remind: Reminder | None = None
    to: tuple[Name, ...] = ()
    feeds: tuple[Name, ...] = ()
    languages: tuple[Language, ...] = ()
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()


class SetBlock(Block):
    """Terms, and the languages in whose plurals and tenses they count."""

    terms: tuple[Name, ...]
    forms: tuple[Literal["de", "en", "es", "fr", "it", "nl", "pt"], ...] = ()


class FeedBlock(Block):
    name: Name
    url: Url
    outlet: str = ""
    language: Language = ""
    tags: tuple[Name, ...] = ()
    about: tuple[Name, ...] = ()
    enabled: bool = True
    every: Duration | None = None
    pages: bool = False
    max_delay: Duration | None = None
    conditional: bool = True


class File(Block):
    contact: Url
    owner: Name | None = None
    heartbeat: SecretName | None = None
    fetch: FetchBlock = FetchBlock()
    network: NetworkBlock = NetworkBlock()
    websub: WebsubBlock | None = None
    alerts: AlertsBlock = AlertsBlock()
    pages: PagesBlock = PagesBlock()
    archive: ArchiveBlock = ArchiveBlock()
    keep: KeepBlock = KeepBlock()
    sets: dict[Name, Annotated[SetBlock, BeforeValidator(_terms)]] = {}
    channels: tuple[ChannelBlock, ...]
    recipients: tuple[RecipientBlock, ...]
    watches: tuple[WatchBlock, ...]
    feeds: tuple[FeedBlock, ...]


def keys_at(place: Sequence[str | int]) -> frozenset[str]:
    """The keys that the blocks at a place may have: ("channels", 0) → those of every kind of channel."""
    blocks: list[type[BaseModel]] = [File]
    for step in place:
        annotations = [
            field.annotation
            for block in blocks
            for key, field in block.model_fields.items()
            if step == (field.alias or key)
        ]
        if annotations:  # else it is a number, or the kind of a channel
            blocks = [block for annotation in annotations for block in _blocks(annotation)]
    return frozenset(field.alias or key for block in blocks for key, field in block.model_fields.items())


def _blocks(annotation: object) -> Iterator[type[BaseModel]]:
    """The blocks that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _blocks(part)
