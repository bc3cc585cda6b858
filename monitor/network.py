"""The network underneath the HTTP client: names → judged addresses → sockets that cannot be made to wait for ever.

What lives here: resolving, connecting, TLS, and the two rules of the guard. What must not: HTTP, a URL, a policy.
First: a name is resolved once per connection, *all* its addresses are judged (monitor.addresses), and the socket is
connected to a judged address, so that a name which changes its mind between two look-ups gains nothing.
Second: time limits are points in time, not lengths. httpcore hands a request's `timeout` to its network untouched, so
each wait for a byte ends at the limit of the whole request, and no server lives on by dripping.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import httpcore

from monitor.addresses import Network, address_fault, is_opened
from monitor.errors import FetchError

_SocketAddress = tuple[Any, ...]  # (address, port) or (address, port, flow, scope)
_Place = tuple[int, _SocketAddress]  # with the address family


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to judged addresses only. Each `timeout` is a point on the monotonic clock."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        limit = time.monotonic() if timeout is None else timeout
        places = _resolve(host, port, limit)
        for family, place in places:
            if fault := self._fault(family, place):
                raise FetchError("refused-address", f"{host} leads to {place[0]}, which {fault}")
        return _Stream(_connect(host, places, limit))

    def _fault(self, family: int, place: _SocketAddress) -> str:
        address = str(place[0])
        if is_opened(address, self._allowed):
            return ""
        return address_fault(address) or ("belongs to this machine" if _is_own(family, place) else "")


class _Stream(httpcore.NetworkStream):
    """A socket whose every wait ends at a point in time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._sock.settimeout(_left(timeout))
            return self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._sock.settimeout(_left(timeout))
            self._sock.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            self._sock.settimeout(_left(timeout))
            return _Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except (OSError, ValueError) as error:
            self._sock.close()
            raise FetchError("tls", f"no secure connection to {server_hostname}: {_os_words(error)}") from error

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        return _is_readable(self._sock) if info == "is_readable" else None


def _left(limit: float | None) -> float:
    """Seconds left until the limit. TimeoutError when there are none; no wait is without a limit."""
    left = (limit or 0.0) - time.monotonic()
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


def _is_readable(sock: socket.socket) -> bool:
    """Whether an idle connection has something to say: its end, as a rule."""
    if sock.fileno() < 0:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _os_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
