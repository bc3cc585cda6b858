"""The one door to the web: a guarded HTTP client for feeds, pages and webhooks.

What lives here: every byte that Tipsheet asks of a web server, and every limit on it. What must not: what a body means,
when to ask again, anything of the database. No other module asks the web; tests/test_fetch.py sees to it.

The guard has four parts: addresses says what may be asked, network connects to nothing else and lets no
wait outlast the request, transport carries httpx's requests over it, inflate keeps a body small. Here
they are put together, redirects are followed by hand, and what goes wrong becomes a FetchError with no secret of a URL.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urljoin, urlsplit

import httpx

from monitor.errors import FetchError
from monitor.model import Fetched, Validators
from monitor.net.addresses import Origin, Proxy, origin, read_networks, shown, url_fault, wire_target, wire_url
from monitor.net.inflate import capped, decoded
from monitor.net.network import GuardedNetwork
from monitor.net.transport import GuardedTransport
from monitor.rhythm.cadence import parse_retry_after, read_http_date, words

MAX_POSTED_BYTES = 64 * 1024
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_THROTTLED = {429, 503}
_ONE_VALUE = {"etag", "last-modified", "date", "expires", "location", "retry-after", "content-type"}
_FEED_TYPES = (
    b"application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    b"application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.3, */*;q=0.1"
)
_PAGE_TYPES = b"text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5, */*;q=0.1"
_ENCODINGS = {"", "identity", "gzip", "x-gzip"}
_NO_VALIDATORS = Validators()
_Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How to ask, and how much to bear. Times in seconds, sizes in bytes."""

    user_agent: str  # "Product/Version (+https://contact)"
    connect_timeout: float = 10.0  # for name, TCP and TLS together, per connection
    total_timeout: float = 30.0  # of wall clock for a request with all its redirects
    max_bytes: int = 15_000_000  # of a body after decoding
    max_redirects: int = 5
    allow_networks: tuple[str, ...] = ()  # CIDRs that may be asked although not public: "127.0.0.0/8"
    allow_ports: tuple[int, ...] = (80, 443, 8000, 8080, 8443)
    https_downgrade: bool = False  # whether https may redirect to http
    proxy: Proxy | None = None  # through which every request goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A receiver's answer, whatever its status."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes  # the first 64 kB at most


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trail:
    """Where a request has been led so far."""

    url: str  # that was asked
    hop: str  # that is asked now
    seen: frozenset[str] = frozenset()
    permanent: str | None = None  # the end of the unbroken chain of 301/308 from `url`
    unbroken: bool = True  # whether that chain still leads to `hop`

    def led(self, status: int, target: str) -> _Trail:
        unbroken = self.unbroken and status in _PERMANENT
        permanent = target if unbroken else self.permanent
        return _Trail(url=self.url, hop=target, seen=self.seen | {self.hop}, permanent=permanent, unbroken=unbroken)


