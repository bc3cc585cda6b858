"""One question and its answer over one connection, and the connections that stay open for the next question.

What lives here: HTTP/1.1 on the wire, and which connection a request goes out on. What must not: a URL, a redirect,
what an answer means. Nothing is asked twice: whether to try again is the business of the next poll.

Answers are read by httptools, which is the parser of Node.js, in C and at its strictest. Pools that serve a crowd look
at all their connections at each request, and mind queues and locks that a poller has no use for; here a request looks
at the connection of its own server.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from monitor.errors import FetchError
from monitor.net.addresses import Origin
from monitor.net.line import Line
from monitor.net.network import GuardedNetwork

RawHeaders = Sequence[tuple[bytes, bytes]]

_MAX_HEADER_BYTES = 64 * 1024
_KEEP_ALIVE_SECONDS = 15.0
_KEPT_AT_MOST = 512  # a round asks hundreds of hosts before it comes back to one
_BREAK = re.compile(rb"[\r\n\0]")
_INTERIM = range(100, 200)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; the connection is free again when `pieces` has been read to its end."""

    status: int
    headers: RawHeaders
    pieces: Iterator[bytes]  # of the body as it comes over the wire; OSError, TimeoutError, FetchError


def written(method: str, target: bytes, headers: RawHeaders, body: bytes) -> bytes:
    """A question as it goes over the wire. ValueError for a word of the head that would break its line."""
    lines = [b"%s %s HTTP/1.1" % (method.encode("ascii"), target), *map(b"%s: %s".__mod__, headers)]
    if any(map(_BREAK.search, lines)):
        raise ValueError("a line break in a request's head")
    return b"\r\n".join([*lines, b"", body])


class _Reading:
    """An answer as far as it has come. The methods that begin with `on_` are called by the parser."""

    def __init__(self) -> None:
        self.status = 0  # until the last line of its head
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []  # of its body, as many as have not been taken away
        self.is_whole = False
        self.may_follow = False  # whether the server will answer another question on this connection
        self.silence = 0  # bytes since the last one of the body
        self._parser = HttpResponseParser(self)

    def take(self, data: bytes) -> bool:
        """Reads on; False where this is no HTTP. b"" is the end of the connection."""
        if not data:
            return self._end()
        self.silence += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.may_follow = False
            return self.is_whole  # what comes behind an answer is its server's fault, and not the answer's
        return True

    def _end(self) -> bool:
        """A body that nothing measures ends with its connection; any other was torn."""
        measured = any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        self.is_whole = bool(self.status) and not measured
        return self.is_whole

    def on_message_begin(self) -> None:
        self.may_follow = False  # a second answer to one question

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # what comes after the head is a trailer
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.status:  # the head of an answer too many
            return
        status = self._parser.get_status_code()
        if status in _INTERIM:
            self.headers.clear()
        else:
            self.status = status

    def on_body(self, piece: bytes) -> None:
        if not self.is_whole:
            self.silence = 0
            self.pieces.append(piece)

    def on_message_complete(self) -> None:
        if self.status and not self.is_whole:
            self.is_whole = True
            self.may_follow = self._parser.should_keep_alive()


class Connection:
    """An open connection to one server, for one question at a time."""

    def __init__(self, line: Line, host: str) -> None:
        self._line = line
        self._host = host
        self._reading = _Reading()
        self._kept_until = 0.0

    def ask(self, question: bytes, limit: float) -> Answer:
        """OSError where the connection broke, TimeoutError at the limit, FetchError for what is no HTTP."""
        reading = self._reading = _Reading()
        with contextlib.suppress(ConnectionError):  # a server may answer, and hang up, before it has heard all
            self._line.send(question, limit)
        while not reading.status:
            self._read_on(limit)
        if sum(map(len, chain.from_iterable(reading.headers))) > _MAX_HEADER_BYTES:
            raise self._too_much()
        return Answer(reading.status, reading.headers, self._pieces(limit))

    def _pieces(self, limit: float) -> Iterator[bytes]:
        reading = self._reading
        while True:
            yield from reading.pieces
            reading.pieces.clear()
            if reading.is_whole:
                return
            self._read_on(limit)

    def _read_on(self, limit: float) -> None:
        if not self._reading.take(self._line.receive(limit)):
            raise FetchError("protocol", f"{self._host} broke off its answer or does not speak HTTP")
        if self._reading.silence > _MAX_HEADER_BYTES and not self._reading.is_whole:
            raise self._too_much()

    def _too_much(self) -> FetchError:
        return FetchError("too-large", f"{self._host} sent more than {_MAX_HEADER_BYTES // 1024} kB of headers")

    def rest(self) -> bool:
        """Makes ready for the next question. False: there will be none, the answer or the server ended it."""
        self._kept_until = time.monotonic() + _KEEP_ALIVE_SECONDS
        return self._reading.is_whole and self._reading.may_follow and not self._reading.pieces

    def is_stale(self) -> bool:
        """Whether a resting connection has rested too long, or has been closed from the other side."""
        return time.monotonic() > self._kept_until or self._line.has_something_to_say()

    def close(self) -> None:
        self._line.close()


class Connections:
    """The connections of a client; many threads may share them."""

    def __init__(self, network: GuardedNetwork) -> None:
        self._network = network
        self._resting: OrderedDict[Origin, Connection] = OrderedDict()  # the longest at rest first
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def ask(self, origin: Origin, question: bytes, *, connected: float, limit: float) -> Iterator[Answer]:
        """The answer to one question, its body still on the wire. A connection that was read to its end is kept.

        There must be a connection by the moment `connected`, and the answer in full by `limit`, so that no server can
        live on by dripping; both on the monotonic clock. Raises as `Connection.ask`, and FetchError for no connection.
        """
        connection = self.take(origin, connected)
        try:
            yield connection.ask(question, limit)
        finally:
            self.give_back(origin, connection)

    def take(self, origin: Origin, limit: float) -> Connection:
        """A connection for one question: a resting one, or a new one, made before the limit. FetchError for none."""
        return self._rested(origin) or Connection(
            self._network.connect(origin.host, origin.port, secure=origin.scheme == "https", limit=limit), origin.host
        )

    def _rested(self, origin: Origin) -> Connection | None:
        with self._lock:
            connection = self._resting.pop(origin, None)
        if connection is None or not connection.is_stale():
            return connection
        connection.close()
        return None

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Kept for the next question to the same server, if it may; whoever has rested longest makes room."""
        if not connection.rest():
            connection.close()
            return
        with self._lock:
            surplus = [self._resting.pop(origin, None)]
            self._resting[origin] = connection
            if len(self._resting) > _KEPT_AT_MOST:
                surplus.append(self._resting.popitem(last=False)[1])
        for old in surplus:
            if old is not None:
                old.close()

    def close(self) -> None:
        """Closes what is at rest."""
        with self._lock:
            resting = list(self._resting.values())
            self._resting.clear()
        for connection in resting:
            connection.close()
