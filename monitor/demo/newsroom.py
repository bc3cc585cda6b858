"""The newsroom's server: a real HTTP server on loopback that serves the day and keeps the webhooks it receives.

What lives here: HTTP. What must not: the texts (`day`) and what they look like (`press`).
"""

from __future__ import annotations

import gzip
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from monitor.demo import press
from monitor.demo.day import Paper, read_papers
from monitor.demo.press import Page
from monitor.errors import TipsheetError

_HOOK_PATH = "/hook"
_HOOK_LIMIT = 1_000_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An outlet of the day, with all that a configuration needs to follow it."""

    slug: str
    url: str  # of its feed
    name: str
    domain: str
    language: str
    entries: int  # that its feed holds; 0 for a feed that cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook as it arrived."""

    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A request that was answered."""

    method: str
    path: str
    status: int


class Newsroom:
    """The day's server, open inside its `with` statement.

    `opened` is an aware time; every item was published some minutes before it. The same `opened` and port give the same
    bytes, so that a second run finds nothing new. Ids do not depend on either. TipsheetError for a port that is taken.
    """

    def __init__(self, *, port: int = 0, opened: datetime) -> None:
        if opened.tzinfo is None:
            raise ValueError("opened must be an aware datetime")
        self.opened = opened.astimezone(UTC).replace(microsecond=0)  # HTTP and RSS dates have whole seconds
        self.papers = read_papers()
        self.hooks: list[Hook] = []
        self.answers: list[Answer] = []
        self._port = port
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        try:
            self._server = _Server(("127.0.0.1", self._port), self)
        except OSError as error:
            raise TipsheetError(f"the newsroom cannot open on port {self._port}: {error.strerror}") from error
        self._server.pages = press.pages(self.papers, opened=self.opened, base=self.base)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="newsroom", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the newsroom is closed: it has an address only inside its with statement")
        return int(self._server.server_address[1])

    @property
    def base(self) -> str:
        """The server's address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def hook_url(self) -> str:
        """Where webhooks go; they are kept in `hooks`."""
        return self.base + _HOOK_PATH

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        return tuple(self._outlet(paper) for paper in self.papers)

    def url(self, slug: str) -> str:
        """The address of an outlet's feed. KeyError for a slug that no outlet has."""
        return {outlet.slug: outlet.url for outlet in self.outlets}[slug]

    def tellings(self, story: str) -> dict[str, str]:
        """The articles that tell one story: slug of the outlet → address, oldest first. Empty for an unknown story."""
        told = [(item, paper) for paper in self.papers for item in paper.items if item.story == story]
        told.sort(key=lambda pair: -pair[0].minutes)
        return {paper.slug: self.base + press.article_path(paper, item) for item, paper in told}

    def _outlet(self, paper: Paper) -> Outlet:
        return Outlet(
            slug=paper.slug,
            url=self.base + press.feed_path(paper),
            name=paper.name,
            domain=paper.domain,
            language=paper.language,
            entries=paper.entries,
        )


class _Server(ThreadingTCPServer):
    """Not http.server's own server: that one looks up its host's name, which can take seconds on a machine offline."""

    allow_reuse_address = True
    daemon_threads = True  # a reader who still waits for the slow feed must not hold up closing time

    def __init__(self, address: tuple[str, int], newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.pages: dict[str, Page] = {}
        super().__init__(address, _Desk)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a reader that hangs up is no fault of the newsroom
            super().handle_error(request, client_address)


class _Desk(BaseHTTPRequestHandler):
    """Answers one request."""

    server: _Server
    server_version = "Newsroom"
    sys_version = ""

    def do_GET(self) -> None:
        page = self.server.pages.get(urlsplit(self.path).path)
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        time.sleep(page.delay)
        if is_unchanged(page, self.headers):
            self._send_head(HTTPStatus.NOT_MODIFIED, page)
            self.end_headers()
        else:
            self._send_page(page)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Keeps a webhook. One whose sender hung up half-way is not kept: half a body is no message."""
        length = self.headers.get("Content-Length", "")
        if urlsplit(self.path).path != _HOOK_PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > _HOOK_LIMIT:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._keep_hook(int(length))

    def _keep_hook(self, length: int) -> None:
        body = self.rfile.read(length)
        if len(body) < length:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.newsroom.hooks.append(Hook(headers=headers, body=body))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.server.newsroom.answers.append(Answer(method=self.command, path=self.path, status=int(code)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing is printed: `answers` is the log."""

    def _send_page(self, page: Page) -> None:
        packed = accepts_gzip(self.headers.get("Accept-Encoding", ""))
        body = gzip.compress(page.body, mtime=0) if packed else page.body
        self._send_head(HTTPStatus.OK, page)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_head(self, status: HTTPStatus, page: Page) -> None:
        self.send_response(status)
        if "etag" in page.validators:
            self.send_header("ETag", page.etag)
        if "last-modified" in page.validators:
            self.send_header("Last-Modified", _http_date(page.modified))
        self.send_header("Vary", "Accept-Encoding")


def is_unchanged(page: Page, headers: Message) -> bool:
    """Whether a request that names what it already has is answered with 304 (RFC 9110, 13.2.2: the tag decides)."""
    tags, since = headers.get("If-None-Match"), headers.get("If-Modified-Since")
    if tags is not None:
        return "etag" in page.validators and page.etag in [tag.strip() for tag in tags.split(",")]
    if since is None or "last-modified" not in page.validators:
        return False
    try:
        return parsedate_to_datetime(since) >= page.modified
    except (TypeError, ValueError):
        return False


def accepts_gzip(accept_encoding: str) -> bool:
    codings = [coding.replace(" ", "").lower() for coding in accept_encoding.split(",")]
    return any(
        coding == "gzip" or (coding.startswith("gzip;q=") and coding.strip("0.") != "gzip;q=") for coding in codings
    )


def _http_date(when: datetime) -> str:
    return format_datetime(when, usegmt=True)
