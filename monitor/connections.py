"""One question and its answer over one connection, and the connections that stay open for the next question.

What lives here: HTTP/1.1 as h11 reads and writes it, and which connection a request goes out on. What must not: a URL,
a redirect, what an answer means. Nothing is asked twice: whether to try again is the business of the next poll.

Pools that serve a crowd look at all their connections at each request, and mind queues and locks that a poller has no
use for; here a request looks at the connection of its own server, and costs a third.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import h11

from monitor.addresses import Origin
from monitor.network import GuardedNetwork, has_something_to_say, receive, send

MAX_HEADER_BYTES = 64 * 1024
RawHeaders = Sequence[tuple[bytes, bytes]]

_KEEP_ALIVE_SECONDS = 15.0
_KEPT_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; the connection is free again when `pieces` has been read to its end."""

    status: int
    headers: RawHeaders
    pieces: Iterator[bytes]  # of the body as it comes over the wire; OSError, TimeoutError, h11.ProtocolError


class Connection:
    """An open connection to one server, for one question at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._kept_until = 0.0

    def ask(self, request: h11.Request, body: bytes, limit: float) -> Answer:
        """OSError where the connection broke, TimeoutError at the limit, h11.ProtocolError for what is no HTTP."""
        said = [self._http.send(request), self._http.send(h11.Data(body)) if body else b""]
        said.append(self._http.send(h11.EndOfMessage()))
        with contextlib.suppress(ConnectionError):  # a server may answer, and hang up, before it has heard all
            send(self._sock, b"".join(part or b"" for part in said), limit)
        event = self._next_event(limit)
        while isinstance(event, h11.InformationalResponse):
            event = self._next_event(limit)
        if not isinstance(event, h11.Response):
            raise h11.RemoteProtocolError("no answer")
        return Answer(event.status_code, event.headers.raw_items(), self._pieces(limit))

    def _pieces(self, limit: float) -> Iterator[bytes]:
        while isinstance(event := self._next_event(limit), h11.Data):
            yield bytes(event.data)

    def _next_event(self, limit: float) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(receive(self._sock, limit))
        return event

    def rest(self) -> bool:
        """Makes ready for the next question. False: there will be none, the answer or the server ended it."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self._kept_until = time.monotonic() + _KEEP_ALIVE_SECONDS
        return True

    def is_stale(self) -> bool:
        """Whether a resting connection has rested too long, or has been closed from the other side."""
        return time.monotonic() > self._kept_until or has_something_to_say(self._sock)

    def close(self) -> None:
        self._sock.close()


class Connections:
    """The connections of a client; many threads may share them."""

    def __init__(self, network: GuardedNetwork) -> None:
        self._network = network
        self._resting: OrderedDict[Origin, Connection] = OrderedDict()  # the longest at rest first
        self._lock = threading.Lock()

    def take(self, origin: Origin, limit: float) -> Connection:
        """A connection for one question: a resting one, or a new one, made before the limit. FetchError for none."""
        return self._rested(origin) or Connection(
            self._network.connect(origin.host, origin.port, secure=origin.scheme == "https", limit=limit)
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
