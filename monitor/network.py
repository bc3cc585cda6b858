"""The network underneath the HTTP client: names → judged addresses → lines that cannot be made to wait for ever.

What lives here: resolving, connecting, TLS, and the two rules of the guard. What must not: HTTP, a URL, a policy.
First: a name is resolved once per connection, *all* its addresses are judged (monitor.addresses), and the socket is
connected to a judged address, so that a name which changes its mind between two look-ups gains nothing.
Second: time limits are points on the monotonic clock, not lengths. Each wait for a byte ends at the limit of the whole
request, and no server lives on by dripping.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import certifi

from monitor.addresses import Network, address_fault, is_opened
from monitor.errors import FetchError

_SocketAddress = tuple[Any, ...]  # (address, port) or (address, port, flow, scope)
_Place = tuple[int, _SocketAddress]  # with the address family


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

    def receive(self, limit: float) -> bytes:
        """What has come, b"" at the end. TimeoutError at the limit, OSError for a connection that broke."""
        while True:
            left = _left(limit)
            try:
                return self._sock.recv(65_536)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._heard.poll(left * 1000)
            except ssl.SSLWantWriteError:
                self._wait_to_write(left)

    def send(self, data: bytes, limit: float) -> None:
        """Sends all of it. TimeoutError at the limit, OSError for a connection that broke."""
        rest = memoryview(data)
        while rest:
            left = _left(limit)
            try:
                rest = rest[self._sock.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait_to_write(left)
            except ssl.SSLWantReadError:
                self._heard.poll(left * 1000)

    def has_something_to_say(self) -> bool:
        """Whether there is something to read: of an idle connection its end, as a rule."""
        return bool(self._heard.poll(0))

    def close(self) -> None:
        self._sock.close()

    def _wait_to_write(self, left: float) -> None:
        free = select.poll()
        free.register(self._sock, select.POLLOUT)
        free.poll(left * 1000)


class GuardedNetwork:
    """Connects to judged addresses only."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._tls = _trusting_context()

    def connect(self, host: str, port: int, *, secure: bool, limit: float) -> Line:
        """A connection to a host, over TLS if `secure`. FetchError of kind dns, refused-address, connect or tls."""
        places = _resolve(host, port, limit)
        for family, place in places:
            if fault := self._fault(family, place):
                raise FetchError("refused-address", f"{host} leads to {place[0]}, which {fault}")
        sock = _connect(host, places, limit)
        return Line(_secured(sock, self._tls, host, limit) if secure else sock)

    def _fault(self, family: int, place: _SocketAddress) -> str:
        address = str(place[0])
        if is_opened(address, self._allowed):
            return ""
        return address_fault(address) or ("belongs to this machine" if _is_own(family, place) else "")


def _trusting_context() -> ssl.SSLContext:
    """Trusts whom the system trusts, and whom browsers trust, for a small system may have no list of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _secured(sock: socket.socket, tls: ssl.SSLContext, host: str, limit: float) -> ssl.SSLSocket:
    try:
        sock.settimeout(_left(limit))
        return tls.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        sock.close()
        raise FetchError("tls", f"no secure connection to {host}: {_os_words(error)}") from error


def _left(limit: float) -> float:
    """Seconds left until the limit. TimeoutError when there are none."""
    left = limit - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _resolve(host: str, port: int, limit: float) -> list[_Place]:
    """All that a name stands for, in the system's order. A thread of its own, for `getaddrinfo` knows no time limit."""
    answer: Future[list[_Place]] = Future()
    threading.Thread(target=_look_up, args=(host, port, answer), daemon=True).start()
    try:
        return answer.result(timeout=_left(limit))
    except TimeoutError as error:
        raise FetchError("dns", f"the name {host} was not resolved in time") from error
    except (OSError, ValueError) as error:
        raise FetchError("dns", f"the name {host} cannot be resolved: {_os_words(error)}") from error


def _look_up(host: str, port: int, answer: Future[list[_Place]]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answer.set_result([(family, place) for family, _, _, _, place in found])
    except (OSError, ValueError) as error:
        answer.set_exception(error)


def _connect(host: str, places: Sequence[_Place], limit: float) -> socket.socket:
    """The first place that answers. Each gets an even share of the time: a dead IPv6 route leaves some for IPv4."""
    fault: Exception = OSError("it has no address")
    for untried, (family, place) in zip(range(len(places), 0, -1), places, strict=True):
        try:
            return _open(family, place, _left(limit) / untried)
        except OSError as error:
            fault = error
    raise FetchError("connect", f"{host} cannot be reached: {_os_words(fault)}") from fault


def _open(family: int, place: _SocketAddress, seconds: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(place)
    except BaseException:
        sock.close()
        raise
    return sock


def _is_own(family: int, place: _SocketAddress) -> bool:
    """Whether a public address is one of this machine's: only then would it be its own source. Nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(place)
        except OSError:
            return False
        return bool(probe.getsockname()[0] == place[0])


def _os_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
