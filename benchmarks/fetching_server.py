"""The other side of benchmarks.fetching: a process that answers as a feed's server does, as cheaply as it can.

A GET with If-None-Match of the right tag gets a 304, any other GET a whole body:

    /feed.xml…   44 kB that never change
    /tagged/…    58 kB and 15 entries; each edition has two new ones
    /plain/…     the same, by a server that gives no validators
    all else     three entries that never change

It listens on every loopback address at once, keeps a log, and has a second port on which it drips for ever.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ETAG = '"4f2a-62b1"'
_ITEM = (
    b"<item><guid isPermaLink='false'>ferry-%d</guid><title>Ferry %d leaves on time</title>"
    b"<description>The harbour office says that the ferry will leave as planned, whatever the weather.</description>"
    b"</item>"
)
_LONG_ITEM = (
    b"<item><guid isPermaLink='false'>%(feed)s-%(number)d</guid><link>http://news.example%(feed)s/%(number)d</link>"
    b"<title>Council hears report %(number)d on the harbour of %(feed)s</title><pubDate>%(date)s</pubDate>"
    b"<description>%(text)s</description></item>"
)
_SENTENCE = b"The council heard that the quay number %d needs new planks before the next winter storms arrive. "


def _feed(items: bytes) -> bytes:
    return b"<rss version='2.0'><channel><title>Ferry Times</title>" + items + b"</channel></rss>"


def _edition(feed: bytes, edition: int, date: bytes) -> bytes:
    """15 entries, of which the last edition had all but two."""
    numbers = range(2 * edition + 15, 2 * edition, -1)
    return _feed(
        b"".join(
            _LONG_ITEM
            % {b"feed": feed, b"number": n, b"date": date, b"text": (_SENTENCE * 37) % tuple(range(n, n + 37))}
            for n in numbers
        )
    )


BODY, _SMALL_BODY = (_feed(b"".join(_ITEM % (n, n) for n in range(count))) for count in (220, 3))
_HEADERS = (
    b"Server: bench\r\nDate: Tue, 10 Mar 2026 12:00:00 GMT\r\nContent-Type: application/rss+xml; charset=UTF-8\r\n"
    b"Cache-Control: max-age=300\r\nVary: Accept-Encoding\r\nX-Frame-Options: SAMEORIGIN\r\n"
)


def _validators(tag: bytes) -> bytes:
    return b"ETag: " + tag + b"\r\nLast-Modified: Tue, 10 Mar 2026 11:00:00 GMT\r\n"


def _whole(body: bytes, validators: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + _HEADERS + validators + b"Content-Length: %d\r\n\r\n" % len(body) + body


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the log. Times on the monotonic clock, which all processes share."""

    host: str
    path: str
    at: float
    answered_at: float


class _Press:
    """What is answered now."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.edition = 0
        self.date = b""
        self.log: list[Asked] = []
        self._fixed = {
            "/feed.xml": _whole(BODY, _validators(ETAG.encode())),
            "": _whole(_SMALL_BODY, _validators(ETAG.encode())),
        }

    def answer(self, path: bytes, tag: bytes) -> bytes:
        if path.startswith((b"/tagged/", b"/plain/")):
            current = b'"%d"' % self.edition if path.startswith(b"/tagged/") else b""
            if current and tag == current:
                return self._same(current)
            return _whole(_edition(path, self.edition, self.date), _validators(current) if current else b"")
        if tag:
            return self._same(ETAG.encode())
        return self._fixed["/feed.xml" if path.startswith(b"/feed.xml") else ""]

    @staticmethod
    def _same(tag: bytes) -> bytes:
        return b"HTTP/1.1 304 Not Modified\r\n" + _HEADERS + _validators(tag) + b"\r\n"


class _Answering(asyncio.Protocol):
    def __init__(self, press: _Press) -> None:
        self._press = press

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._asked = b""

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            question, _, self._asked = self._asked.partition(b"\r\n\r\n")
            if self._press.delay:
                asyncio.get_running_loop().call_later(self._press.delay, self._say, question, time.monotonic())
            else:
                self._say(question, 0.0)

    def _say(self, question: bytes, at: float) -> None:
        line, *headers = question.split(b"\r\n")
        path = line.split(b" ")[1]
        given = dict(header.lower().split(b": ", 1) for header in headers)
        if at:
            self._press.log.append(Asked(given[b"host"].decode(), path.decode(), at, time.monotonic()))
        self._transport.write(self._press.answer(path, given.get(b"if-none-match", b"")))


class _Dripping(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
        self._drip()

    def _drip(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"<")
            asyncio.get_running_loop().call_later(0.5, self._drip)


async def _listen(certificate: Path | None, line: Connection) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    loop, press = asyncio.get_running_loop(), _Press()
    server = await loop.create_server(lambda: _Answering(press), "0.0.0.0", 0, ssl=tls, backlog=4096)  # all of 127/8
    dripping = await loop.create_server(_Dripping, "0.0.0.0", 0, backlog=4096)
    loop.add_reader(line.fileno(), _obey, press, line)
    line.send([one.sockets[0].getsockname()[1] for one in (server, dripping)])
    await server.serve_forever()


def _obey(press: _Press, line: Connection) -> None:
    """`None` asks for the log; anything else is what the press shall be from now on."""
    with suppress(EOFError):
        told = line.recv()
        if told is None:
            line.send(press.log)
            press.log = []
        else:
            vars(press).update(told)
            line.send(None)


def _run(certificate: Path | None, line: Connection) -> None:
    asyncio.run(_listen(certificate, line))


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a process of its own."""

    port: int
    dripping: int
    process: int
    _line: Connection

    def set(self, **to: Any) -> None:
        """`delay` in seconds, with which a log is kept; `edition`; `date` as RSS writes it."""
        self._line.send(to)
        self._line.recv()

    def log(self) -> list[Asked]:
        """Everything that was asked since the last time."""
        self._line.send(None)
        found: list[Asked] = self._line.recv()
        return found


@contextmanager
def certificate(names: Sequence[str]) -> Iterator[Path | None]:
    """A certificate that this process and its children trust, key and all; None without the openssl command.

    `names` as openssl writes them: DNS:localhost, IP:127.0.0.1.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory, "localhost.pem")
        asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        named = f"subjectAltName={','.join(names)}"
        command = [openssl, *asked.split(), "-addext", named, "-keyout", str(made)]
        signed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        made.write_text(made.read_text() + signed)
        os.environ["SSL_CERT_FILE"] = str(made)
        yield made


@contextmanager
def serve(certificate: Path | None = None) -> Iterator[Server]:
    """A server in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(certificate, theirs), daemon=True)
    process.start()
    theirs.close()  # or a server that could not begin would be waited for
    try:
        port, dripping = ours.recv()
        yield Server(port, dripping, process.pid or 0, ours)
    finally:
        process.terminate()
        process.join()
