"""What a queue of alerts meets at a chat that takes one a second: ./dev bench channel-rests [--alerts N ...]

The chat is played, and so is the time; the stage, the ledger and the sender are the real ones. It takes a message a
second; asked sooner, or when it is busy (every 37th call), it answers 429 and wants 30 seconds of peace. Beside it
stands what waiting message by message does, as most senders have it: whoever was refused comes again after its wait,
the others do not know. The floor of the time is a second for each alert.
"""

from __future__ import annotations

import argparse
import heapq
import json
import logging
import math
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from alerts.channel import open_sender
from monitor.model import Recipient
from monitor.pipeline.deliver import Deliver
from monitor.settings.config import read_config
from monitor.story.outlets import shipped
from storage import outbox
from storage.database import Database

CONFIG = """
contact: https://desk.example/
channels: [{name: chat, kind: slack, url: "${SLACK_URL}"}]
recipients: [{name: room, channel: chat, an_hour: 100000}]
watches: [{name: ferries, query: ferry}]
feeds: []
"""
SECRETS = {"SLACK_URL": "https://hooks.slack.example/services/T/B/K"}
PEACE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
TICK = timedelta(seconds=2)  # between two looks of the daemon


class Clock:
    """A time that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Waiting(Event):
    """On it nobody waits in earnest."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now += timedelta(seconds=timeout or 0)
        return self.is_set()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Chat:
    """The chat, and what it saw."""

    clock: Clock
    calls: int = 0
    taken: int = 0
    intrusions: int = 0
    free_at: datetime | None = None
    peace_until: datetime | None = None

    def __call__(self, url: str, *, headers: object, body: bytes, method: str = "POST") -> Answer:
        rest = self.take()
        if rest is None:
            return Answer(200, b"ok") if json.loads(body) else Answer(400, b"invalid_payload")
        return Answer(429, b"rate_limited", {"retry-after": str(math.ceil(rest / SECOND))})

    def take(self) -> timedelta | None:
        """None: taken. Else how long it wants to be left alone; who comes sooner is told the same hour again."""
        now = self.clock()
        self.calls += 1
        if self.peace_until and now < self.peace_until:
            self.intrusions += 1
            return self.peace_until - now
        if (self.free_at and now < self.free_at) or self.calls % 37 == 0:
            self.peace_until = now + PEACE
            return PEACE
        self.free_at = now + SECOND
        self.taken += 1
        return None


def message_by_message(count: int) -> tuple[Chat, float]:
    """Each message keeps its own wait. Gives up after a day of it."""
    clock = Clock()
    chat, began = Chat(clock), clock()
    due = [(began, number) for number in range(count)]
    while due and clock() < began + timedelta(days=1):
        at, number = heapq.heappop(due)
        clock.now = max(clock.now, at)
        if rest := chat.take():
            heapq.heappush(due, (clock.now + rest, number))
        clock.now += timedelta(milliseconds=100)  # the way there and back
    return chat, (clock() - began) / SECOND


def channel_by_channel(count: int, folder: Path) -> tuple[Chat, float, float]:
    """The real stage."""
    clock = Clock()
    (folder / "feeds.yaml").write_text(CONFIG)
    config = read_config(folder / "feeds.yaml", SECRETS)
    with Database(f"sqlite:///{folder / 'tipsheet.db'}") as database:
        with database.write() as connection:
            for number in range(count):
                to = Recipient(name="room", channel="chat", address="")
                outbox.add_digest(connection, to, day=str(number), now=clock())
        chat, began = Chat(clock), clock()
        senders = {"chat": open_sender(config.channels["chat"], post=chat)}
        deliver = Deliver(
            database=database, config=config, outlets=shipped(), senders=senders, clock=clock, stop=Waiting(clock)
        )
        spent = time.process_time()
        while chat.taken < count and clock() < began + timedelta(days=1):
            for _ in deliver.empty("chat"):
                pass
            clock.now += TICK
        spent = time.process_time() - spent
        with database.read() as connection:
            sent = len(outbox.listing(connection, states=("sent",), limit=count + 1))
    assert sent == chat.taken, "the ledger says what the chat says"
    return chat, (clock() - began) / SECOND, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, nargs="+", default=[250, 500, 1000])
    logging.getLogger("tipsheet").setLevel(logging.ERROR)
    for count in parser.parse_args().alerts:
        with tempfile.TemporaryDirectory() as folder:
            chat, seconds, spent = channel_by_channel(count, Path(folder))
        peer, peer_seconds = message_by_message(count)
        print(f"{count} alerts at a chat that takes one a second")
        print(
            f"  the channel rests      lost {count - chat.taken}, calls {chat.calls}, of them within a rest "
            f"{chat.intrusions}; {seconds / count:.2f} of the floor's time; {spent / count * 1000:.1f} ms CPU each"
        )
        print(
            f"  each message rests     lost {count - peer.taken}, calls {peer.calls}, of them within a rest "
            f"{peer.intrusions}; {peer_seconds / count:.2f} of the floor's time"
        )


if __name__ == "__main__":
    main()
