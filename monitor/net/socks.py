"""A tunnel through a SOCKS5 proxy, such as Tor's: the dialogue before the first byte of the request.

What lives here: RFC 1928 and 1929 as socksio writes and reads them, and what a proxy's answer means. What must not: a
look-up of the host. Its name goes to the proxy as it is, so that nobody on the way to the proxy learns it.
"""

from __future__ import annotations

from socksio import (
    ProtocolError,
    SOCKS5AuthMethod,
    SOCKS5AuthMethodsRequest,
    SOCKS5AuthReply,
    SOCKS5Command,
    SOCKS5CommandRequest,
    SOCKS5Reply,
    SOCKS5UsernamePasswordRequest,
)
from socksio.socks5 import SOCKS5UsernamePasswordReply

from monitor.errors import FetchError
from monitor.net.addresses import Proxy
from monitor.net.line import Line

_REFUSALS = {
    2: "its rules do not allow it",
    3: "no network leads there",
    4: "it cannot be found or reached",
    5: "connection refused",
    6: "no answer in time",
}
_LONGEST_NAME = 255
_IPV4, _NAME, _IPV6 = 1, 3, 4


def open_tunnel(line: Line, host: str, port: int, proxy: Proxy, limit: float) -> None:
    """Afterwards the line leads to the host. FetchError of kind proxy where that is at fault, else connect or dns."""
    if len(host) > _LONGEST_NAME:
        raise FetchError("dns", "a host's name cannot be longer than 255 characters")
    try:
        _introduce(line, proxy, limit)
        asked = SOCKS5CommandRequest.from_address(SOCKS5Command.CONNECT, (host, port))
        line.send(asked.dumps(), limit)
        reply = _reply(line, limit)
        if reply[0] == 5 and reply[1]:  # also the codes that only Tor knows
            why = _REFUSALS.get(reply[1], f"failure {reply[1]}")
            raise FetchError("connect", f"{host} cannot be reached through the proxy: {why}")
        SOCKS5Reply.loads(reply)
    except ProtocolError as error:
        raise FetchError("proxy", "the proxy does not speak SOCKS 5") from error
    except TimeoutError as error:
        raise FetchError("connect", f"{host} cannot be reached through the proxy: no answer in time") from error
    except OSError as error:
        raise FetchError("proxy", "the connection to the proxy broke") from error


def _introduce(line: Line, proxy: Proxy, limit: float) -> None:
    """Say hello. A proxy that keeps silent now is at fault itself, and no host behind it."""
    try:
        _sign_in(line, proxy, limit)
    except TimeoutError as error:
        raise FetchError("proxy", "the proxy does not answer in time") from error


def _sign_in(line: Line, proxy: Proxy, limit: float) -> None:
    """With a name, if there is one: nothing else is offered then, and nothing less is taken."""
    method = SOCKS5AuthMethod.USERNAME_PASSWORD if proxy.username else SOCKS5AuthMethod.NO_AUTH_REQUIRED
    line.send(SOCKS5AuthMethodsRequest([method]).dumps(), limit)
    if SOCKS5AuthReply.loads(_exactly(2, line, limit)).method is not method:
        wants = "does not take a user name and password" if proxy.username else "wants a user name and password"
        raise FetchError("proxy", f"the proxy {wants}")
    if proxy.username:
        login = SOCKS5UsernamePasswordRequest(proxy.username.encode(), proxy.password.encode())
        line.send(login.dumps(), limit)
        if not SOCKS5UsernamePasswordReply.loads(_exactly(2, line, limit)).success:
            raise FetchError("proxy", "the proxy refused the user name or password")


def _reply(line: Line, limit: float) -> bytes:
    """The proxy's last word: four bytes, an address of the kind that the fourth names, and a port."""
    head = _exactly(5, line, limit)
    rest = {_IPV4: 3, _NAME: head[4], _IPV6: 15}.get(head[3])
    if rest is None:
        raise ProtocolError("an address of no known kind")
    return head + _exactly(rest + 2, line, limit)


def _exactly(length: int, line: Line, limit: float) -> bytes:
    """So many bytes and not one more: what follows belongs to the host."""
    heard = b""
    while len(heard) < length:
        piece = line.receive(limit, length - len(heard))
        if not piece:
            raise FetchError("proxy", "the proxy hung up")
        heard += piece
    return heard