class Client:
    """Asks web servers, within the settings. Use it as a context manager; many threads may share one."""

    def __init__(self, settings: FetchSettings) -> None:
        """ValueError for an `allow_networks` that cannot be read."""
        self._settings = settings
        self._transport = GuardedTransport(GuardedNetwork(read_networks(settings.allow_networks), settings.proxy))
        agent = (b"User-Agent", settings.user_agent.encode("latin-1"))
        self._asking = (agent, (b"Accept", _FEED_TYPES), (b"Accept-Encoding", b"gzip"))
        self._reading = (agent, (b"Accept", _PAGE_TYPES), (b"Accept-Encoding", b"gzip"))
        self._posting = (agent, (b"Accept-Encoding", b"identity"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are kept alive."""
        self._transport.close()

    def get(self, url: str, validators: Validators = _NO_VALIDATORS, *, known_hash: str = "") -> Fetched:
        """The body behind a URL (200), or the word that it has not changed (304).

        A body whose hash is `known_hash` is not even inflated: `body` is empty then. Redirects are followed by hand,
        each hop under the same guard. Validators go to the URL that gave them, and to no other: no server is to be
        asked about a validator that it never gave. FetchError for every other answer, and for none.
        """
        return self._get(url, self._asking, validators, known_hash, self._settings.max_bytes)

    def page(self, url: str, *, max_bytes: int) -> Fetched:
        """The page behind a URL, asked for as a reader's; else as `get`."""
        return self._get(url, self._reading, _NO_VALIDATORS, "", max_bytes)

    def _get(self, url: str, headers: _Headers, validators: Validators, known_hash: str, max_bytes: int) -> Fetched:
        deadline = time.monotonic() + self._settings.total_timeout
        trail = _Trail(url=url, hop=url)
        while len(trail.seen) <= self._settings.max_redirects:
            asked_with = validators if trail.hop == (validators.url or url) else _NO_VALIDATORS
            with self._ask("GET", trail.hop, [*headers, *_conditions(asked_with)], deadline) as answer:
                if answer.status_code not in _REDIRECTS:
                    return _fetched(answer, trail, asked_with, known_hash, max_bytes)
                trail = trail.led(answer.status_code, self._next_hop(answer, trail))
        raise FetchError("redirect", f"{_host(url)} redirects more than {self._settings.max_redirects} times")

    def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, method: Literal["POST", "PUT"] = "POST"
    ) -> Posted:
        """Sends a body and returns the answer, whatever its status; a redirect is an answer, and is not followed.

        FetchError where there was none. After refused-address, dns, connect, tls and proxy the receiver has seen
        nothing; after any other kind it may have the message all the same.
        """
        deadline = time.monotonic() + self._settings.total_timeout
        given = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        sent = [*self._posting, *given, (b"Content-Length", b"%d" % len(body))]
        with self._ask(method, url, sent, deadline, body) as answer:
            return Posted(status=answer.status_code, headers=_headers(answer), body=_first_bytes(answer))

    @contextmanager
    def _ask(
        self, method: str, url: str, headers: _Headers, deadline: float, body: bytes = b""
    ) -> Iterator[httpx.Response]:
        """One request, one answer, its body still unread. What goes wrong, here or in the block, is a FetchError."""
        asked = self._judged(url)
        request = httpx.Request(
            method,
            _address(asked),
            headers=[(b"Host", asked.authority), *headers],
            stream=httpx.ByteStream(body),
            extensions={
                "origin": asked,
                "target": wire_target(wire_url(url)),
                "connect_deadline": min(deadline, time.monotonic() + self._settings.connect_timeout),
                "deadline": deadline,
            },
        )
        try:
            with closing(self._transport.handle_request(request)) as answer:
                yield answer
        except TimeoutError as error:
            limit = words(timedelta(seconds=self._settings.total_timeout))
            raise FetchError("timeout", f"{asked.host} did not answer in full within {limit}") from error
        except OSError as error:
            raise FetchError("protocol", f"the connection to {asked.host} broke") from error

    def _judged(self, url: str) -> Origin:
        fault = url_fault(url, self._settings.allow_ports)
        try:
            if not fault:
                return origin(url)
        except ValueError:
            fault = "the host's name cannot exist"
        raise FetchError("refused-address", f"{shown(url)} is not asked: {fault}")

    def _next_hop(self, answer: httpx.Response, trail: _Trail) -> str:
        """Where a redirect leads. Whether one may go there at all, the next request's guard decides."""
        target = _target(trail.hop, _headers(answer).get("location", ""))
        secure, plain = _scheme(trail.hop) == "https", _scheme(target) == "http"
        if not target:
            fault = "to nowhere"
        elif target == trail.hop or target in trail.seen:
            fault = "in a circle"
        elif secure and plain and not self._settings.https_downgrade:
            fault = "from https to http"
        else:
            return target
        raise FetchError("redirect", f"{_host(trail.hop)} redirects {fault}", status=answer.status_code)


@lru_cache(maxsize=4096)
def _address(asked: Origin) -> httpx.URL:
    """A host as httpx names it: parsing it anew for each request would cost as much as all the rest."""
    return httpx.URL(scheme=asked.scheme, host=asked.host, port=asked.port)


def _target(base: str, location: str) -> str:
    """A Location as an absolute URL without its fragment; "" for one that cannot be read."""
    try:
        return urljoin(base, _from_latin_1(location)).partition("#")[0] if location else ""
    except ValueError:
        return ""


def _scheme(url: str) -> str:
    return url.strip().partition(":")[0].lower()


# ---- headers ---------------------------------------------------------------------------------------------------------


def _conditions(validators: Validators) -> _Headers:
    """Latin-1 maps every byte to one character and back, so a validator returns byte for byte as it came."""
    conditions = []
    if validators.etag:
        conditions.append((b"If-None-Match", validators.etag.encode("latin-1")))
    if validators.last_modified:
        conditions.append((b"If-Modified-Since", validators.last_modified.encode("latin-1")))
    return conditions


def _headers(answer: httpx.Response) -> dict[str, str]:
    """Names in lower case; a list's repeated lines are joined, of a single value's the first counts."""
    found: dict[str, str] = {}
    for raw_name, raw_value in answer.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in found:
            found[name] = value
        elif name not in _ONE_VALUE:
            found[name] += f", {value}"
    return found


def _from_latin_1(value: str) -> str:
    """A header's text as its sender meant it: many put UTF-8 into Location."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


# ---- answers ---------------------------------------------------------------------------------------------------------


def _fetched(answer: httpx.Response, trail: _Trail, asked_with: Validators, known_hash: str, max_bytes: int) -> Fetched:
    headers = _headers(answer)
    body, body_hash = b"", ""
    if answer.status_code == HTTPStatus.OK:
        _check_body(headers, max_bytes, _host(trail.hop))
        wire = b"".join(capped(answer.iter_raw(), max_bytes))
        body_hash = hashlib.sha256(wire).hexdigest()
        body = b"" if body_hash == known_hash else b"".join(decoded([wire], limit=max_bytes))
    elif answer.status_code == HTTPStatus.NOT_MODIFIED and asked_with.are_any:
        deque(answer.iter_raw(), maxlen=0)  # there are none, but only an answer read to its end frees its connection
    else:
        raise _failure(answer.status_code, headers, trail)
    return Fetched(
        url=trail.url,
        final_url=trail.hop,
        permanent_url=trail.permanent,
        status=answer.status_code,
        headers=headers,
        body=body,
        body_hash=body_hash,
    )


def _failure(status: int, headers: Mapping[str, str], trail: _Trail) -> FetchError:
    """What a status other than 200 means. A 410 is the feed's own only where nothing temporary led to it."""
    gone = status == HTTPStatus.GONE and trail.unbroken
    kind = "gone" if gone else "throttled" if status in _THROTTLED else "http"
    now = read_http_date(headers.get("date", "")) or datetime.now(UTC)
    asked = parse_retry_after(headers.get("retry-after", ""), now=now)
    message = f"{_host(trail.hop)} answered {_status_words(status)}"
    return FetchError(kind, message, status=status, retry_after=asked)


def _status_words(status: int) -> str:
    if status == HTTPStatus.NOT_MODIFIED:
        return "304 (Not Modified) to a question that it was not asked"
    if status == HTTPStatus.PARTIAL_CONTENT:
        return "206 (Partial Content): a part of a feed is no feed"
    known = {known.value: known.phrase for known in HTTPStatus}
    return f"{status} ({known[status]})" if status in known else str(status)


def _host(url: str) -> str:
    return urlsplit(wire_url(url)).hostname or "the server"


# ---- bodies ----------------------------------------------------------------------------------------------------------


def _check_body(headers: Mapping[str, str], max_bytes: int, host: str) -> None:
    """Refuses an encoding that was not asked for, or two of them, and an announced size, before a byte is read."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise FetchError("encoding", f"{host} sent an encoding that was not asked for: {encoding[:40]!a}")
    if int(headers.get("content-length", 0)) > max_bytes:
        raise FetchError("too-large", f"{host} announces a body larger than {max_bytes / 1_000_000:g} MB")


def _first_bytes(answer: httpx.Response) -> bytes:
    """As much of a receiver's answer as is worth keeping. The status is known by now, so a torn body is no failure."""
    body = b""
    with suppress(OSError, FetchError):
        for piece in answer.iter_raw():
            body += piece
            if len(body) >= MAX_POSTED_BYTES:
                break
    return body[:MAX_POSTED_BYTES]
