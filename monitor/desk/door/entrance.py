"""The door of the desk as decisions: who may enter, for how long, and what a request must show to be believed.

What lives here: functions of values; `now` and secrets are arguments. What must not: hashing passwords (`passwords`),
codes (`second_factor`), the database and the clock (`login`), requests and answers (`visit`).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import get_args
from urllib.parse import urlsplit

from monitor.model import Account, DeskRole, Session

ROLES: tuple[DeskRole, ...] = get_args(DeskRole)
IDLE = timedelta(hours=12)  # a session that nobody used for so long is over
LONGEST = timedelta(days=7)  # and so is one that began so long ago
TICK = timedelta(minutes=1)  # how exactly it is remembered when a session was last used

_STRAY = timedelta(minutes=5)  # how far a clock may be set back before sessions from its future end
_NAME = re.compile(r"[\w.@+-]{1,64}")
_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


# ---- who, and what they may ----------------------------------------------------------------------------------------


def login_name(typed: str) -> str:
    """A name as it is kept and compared: how it was typed on some keyboard does not matter."""
    return unicodedata.normalize("NFKC", typed).casefold().strip()


def name_fault(name: str) -> str:
    """What is wrong with a name that `login_name` gave; "" where nothing is."""
    if _NAME.fullmatch(name):
        return ""
    return "expected 1 to 64 letters, digits and . _ - + @ as a name"


def may(role: DeskRole | None, need: DeskRole) -> bool:
    """Whether somebody of this role may do what needs the other. None, who is nobody, may nothing."""
    return role is not None and ROLES.index(role) >= ROLES.index(need)


def lesser(one: DeskRole, other: DeskRole) -> DeskRole:
    """A key opens what both it and its owner may."""
    return min(one, other, key=ROLES.index)


def decide_login(account: Account | None, *, password_fits: bool, code_fits: bool) -> str:
    """Why somebody may not enter, for the log of the house alone; "" where they may. All of it was tried beforehand."""
    if account is None:
        return "no such account"
    if not password_fits:
        return "wrong password"
    if account.disabled:
        return "the account is disabled"
    return "" if code_fits or not account.second_factor else "wrong code"


def lasts(session: Session, now: datetime) -> bool:
    """Whether a session is still one. One from the future was begun by a clock that was wrong."""
    age, idle = now - session.began_at, now - session.seen_at
    return -_STRAY <= age < LONGEST and idle < IDLE


# ---- how often -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many tries within any such time."""

    tries: int
    within: timedelta


LOGINS = Limit(tries=5, within=timedelta(minutes=15))  # for each account, and for each client
ERRANDS = Limit(tries=10, within=timedelta(minutes=1))  # what makes the server ask others: discovery, test messages


def wait(tries: Iterable[datetime], limit: Limit, now: datetime) -> timedelta:
    """How long until one more try; zero: now. A try from the future, by a clock that was wrong, counts as of now."""
    counted = sorted(min(at, now) for at in tries if now - at < limit.within)
    if len(counted) < limit.tries:
        return timedelta()
    return counted[-limit.tries] + limit.within - now


# ---- who asks ------------------------------------------------------------------------------------------------------


def client_of(peer: str, forwarded: Sequence[str], trusted: Sequence[str]) -> str:
    """Who asks. `forwarded` are the values of X-Forwarded-For, `trusted` the networks of our proxies.

    Each proxy writes at the end of the header whom it was asked by. So it is read from the end, for as long as the one
    who wrote is one of ours; what stands before that, anybody could have written.
    """
    networks = [ip_network(network) for network in trusted]
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    client = _address(peer)
    while client and _is_in(client, networks) and hops:
        before = _address(hops.pop())
        if before is None:
            break
        client = before
    return str(client) if client else peer


def client_key(client: str, secret: bytes) -> str:
    """A client as it is counted: without `secret`, which ends with the program, nobody can read an address from it.

    Of IPv6 the network counts: whoever has one address there has 2⁶⁴.
    """
    address = _address(client)
    if isinstance(address, IPv6Address):
        client = str(ip_network((address, 64), strict=False))
    return hmac.digest(secret, client.encode("utf-8", "replace"), "sha256").hex()


def _address(written: str) -> _Address | None:
    """With or without a port, in brackets or not."""
    found = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|([0-9.]+)(?::\d+)?", written)
    try:
        address = ip_address((found[1] or found[2]) if found else written.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _is_in(address: _Address, networks: Iterable[_Network]) -> bool:
    return any(address in network for network in networks)


_TRACES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def was_passed_on(headers: Container[str]) -> bool:
    """Whether a web server before us asks for somebody else, whom nobody may take for the one who sits here.

    One that leaves no trace is not noticed. `headers` are the names that a request has, in any case.
    """
    return any(trace in headers for trace in _TRACES)


# ---- what a request must show --------------------------------------------------------------------------------------


def csrf_token(session_token: str) -> str:
    """What a form carries to show that a page of this session gave it out. It does not tell the session's token."""
    return hmac.digest(session_token.encode(), b"form", "sha256").hex()


def csrf_fits(session_token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode("utf-8", "replace"))


def comes_from_here(*, home: str, origin: str | None, fetch_site: str | None) -> bool:
    """Whether a browser says that a page of ours, at `home`, made it ask. `origin` and `fetch_site` are its headers.

    Each browser in use sends one of them with a POST; who sends neither is refused. Since our pages tell nobody where a
    reader came from, a form of theirs has the origin "null": then the other header must say that it was one of ours.
    """
    if origin in (None, "null"):
        return fetch_site == "same-origin"
    if _origin(origin) != _origin(home):
        return False
    return fetch_site in (None, "same-origin", "none")


def _origin(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port, as browsers compare them."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)


def local_path(wanted: str, otherwise: str = "/") -> str:
    """Where to go after the login: a path of ours, or `otherwise`. What a browser may take for another site is none."""
    if not re.fullmatch(r"/(?![/\\])[!-\[\]-~]{0,2000}", wanted):  # printable ASCII without the backslash
        return otherwise
    return wanted


# ---- cookies -------------------------------------------------------------------------------------------------------


def cookie_name(*, secure: bool) -> str:
    """`__Host-` makes browsers refuse it from another host, another path or an open line; loopback has no TLS."""
    return "__Host-tipsheet" if secure else "tipsheet-on-loopback"


def entry_cookie(session_token: str, *, secure: bool) -> str:
    """The value of Set-Cookie that lets somebody in."""
    return _cookie(session_token, int(LONGEST.total_seconds()), secure=secure)


def exit_cookie(*, secure: bool) -> str:
    """The value of Set-Cookie that makes a browser forget."""
    return _cookie("", 0, secure=secure)


def _cookie(value: str, seconds: int, *, secure: bool) -> str:
    flags = "; Secure" if secure else ""
    return f"{cookie_name(secure=secure)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{flags}"
