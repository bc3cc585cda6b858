"""The ways out: what every channel promises, and one line for each kind.

What lives here: the protocol, and the table of kinds. What must not: how any of them works. A new channel is a module
of its own and a line in `_KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from alerts import smtp, webhook
from alerts.webhook import Post as Post
from alerts.webhook import Posted as Posted
from monitor.errors import DeliveryError
from monitor.model import Channel, Message


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
    check: Callable[[Mapping[str, str | int | bool]], tuple[str, ...]]
    open: Callable[[Mapping[str, str | int | bool], Post], Sender]


_KINDS: Mapping[str, _Kind] = {
    "email": _Kind(smtp.check, lambda settings, _post: smtp.MailSender.from_settings(settings)),
    "webhook": _Kind(webhook.check, webhook.WebhookSender.from_settings),
}


def check(channel: Channel) -> tuple[str, ...]:
    """What is wrong with a channel's settings, in words; empty: nothing. Asks nobody on the network."""
    return _KINDS[channel.kind].check(channel.settings)


def open_sender(channel: Channel, *, post: Post) -> Sender:
    """A sender for a channel; `post` is the guarded HTTP client's.

    Settings that cannot be used raise a DeliveryError worth retrying: the alerts wait until somebody has mended them.
    """
    if faults := check(channel):
        raise DeliveryError(f"the channel “{channel.name}” cannot be used: {'; '.join(faults)}", retry=True)
    return _KINDS[channel.kind].open(channel.settings, post)
