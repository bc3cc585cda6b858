"""What feeds.yaml may say: every key, its type, its default and its bounds.

What lives here: one pydantic model for each block of the file, in the file's order. What must not: reading files,
looking at the environment, comparing one block with another (`config` does).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitor.model import Content
from monitor.settings.values import (
    Doorstep,
    Duration,
    EmailAddress,
    Hour,
    Hours,
    Language,
    Listen,
    Name,
    Network,
    ProxyUrl,
    Reminder,
    SecretName,
    Sender,
    Target,
    Url,
    Zone,
)


def _terms(value: object) -> object:
    """A list alone is a set of just these terms."""
    return {"terms": value} if isinstance(value, list) else value


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
    callback: Doorstep
    listen: Listen


class DeskBlock(Block):
    listen: Listen = "127.0.0.1:8090"
    address: Doorstep | None = None
    trusted_proxies: tuple[Network, ...] = ()
    metrics_from: tuple[Network, ...] = ()


class HealthBlock(Block):
    window: Annotated[Duration, Field(ge=timedelta(minutes=5), le=timedelta(days=1))] = timedelta(hours=1)
    feeds: Annotated[float, Field(gt=0, le=1)] = 0.5
    entries: Annotated[float, Field(gt=0, le=1)] = 0.25
    waiting: Duration = timedelta(minutes=10)


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
    matched: Duration | None = None
    decisions: Duration = timedelta(days=400)
    attempts: Duration = timedelta(days=400)
    messages: Duration = timedelta(days=400)
    audit: Duration = timedelta(days=400)


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


class FolderChannel(Block):
    name: Name
    kind: Literal["folder"]
    path: Name
    forms: Annotated[tuple[Literal["html", "markdown", "json", "text"], ...], Field(min_length=1)] = ("html",)
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
    | FolderChannel
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
    updates: Literal["at-once", "digest", "never"] | None = None  # as `digest_at` suggests
    language: Literal["en", "es"] = "en"
    alive: Literal["daily", "weekly", "never"] = "weekly"


class WatchBlock(Block):
    name: Name
    formerly: tuple[Name, ...] = ()
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


class FeedListBlock(Block):
    file: Name
    tags: tuple[Name, ...] = ()
    every: Duration | None = None


class File(Block):
    contact: Url
    owner: Name | None = None
    heartbeat: SecretName | None = None
    fetch: FetchBlock = FetchBlock()
    network: NetworkBlock = NetworkBlock()
    websub: WebsubBlock | None = None
    desk: DeskBlock | None = None
    health: HealthBlock = HealthBlock()
    alerts: AlertsBlock = AlertsBlock()
    pages: PagesBlock = PagesBlock()
    archive: ArchiveBlock = ArchiveBlock()
    keep: KeepBlock = KeepBlock()
    sets: dict[Name, Annotated[SetBlock, BeforeValidator(_terms)]] = {}
    channels: tuple[ChannelBlock, ...]
    recipients: tuple[RecipientBlock, ...]
    watches: tuple[WatchBlock, ...]
    feed_lists: tuple[FeedListBlock, ...] = ()
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
