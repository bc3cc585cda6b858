"""A farm of feed servers on loopback addresses, and a receiver of alerts: what the workers are measured against.

Each address of 127.0.0.0/8 is a host. What lives here: what they answer, and the log of when each host was asked and
had answered. What must not: what is expected of it.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Self

_SYLLABLES = (
    *("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu"),
    *("ra", "se", "ti", "vo", "zu", "bra", "cle", "fro"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question to one host, on the monotonic clock."""

    host: str
    feed: str
    by: str  # the worker that asked
    begun: float
    ended: float


class Farm:
    """Use as a context manager. Each feed brings an entry every `period` seconds, or none after the first `items`.

    Where there are more of these than one, none is urgent.
    """

    def __init__(self, *, period: float | None, delay: float, items: int = 1) -> None:
        self.asked: list[Asked] = []
        self.told: Counter[str] = Counter()  # token of an entry → how often its alert came
        self.served_at: dict[str, float] = {}  # token of an entry → when it first stood in an answer
        self.told_at: dict[str, float] = {}  # token of an entry → when its alert first came
        self.port = 0
        self.quiet = threading.Event()  # no more entries are published
        self._period, self._delay, self._items = period, delay, items
        self._published: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
        self._last: dict[str, float] = {}
        self._chance = random.Random(7)
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await self._loop.create_server(lambda: _Line(self), "0.0.0.0", 0, backlog=4096)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()

    def take(self, body: bytes) -> None:
        """What the webhook's receiver was sent."""
        for found in set(re.findall(rb"token\w+", body)):
            token = found.decode()
            self.told[token] += 1
            self.told_at.setdefault(token, time.monotonic())

    def page(self, feed: str) -> tuple[str, bytes]:
        """The feed as it stands now: its tag and its body."""
        published, now = self._published[feed], time.monotonic()
        due = not published or (self._period is not None and now - self._last[feed] >= self._period)
        if due and not (published and self.quiet.is_set()):
            self._last[feed] = now
            for _ in range(1 if published else self._items):
                published.append((f"token{self._chance.getrandbits(48):012x}", datetime.now(UTC)))
        standing = published[-20:]
        for token, _ in standing:
            self.served_at.setdefault(token, now)
        return f'"{len(published)}"', _RSS.format(items="".join(self._item(*one) for one in standing)).encode()

    def _item(self, token: str, at: datetime) -> str:
        words = random.Random(token)
        title = " ".join("".join(words.choices(_SYLLABLES, k=5)) for _ in range(6))
        word = "urgent" if self._items == 1 else "usual"
        return _ITEM.format(token=token, title=f"{word} {title}", at=format_datetime(at - timedelta(seconds=60)))


_RSS = (
    '<rss version="2.0"><channel><title>Farm</title><link>http://farm.example/</link><description>news</description>'
    "{items}</channel></rss>"
)
_ITEM = (
    "<item><guid isPermaLink='false'>{token}</guid><title>{title}</title><pubDate>{at}</pubDate>"
    "<description>{token} {title}</description></item>"
)


class _Line(asyncio.Protocol):
    """One connection. Questions on it are answered one after the other, each after the farm's delay."""

    def __init__(self, farm: Farm) -> None:
        self._farm, self._heard = farm, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        self._host = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, rest = self._heard.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._heard = rest[size:]
            asyncio.get_running_loop().call_later(self._farm._delay, self._answer, head, rest[:size], time.monotonic())

    def _answer(self, head: bytes, body: bytes, begun: float) -> None:
        method, target = head.split(b" ", 2)[:2]
        if method == b"POST":
            self._farm.take(body)
            self._out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return
        feed = f"{self._host}{target.decode()}"
        tag, page = self._farm.page(feed)
        known = re.search(rb"(?i)if-none-match: *(\S+)", head)
        if known and known[1].decode() == tag:
            self._out.write(f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode())
        else:
            status = f"HTTP/1.1 200 OK\r\nETag: {tag}\r\nContent-Type: application/rss+xml\r\n"
            self._out.write(f"{status}Content-Length: {len(page)}\r\n\r\n".encode() + page)
        by = re.search(rb"(?i)user-agent: *Tipsheet/(\S+)", head)
        name = by[1].decode() if by else ""
        self._farm.asked.append(Asked(host=self._host, feed=feed, by=name, begun=begun, ended=time.monotonic()))
