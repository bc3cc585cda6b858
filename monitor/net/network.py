"""The network underneath the HTTP client: names → judged addresses → lines.

What lives here: resolving, connecting, TLS, and the rule of the guard. What must not: HTTP, a URL, a policy.
A name is resolved once per connection, *all* its addresses are judged (addresses), and the socket is connected
to a judged address, so that a name which changes its mind between two look-ups gains nothing. With a proxy it is the
proxy that resolves names, and nothing of ours ever does: only addresses that are written out are judged then.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import cached_property
from ipaddress import ip_address
from typing import Any

import certifi

from monitor.errors import FetchError
from monitor.net.addresses import Network, Proxy, address_fault, is_opened, name_fault
from monitor.net.line import Line, left
from monitor.net.socks import open_tunnel

_SocketAddress = tuple[Any, ...]  # (address, port) or (address, port, flow, scope)
_Place = tuple[int, _SocketAddress]  # with the address family


class GuardedNetwork:
    """Connects to judged addresses only; through the proxy, if there is one, or not at all."""

    def __init__(self, allowed: Sequence[Network], proxy: Proxy | None = None) -> None:
        self._allowed = allowed
        self._proxy = proxy

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made for the first secure connection: to read all certificates that are trusted takes a while."""
        return _trusting_context()

    def connect(self, host: str, port: int, *, secure: bool, limit: float) -> Line:
        """A connection to a host, over TLS if `secure`. FetchError: dns, refused-address, connect, tls or proxy."""
        sock = self._through(self._proxy, host, port, limit) if self._proxy else self._directly(host, port, limit)
        return Line(_secured(sock, self._tls, host, limit) if secure else sock)

    def _directly(self, host: str, port: int, limit: float) -> socket.socket:
        if host.endswith(".onion"):  # to ask a name server would tell it what is looked for (RFC 7686)
            raise FetchError("refused-address", f"{host} is reached through Tor only; expected network.proxy to be set")
        places = _resolve(host, port, limit)
        for family, place in places:
            if fault := self._fault(family, place):
                raise FetchError("refused-address", f"{host} leads to {place[0]}, which {fault}")
        return _connect(host, places, limit)

    def _through(self, proxy: Proxy, host: str, port: int, limit: float) -> socket.socket:
        """The proxy is believed, and may be anywhere; whom it is asked for is judged as far as it can be from here."""
        address = _written_out(host)
        fault = address_fault(address) if address else name_fault(host)
        if fault and not is_opened(address, self._allowed):
            raise FetchError("refused-address", f"{host} {fault}")
        try:
            sock = _connect(proxy.host, _resolve(proxy.host, proxy.port, limit), limit)
        except FetchError as error:
            raise FetchError("proxy", f"the proxy does not answer: {error}") from error
        try:
            open_tunnel(Line(sock), address or host, port, proxy, limit)
        except BaseException:
            sock.close()
            raise
        return sock

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
        sock.settimeout(left(limit))
        return tls.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        sock.close()
        raise FetchError("tls", f"no secure connection to {host}: {_os_words(error)}") from error


def _written_out(host: str) -> str:
    """The address that a host is, in any spelling that a resolver takes for one; "" for a name."""
    with suppress(ValueError):
        return str(ip_address(host))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return ""


def _resolve(host: str, port: int, limit: float) -> list[_Place]:
    """All that a name stands for, in the system's order. A thread of its own, for `getaddrinfo` knows no time limit."""
    answer: Future[list[_Place]] = Future()
    threading.Thread(target=_look_up, args=(host, port, answer), daemon=True).start()
    try:
        return answer.result(timeout=left(limit))
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
            return _open(family, place, left(limit) / untried)
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
