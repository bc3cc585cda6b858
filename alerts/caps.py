"""How many messages somebody gets in an hour, over all ways out: what exceeds is gathered into one, or waits.

What lives here: the times of what was sent → whether one more may go. What must not: what becomes of the others (the
pipeline), a clock.

The last message that an hour has room for is kept for all that waits: nine alerts, and one message with a line for each
of the others. So a storm is told at once and as a whole, and nobody's telephone rings a hundred times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

HOUR = timedelta(hours=1)


def next_step(
    sent: Sequence[datetime], *, waiting: int, cap: int, now: datetime
) -> Literal["send", "gather"] | datetime:
    """What becomes of a message that is due: it goes, it is gathered with the others that wait, or it waits until then.

    `sent` are the times of what was sent to the recipient, in any order; `waiting` counts what is due to him, this one
    included. An hour is any sixty minutes, not one of the clock's. What a clock that ran ahead noted does not count.
    """
    of_the_hour = sorted(at for at in sent if now - HOUR < at <= now)
    if len(of_the_hour) >= cap:
        return of_the_hour[-cap] + HOUR
    return "gather" if len(of_the_hour) == cap - 1 and waiting > 1 else "send"
