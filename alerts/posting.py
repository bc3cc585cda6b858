"""What a channel over the web needs to know: how it asks, what an answer looks like, and what no answer means.

What lives here: the shape of the guarded client's POST, which addresses will do, what silence says about a message.
What must not: an HTTP client; it is handed in, with its address policy, its limits and its time-outs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Literal, Protocol
from urllib.parse import urlsplit

from monitor.errors import DeliveryError, FetchError

Settings = Mapping[str, str | int | bool]
Method = Literal["POST", "PUT"]

_HOUSE_NAMES = ("local", "localhost", "internal", "lan", "home.arpa")
_UNSENT = frozenset({"refused-address", "dns", "connect", "tls", "proxy"})
"""Failures of a request of which the receiver has seen nothing. After any other kind it may have the message."""


class Posted(Protocol):
    """An answer, whatever its status. Header names are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Post(Protocol):
    """The guarded HTTP client's POST. Follows no redirect; raises FetchError where there is no answer."""

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes, method: Method = "POST") -> Posted: ...


def address_faults(url: str, key: str = "url") -> tuple[str, ...]:
    """What is wrong with the address of a receiver, in words that do not repeat it: it may be a secret."""
    if re.search(r"[^\x21-\x7e]", url):  # the parser below would pass over a line's end that came with a pasted secret
        return (f"{key}: expected an address without spaces, line ends and letters beyond ASCII",)
    scheme, host = scheme_and_host(url)
    if scheme not in {"http", "https"} or not host:
        return (f"{key}: expected an https address",)
    if scheme == "http" and _is_public(host):
        return (f"{key}: expected https; over http anybody on the way reads the alerts",)
    return ()


def token_faults(token: str, key: str = "token") -> tuple[str, ...]:
    """What is wrong with a token that goes out in a header, in words that do not repeat it."""
    if re.fullmatch(r"[\x21-\x7e]*", token):
        return ()
    return (f"{key}: expected ASCII letters, digits and signs, without spaces and line ends",)


def _is_public(host: str) -> bool:
    """Whether the way there leads over the open internet, as far as the name tells."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not f".{host}".endswith(tuple(f".{name}" for name in _HOUSE_NAMES))


def scheme_and_host(url: str) -> tuple[str, str]:
    """("", "") for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def unanswered(host: str, error: FetchError) -> DeliveryError:
    """No answer at all. An address that policy refuses, or a redirect, will be refused again."""
    return DeliveryError(
        f"{host}: {error}",
        retry=error.kind not in {"refused-address", "redirect"},
        reached=error.kind not in _UNSENT,
        retry_after=error.retry_after,
    )
