"""The other side of benchmarks.fetching: a process that answers as a feed's server does, as cheaply as it can.

GET with If-None-Match gets a 304, any other GET a whole body: a large one for /feed.xml, a small one elsewhere. It
listens on every loopback address at once.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

ETAG = '"4f2a-62b1"'
_ITEM = (
    b"<item><guid isPermaLink='false'>ferry-%d</guid><title>Ferry %d leaves on time</title>"
    b"<description>The harbour office says that the ferry will leave as planned, whatever the weather.</description>"
    b"</item>"
)


def _feed(items: int) -> bytes:
    written = b"".join(_ITEM % (number, number) for number in range(items))
    return b"<rss version='2.0'><channel><title>Ferry Times</title>" + written + b"</channel></rss>"


BODY, _SMALL_BODY = _feed(220), _feed(3)
_HEADERS = (
    b"Server: bench\r\nDate: Tue, 10 Mar 2026 12:00:00 GMT\r\nContent-Type: application/rss+xml; charset=UTF-8\r\n"
    b"ETag: " + ETAG.encode() + b"\r\nLast-Modified: Tue, 10 Mar 2026 11:00:00 GMT\r\nCache-Control: max-age=300\r\n"
    b"Vary: Accept-Encoding\r\nX-Frame-Options: SAMEORIGIN\r\n"
)
_SAME = b"HTTP/1.1 304 Not Modified\r\n" + _HEADERS + b"\r\n"
_WHOLE, _SMALL = (
    b"HTTP/1.1 200 OK\r\n" + _HEADERS + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in (BODY, _SMALL_BODY)
)


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._asked = b""

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            question, _, self._asked = self._asked.partition(b"\r\n\r\n")
            whole = _WHOLE if question.startswith(b"GET /feed.xml") else _SMALL
            self._transport.write(_SAME if b"\r\nif-none-match:" in question.lower() else whole)


async def _listen(certificate: Path | None, ready: Connection) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answering, "0.0.0.0", 0, ssl=tls, backlog=4096)  # all of 127/8
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(certificate: Path | None, ready: Connection) -> None:
    asyncio.run(_listen(certificate, ready))


@contextmanager
def serve(certificate: Path | None = None) -> Iterator[int]:
    """A server in a process of its own; gives its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(certificate, theirs), daemon=True)
    process.start()
    try:
        yield int(ours.recv())
    finally:
        process.terminate()
        process.join()
