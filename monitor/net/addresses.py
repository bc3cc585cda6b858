"""Which addresses may be asked at all: the policy of URLs and of IP addresses, in words a person can act on.

What lives here: text and numbers in, a verdict out. What must not: resolving a name, opening a socket. The text of a
URL proves nothing about where it leads ("2130706433", "127。0。0。1" and any hostile name reach loopback), so
`address_fault` is asked about the numeric address that is about to be connected to; `url_fault` only refuses what no
feed needs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

import idna

Network = IPv4Network | IPv6Network

# `ip_address(...).is_global` is not enough: it passes multicast, NAT64, 6to4, relays and the platform address below.
_CLOSED_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud platform's own"),  # Azure answers there for every machine it runs
        ("169.254.0.0/16", "link-local"),  # 169.254.169.254 hands out cloud credentials
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "reserved for name service"),
        ("192.52.193.0/24", "a relay's"),
        ("192.88.99.0/24", "a 6to4 relay's"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved for name service"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
# IPv6 is closed but for 2000::/3. The names outside it are only for the message.
_PUBLIC_V6 = IPv6Network("2000::/3")
_CLOSED_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::1/128", "loopback"),
        ("::/128", "this host"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("::/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("100::/64", "discarding"),
        ("2001::/32", "a Teredo tunnel's"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "a 6to4 tunnel's"),
        ("2620:4f:8000::/48", "reserved for name service"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_HOUSE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# `urlunsplit` would lose the "?" of an empty query; what the user wrote is what is asked.
_ORIGIN_AND_TARGET = re.compile(r"([^:/?#]+://[^/?#]*)([^#]*)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Printable ASCII without the space and the four that no server should be sent raw. "%" stays: encode once, never twice.
_AS_WRITTEN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>`')


def read_networks(written: Sequence[str]) -> tuple[Network, ...]:
    """CIDRs as settings write them ("127.0.0.0/8", "10.1.2.3") → networks. ValueError names the one that is wrong."""
    return tuple(ip_network(network) for network in written)


def is_opened(address: str, allowed: Collection[Network]) -> bool:
    """Whether the settings allow this numeric address by name, public or not."""
    try:
        number = ip_address(address)
    except ValueError:
        return False
    return any(number in network for network in allowed)


def address_fault(address: str) -> str:
    """Why this numeric address is not one of the public internet, in words; "" if it is."""
    try:
        number = ip_address(address)
    except ValueError:
        return "is not an IP address"
    kind = _closed_v4(number) if isinstance(number, IPv4Address) else _closed_v6(number)
    return f"is not public ({kind})" if kind else ""


def name_fault(host: str) -> str:
    """Why a name that somebody else will resolve is not one of the public internet, in words; "" if it may be."""
    name = host.rstrip(".")
    if "." not in name or name.endswith(_HOUSE_NAMES):
        return "is not public (a name within a house)"
    return ""


def _closed_v4(number: IPv4Address) -> str:
    return next((what for network, what in _CLOSED_V4 if number in network), "")


def _closed_v6(number: IPv6Address) -> str:
    if number.scope_id is not None:  # only addresses of this machine's own links have one
        return "link-local"
    named = next((what for network, what in _CLOSED_V6 if number in network), "")
    return named or ("" if number in _PUBLIC_V6 else "not assigned to the public internet")


def url_fault(url: str, allow_ports: Collection[int]) -> str:
    """Why this URL may not be asked, in words; "" if it may. The words never repeat a secret of the URL."""
    if "\\" in url or _CONTROL.search(url.strip()):
        return "the address holds a backslash or a control character"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return "the address cannot be read"
    if parts.scheme not in _DEFAULT_PORTS:
        return "the address must begin with http:// or https://"
    if not parts.hostname:
        return "the address names no host"
    if "@" in parts.netloc:
        return "the address holds a user name or a password, which are never sent"
    port = _DEFAULT_PORTS[parts.scheme] if port is None else port
    return "" if port in allow_ports else f"port {port} is not among the allowed ones"


def wire_url(url: str) -> str:
    """The URL as it is asked: fragment gone, spaces and non-ASCII of path and query encoded, all else untouched."""
    origin, target = _split(url.strip())
    return origin + quote(target if target.startswith("/") else f"/{target}", safe=_AS_WRITTEN)


def wire_target(url: str) -> bytes:
    """The request line's part of a wire URL: path and query."""
    return _split(url)[1].encode("ascii")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a URL asks."""

    scheme: str
    host: str  # in ASCII and lower case; an IPv6 address without its brackets
    port: int

    @property
    def authority(self) -> bytes:
        """The Host header's value."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}").encode("ascii")


def origin(url: str) -> Origin:
    """Whom this URL asks. ValueError for a host name that cannot exist; call it for URLs without a fault only."""
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    if not host.isascii():
        host = idna.encode(host).decode("ascii")  # idna's errors are ValueErrors
    return Origin(parts.scheme, host, parts.port or _DEFAULT_PORTS[parts.scheme])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Through whom all requests go: a SOCKS5 proxy that resolves the names itself."""

    host: str
    port: int
    username: str = ""  # "" : it is not asked for
    password: str = field(default="", repr=False)


def read_proxy(url: str) -> Proxy:
    """`socks5h://127.0.0.1:9050` → Proxy. ValueError says what is expected."""
    parts = urlsplit(url)
    if parts.scheme != "socks5h" or not parts.hostname or "@" in parts.netloc or parts.path or parts.query:
        raise ValueError("expected a proxy that resolves names itself, such as socks5h://127.0.0.1:9050")
    if not parts.port:
        raise ValueError("expected the proxy's port too, such as socks5h://127.0.0.1:9050")
    return Proxy(host=parts.hostname, port=parts.port)


def _split(url: str) -> tuple[str, str]:
    found = _ORIGIN_AND_TARGET.match(url)
    return (found[1], found[2]) if found else ("", url)


def shown(url: str) -> str:
    """The URL as a message may show it: scheme, host and port. All else may be somebody's secret, the path too."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "(an address that cannot be read)"
    host = _CONTROL.sub("", parts.netloc.rpartition("@")[2])
    return f"{parts.scheme}://{host}" if host else "(an address without a host)"
