"""What the owner of an installation must know: deliveries that failed, channels that let nothing through.

What lives here: how a channel stands → whether somebody is told, and in which words. What must not: reading the rows,
sending, a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.languages.language import ENGLISH, Language
from monitor.model import ChannelTrouble

DOWN_AFTER = timedelta(minutes=8)  # so that the owner hears of it within a quarter of an hour


def is_down(trouble: ChannelTrouble, *, now: datetime) -> bool:
    """Whether nothing has got through for a while although it was tried."""
    if trouble.since is None or now - trouble.since < DOWN_AFTER:
        return False
    return trouble.sent_at is None or trouble.sent_at < trouble.since


def to_tell(trouble: ChannelTrouble, language: Language = ENGLISH, *, now: datetime) -> str:
    """What the owner is told now, and what to do about it; empty: nothing, or nothing new."""
    parts = []
    if is_down(trouble, now=now) and (trouble.told_at is None or trouble.told_at < (trouble.since or now)):
        parts.append(_down(trouble, language))
    if trouble.dead:
        parts.append(_undelivered(trouble, language))
    if parts and trouble.reason:
        parts.append(language.words("The receiver's last word: %(reason)s.", reason=trouble.reason.rstrip(".")))
    return " ".join(parts)


def _down(trouble: ChannelTrouble, language: Language) -> str:
    return language.counted(
        "The channel “%(channel)s” lets nothing through; %(n)s message waits there and will be tried again.",
        "The channel “%(channel)s” lets nothing through; %(n)s messages wait there and will be tried again.",
        trouble.waiting, channel=trouble.channel,
    )  # fmt: skip


def _undelivered(trouble: ChannelTrouble, language: Language) -> str:
    dead = language.counted(
        "%(n)s message on the channel “%(channel)s” could not be delivered.",
        "%(n)s messages on the channel “%(channel)s” could not be delivered.",
        trouble.dead, channel=trouble.channel,
    )  # fmt: skip
    what_to_do = language.words(
        "%(listing)s lists what could not; when the fault is mended, %(again)s sends it again.",
        listing="`tipsheet alerts --state failed --state uncertain`", again="`tipsheet alerts retry`",
    )  # fmt: skip
    return f"{dead} {what_to_do}"
