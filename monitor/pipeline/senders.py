"""channels → what sends through each, ready for use.

What lives here: what stands in for a channel that cannot be used. What must not: how a message is sent (`alerts`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from alerts.channel import Post, Sender, open_sender
from monitor.errors import DeliveryError
from monitor.model import Channel, Message
from monitor.pipeline.journal import note


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Stands where a channel has settings that cannot be used: its alerts wait, and say why; the others go out."""

    why: str

    def send(self, message: Message, address: str) -> str:
        raise DeliveryError(self.why, retry=True)


def open_senders(channels: Mapping[str, Channel], post: Post) -> dict[str, Sender]:
    """A sender for each channel, by its name."""
    senders: dict[str, Sender] = {}
    for name, channel in channels.items():
        try:
            senders[name] = open_sender(channel, post=post)
        except DeliveryError as error:
            note("channel", level=logging.ERROR, channel=name, problem=error)
            senders[name] = Unusable(why=str(error))
    return senders
