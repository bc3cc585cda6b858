"""A real HTTP server on loopback that plays a script of answers and keeps a log of what it was asked.

    with ScriptedServer() as server:
        server.script("/feed", Answer(body=b"<rss/>", headers={"ETag": '"1"'}), Answer(status=304))
        ... ask server.url("/feed") twice ...
        assert [request.path for request in server.requests] == ["/feed", "/feed"]

The last answer of a script repeats for ever; a path without a script answers 404. An answer is a value: a body may be
bytes, or a function that gives pieces as it likes (slowly, endlessly); `raw` pieces replace the status line as well.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from monitor.net.fetch import FetchSettings

USER_AGENT = "Tipsheet-tests/1.0 (+https://tipsheet.example)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server says to one request."""

    status: int = 200
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = field(default_factory=dict)
    body: bytes | Callable[[], Iterable[bytes]] = b""
    delay: float = 0.0  # seconds before the status line
    raw: bool = False  # the body is all that is sent: no status line, no headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the server was asked."""

    method: str
    target: str  # exactly as on the request line
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    at: float  # on the monotonic clock
    connection: int  # requests on one connection share it

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class ScriptedServer:
    """Use as a context manager. One thread a connection; `requests` is in order of arrival."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self._scripts: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()
        self._server = _Server(address, self._answer)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/") -> str:
        return f"http://{self._server.server_address[0]!s}:{self.port}{path}"

    def settings(self, **changes: object) -> FetchSettings:
        """Settings under which a client may ask this server."""
        allowed = {"allow_networks": ("127.0.0.0/8",), "allow_ports": (self.port,), "user_agent": USER_AGENT}
        return FetchSettings(**{**allowed, **changes})  # type: ignore[arg-type]

    def script(self, path: str, *answers: Answer) -> None:
        """Sets what the path answers from now on, in order."""
        with self._lock:
            self._scripts[path] = list(answers)

    def forget(self) -> None:
        """Begins anew: no scripts, no requests."""
        with self._lock:
            self._scripts.clear()
            self.requests.clear()

    def asked(self, path: str) -> list[Request]:
        """The requests for one path."""
        return [request for request in list(self.requests) if request.path == path]

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.path, [Answer(status=404)])
            return script.pop(0) if len(script) > 1 else script[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined at the end: no thread outlives its test
    request_queue_size = 128

    def __init__(self, address: str, answer: Callable[[Request], Answer]) -> None:
        super().__init__((address, 0), _Handler)
        self.answer = answer
        self.open: set[socket.socket] = set()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self.open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what many of these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a head and a body sent apart wait 40 ms for each other
    server: _Server

    def do_GET(self) -> None:
        self._play()

    def do_POST(self) -> None:
        self._play()

    def do_PUT(self) -> None:
        self._play()

    def _play(self) -> None:
        answer = self.server.answer(self._request())
        time.sleep(answer.delay)
        pieces = _pieces(answer)
        if not answer.raw:
            self._send_head(answer)
        for piece in pieces:
            self.wfile.write(piece)
        if answer.raw or callable(answer.body):
            self.close_connection = True

    def _request(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Request(
            method=self.command,
            target=self.requestline.split(" ")[1],
            headers=headers,
            body=body,
            at=time.monotonic(),
            connection=self.client_address[1],
        )

    def _send_head(self, answer: Answer) -> None:
        given = answer.headers.items() if isinstance(answer.headers, Mapping) else answer.headers
        self.send_response_only(answer.status)
        for name, value in given:
            self.send_header(name, value)
        names = {name.lower() for name, _ in given}
        if callable(answer.body):
            self.send_header("Connection", "close")
        elif not names & {"content-length", "transfer-encoding"} and answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name is the standard library's
        """Silent."""


def _pieces(answer: Answer) -> Iterator[bytes]:
    yield from answer.body() if callable(answer.body) else (answer.body,)
