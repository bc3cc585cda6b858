"""The ways out: what every channel promises, and one line for each kind.

What lives here: the protocol, and the table of kinds. What must not: how any of them works. A new channel is a module
of its own and a line in `_KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from alerts import apprise, feed_file, folder, smtp, webhook
from alerts.chat import ChatSender, Service
from alerts.discord import DISCORD
from alerts.discretion import reduced
from alerts.matrix import MATRIX
from alerts.mattermost import MATTERMOST
from alerts.ntfy import NTFY
from alerts.posting import Post as Post
from alerts.posting import Posted as Posted
from alerts.posting import Settings
from alerts.slack import SLACK
from alerts.teams import TEAMS
from alerts.telegram import TELEGRAM
from monitor.errors import DeliveryError
from monitor.model import Channel, ChannelKind, Content, Message


class Sender(Protocol):
    """Something that takes one message to one receiver."""

    def send(self, message: Message, address: str) -> str:
        """Send, and return the receiver's word for it ("250 2.0.0 queued as 4D2A").

        Raises DeliveryError, whose `retry` says whether another try makes sense, and whose `reached` says whether the
        receiver may have the message all the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Kind:
    check: Callable[[Settings], Iterable[str]]
    open: Callable[[Settings, Post], Sender]


def _chat(service: Service) -> _Kind:
    return _Kind(service.check, lambda settings, post: ChatSender(service=service, settings=settings, post=post))


_KINDS: Mapping[ChannelKind, _Kind] = {
    "email": _Kind(smtp.check, lambda settings, _post: smtp.MailSender.from_settings(settings)),
    "webhook": _Kind(webhook.check, webhook.WebhookSender.from_settings),
    "slack": _chat(SLACK),
    "discord": _chat(DISCORD),
    "mattermost": _chat(MATTERMOST),
    "teams": _chat(TEAMS),
    "ntfy": _chat(NTFY),
    "telegram": _chat(TELEGRAM),
    "matrix": _chat(MATRIX),
    "feed": _Kind(feed_file.check, lambda settings, _post: feed_file.FeedFile.from_settings(settings)),
    "folder": _Kind(folder.check, lambda settings, _post: folder.Folder.from_settings(settings)),
    "apprise": _Kind(apprise.check, lambda settings, _post: apprise.AppriseSender(url=str(settings["url"]))),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discreet:
    """A sender of which every message says less."""

    sender: Sender
    content: Content

    def send(self, message: Message, address: str) -> str:
        return self.sender.send(reduced(message, self.content), address)


def check(channel: Channel) -> tuple[str, ...]:
    """What is wrong with a channel's settings, in words; empty: nothing. Asks nobody on the network."""
    return tuple(_KINDS[channel.kind].check(channel.settings))


def open_sender(channel: Channel, *, post: Post) -> Sender:
    """A sender for a channel; `post` is the guarded HTTP client's.

    Settings that cannot be used raise a DeliveryError worth retrying: the alerts wait until somebody has mended them.
    """
    if faults := check(channel):
        raise DeliveryError(f"the channel “{channel.name}” cannot be used: {'; '.join(faults)}", retry=True)
    sender = _KINDS[channel.kind].open(channel.settings, post)
    return sender if channel.content == "full" else Discreet(sender=sender, content=channel.content)
