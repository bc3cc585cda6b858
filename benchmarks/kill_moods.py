"""How the receivers behave while the program is killed: most take what comes, some do not, and not always.

What lives here: the moods of a receiver, and a mail server that has them. What must not: the webhook's receiver, which
is the press's (`kill_press`), and what a mood does to the figures.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor.demo.mailroom import Mailroom

Mood = Literal[
    "takes",
    "is slow",  # takes it, and answers late
    "says later",  # 451; 503 with Retry-After
    "refuses",  # 550 to the recipient; 410
    "hangs",  # says nothing for a while, then hangs up
    "hangs up",  # before it has taken anything
    "takes and hangs up",  # the answer is lost
]
_OF_A_HUNDRED: dict[Mood, int] = {
    "takes": 80, "is slow": 5, "says later": 5, "refuses": 3, "hangs": 2, "hangs up": 3, "takes and hangs up": 2,
}  # fmt: skip
UNANSWERED: frozenset[Mood] = frozenset({"hangs", "hangs up", "takes and hangs up"})
KEEPS: frozenset[Mood] = frozenset({"takes", "is slow", "takes and hangs up"})
WAITS: dict[Mood, float] = {"is slow": 0.2, "hangs": 1.0}  # seconds


class Moods:
    """Draws a mood for each message. In peace every receiver takes what comes."""

    def __init__(self, chance: random.Random) -> None:
        self.peace = True
        self.drawn: Counter[Mood] = Counter()
        self._chance = chance

    def draw(self) -> Mood:
        mood: Mood = "takes"
        if not self.peace:
            (mood,) = self._chance.choices(list(_OF_A_HUNDRED), list(_OF_A_HUNDRED.values()))
        self.drawn[mood] += 1
        return mood

    @property
    def unanswered(self) -> int:
        """Messages whose sender was left without an answer: each may come a second time."""
        return sum(self.drawn[mood] for mood in UNANSWERED)

    @property
    def bad(self) -> int:
        return self.drawn.total() - self.drawn["takes"]


class MoodyMailroom(Mailroom):
    """The mailroom, in a mood. A letter that is kept is kept before its sender hears of it."""

    def __init__(self, moods: Moods) -> None:
        super().__init__()
        self._moods = moods

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        mood = self._moods.draw()
        if mood == "says later":
            return "451 4.3.2 later"
        if mood == "refuses":
            return "550 5.1.1 nobody of that name"
        if mood == "hangs up":
            _hang_up(server)
        envelope.rcpt_options.append(mood)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        mood: Mood = envelope.rcpt_options[-1]
        await asyncio.sleep(WAITS.get(mood, 0))
        answer = await super().handle_DATA(server, session, envelope) if mood in KEEPS else ""
        if mood in UNANSWERED:
            _hang_up(server)
        return answer


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
