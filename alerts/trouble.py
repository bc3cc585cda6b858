"""What the owner of an installation must know: deliveries that failed, channels that let nothing through.

What lives here: how a channel stands → whether somebody is told, and in which words. What must not: reading the rows,
sending, a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.model import ChannelTrouble

DOWN_AFTER = timedelta(minutes=8)  # so that the owner hears of it within a quarter of an hour


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
