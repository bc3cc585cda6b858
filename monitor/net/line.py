"""A line to another machine: bytes out, bytes in, and no wait that outlasts the limit of the whole request.

What lives here: a socket that is connected already. What must not: whom it leads to, what the bytes mean. A limit is a
point on the monotonic clock and not a length, so that no server lives on by dripping.
"""

from __future__ import annotations

import select
import socket
import ssl
import time


class Line:
    """An open connection whose waits end at a limit, over TLS or plain.

    The socket never blocks: most questions are sent without a wait, most answers come after one, and nothing is spent
    on telling the system about time-outs.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.setblocking(False)
        self._heard = select.poll()
        self._heard.register(sock, select.POLLIN)

    def receive(self, limit: float, at_most: int = 65_536) -> bytes:
        """What has come, b"" at the end. TimeoutError at the limit, OSError for a connection that broke."""
        while True:
            seconds = left(limit)
            try:
                return self._sock.recv(at_most)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._heard.poll(seconds * 1000)
            except ssl.SSLWantWriteError:
                self._wait_to_write(seconds)

    def send(self, data: bytes, limit: float) -> None:
        """Sends all of it. TimeoutError at the limit, OSError for a connection that broke."""
        rest = memoryview(data)
        while rest:
            seconds = left(limit)
            try:
                rest = rest[self._sock.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait_to_write(seconds)
            except ssl.SSLWantReadError:
                self._heard.poll(seconds * 1000)

    def has_something_to_say(self) -> bool:
        """Whether there is something to read: of an idle connection its end, as a rule."""
        return bool(self._heard.poll(0))

    def close(self) -> None:
        self._sock.close()

    def _wait_to_write(self, seconds: float) -> None:
        free = select.poll()
        free.register(self._sock, select.POLLOUT)
        free.poll(seconds * 1000)


def left(limit: float) -> float:
    """Seconds left until the limit. TimeoutError when there are none."""
    left = limit - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
