"""What the owner of an installation must know: deliveries that failed, channels that let nothing through.

What lives here: how a channel stands → whether somebody is told, and in which words. What must not: reading the rows,
sending, a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

DOWN_AFTER = timedelta(minutes=8)  # so that the owner hears of it within a quarter of an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTrouble:
    """What stands in the outbox of one channel, and what the owner was told of it."""

    channel: str
    dead: int  # deliveries that failed or are uncertain, of which the owner was not told
    waiting: int  # deliveries that were tried and wait for another try
    since: datetime | None  # when the first of these was tried first
    sent_at: datetime | None  # when something last arrived
    told_at: datetime | None  # when the owner was last told of this channel
    reason: str  # what the receiver of one of them said last


def is_down(trouble: ChannelTrouble, *, now: datetime) -> bool:
    """Whether nothing has got through for a while although it was tried."""
    if trouble.since is None or now - trouble.since < DOWN_AFTER:
        return False
    return trouble.sent_at is None or trouble.sent_at < trouble.since


def to_tell(trouble: ChannelTrouble, *, now: datetime) -> str:
    """What the owner is told now, and what to do about it; empty: nothing, or nothing new."""
    parts = []
    if is_down(trouble, now=now) and (trouble.told_at is None or trouble.told_at < (trouble.since or now)):
        wait = "1 message waits" if trouble.waiting == 1 else f"{trouble.waiting:,} messages wait"
        parts.append(f"The channel “{trouble.channel}” lets nothing through; {wait} there and will be tried again.")
    if trouble.dead:
        messages = "1 message" if trouble.dead == 1 else f"{trouble.dead:,} messages"
        parts.append(
            f"{messages} on the channel “{trouble.channel}” could not be delivered. `tipsheet alerts --state failed "
            "--state uncertain` lists what could not; when the fault is mended, `tipsheet alerts retry` sends it again."
        )
    if parts and trouble.reason:
        parts.append(f"The receiver's last word: {trouble.reason.rstrip('.')}.")
    return " ".join(parts)
