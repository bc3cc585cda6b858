"""The web, for `peers`: one server on every loopback address, so that each feed can have a host of its own.

What lives here: answering, honouring validators or not, and counting what was asked. What must not: how feeds are
written, or who asks.

It runs in a thread of the benchmark, which only waits meanwhile, so that its CPU is nobody's.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from benchmarks.peers_forms import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was asked of the server since it was last asked for its tally. `sent` is in bytes, with the headers."""

    requests: int = 0
    conditional: int = 0
    not_modified: int = 0
    unknown: int = 0  # for something that is no feed, such as robots.txt
    sent: int = 0
    began: float = 0.0  # when the first request came, on the monotonic clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A feed, ready to be sent."""

    etag: str
    plain: bytes
    packed: bytes
    content_type: str


def page(feed: Written) -> Page:
    etag = f'"{hashlib.sha256(feed.body).hexdigest()[:20]}"'
    packed = gzip.compress(feed.body, 6, mtime=0)
    return Page(etag=etag, plain=feed.body, packed=packed, content_type=feed.content_type)


class FeedServer:
    """Serves what `show` was given. `honours` says whether a conditional request may be answered by 304."""

    def __init__(self) -> None:
        self.honours = True
        self.port = 0
        self._pages: dict[str, Page] = {}
        self._tally = Tally()
        self._asked = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> int:
        self._server = await self._loop.create_server(lambda: _Answering(self), "0.0.0.0", 0, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    # ---- for the benchmark ----

    def urls(self) -> list[str]:
        """An address for each feed, on a host of its own: what programs do between two requests to one host is not
        measured here."""
        return [
            f"http://127.1.{number // 250}.{number % 250 + 1}:{self.port}{path}"
            for number, path in enumerate(self._pages)
        ]

    def show(self, pages: Sequence[Page]) -> None:
        self._pages = {f"/{number}": shown for number, shown in enumerate(pages)}

    def tally(self) -> Tally:
        """What was asked since the last call."""
        tally, self._tally = self._tally, Tally()
        self._asked.clear()
        return tally

    def wait_until_asked(self, seconds: float) -> bool:
        """Wait for the first request since the last `tally`; False if none came."""
        return self._asked.wait(seconds)

    # ---- for those who ask ----

    def answer(self, request: bytes) -> bytes:
        """The whole answer to one GET or HEAD."""
        line, *rest = request.decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in rest)}
        answer = self._answer_page(self._pages.get(path), headers)
        if method == "HEAD":
            answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        self._tally = replace(self._tally, sent=self._tally.sent + len(answer))
        if not self._asked.is_set():
            self._tally = replace(self._tally, began=time.monotonic())
            self._asked.set()
        return answer

    def _answer_page(self, page: Page | None, headers: dict[str, str]) -> bytes:
        tally = self._tally
        if page is None:
            self._tally = replace(tally, unknown=tally.unknown + 1)
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        conditional = "if-none-match" in headers or "if-modified-since" in headers
        same = self.honours and headers.get("if-none-match") == page.etag
        self._tally = replace(
            tally,
            requests=tally.requests + 1,
            conditional=tally.conditional + conditional,
            not_modified=tally.not_modified + same,
        )
        head = f"Date: Tue, 10 Mar 2026 12:00:00 GMT\r\nETag: {page.etag}\r\nVary: Accept-Encoding\r\n"
        if same:
            return f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode()
        packed = "gzip" in headers.get("accept-encoding", "")
        body = page.packed if packed else page.plain
        head += f"Content-Type: {page.content_type}\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Encoding: gzip\r\n" if packed else ""
        return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body


class _Answering(asyncio.Protocol):
    """One connection, kept open for as long as its other end wants."""

    def __init__(self, server: FeedServer) -> None:
        self._server = server
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            request, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._server.answer(request))
            if b"\r\nconnection: close" in request.lower() or b" HTTP/1.0" in request.partition(b"\r\n")[0]:
                self._transport.close()
