"""A small WebSub hub on loopback: it takes subscriptions, verifies them over real HTTP, and pushes what it is told to.

with Hub() as hub:
    ... somebody subscribes at hub.url ...
    hub.push(topic, body)
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit


@dataclass
class Listener:
    """Somebody who subscribed."""

    topic: str
    callback: str
    secret: str
    lease: int  # seconds, as asked for
    verified: bool = False


@dataclass
class Hub:
    """`status` is what it answers to questions, `lease` what it grants; `verifies`: at once, or when told to."""

    status: int = 202
    lease: int = 86_400
    verifies: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)  # the forms, in order of arrival
    listeners: dict[str, Listener] = field(default_factory=dict)  # by callback

    def __enter__(self) -> Self:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hub._answer(dict(parse_qsl(body.decode())))
                self.send_response_only(hub.status)
                for name, value in ({"Content-Length": "0"} | hub.headers).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _answer(self, form: dict[str, str]) -> None:
        """Before the answer is sent: the subscriber must be ready for that, as some hubs verify so."""
        self.asked.append(form)
        if not 200 <= self.status < 300:
            return
        if form["hub.mode"] == "subscribe":
            self.listeners[form["hub.callback"]] = Listener(
                topic=form["hub.topic"], callback=form["hub.callback"], secret=form["hub.secret"],
                lease=int(form["hub.lease_seconds"]),
            )  # fmt: skip
        if self.verifies:
            self.verify(form["hub.callback"], form["hub.mode"])

    # ---- what it says ----

    def verify(self, callback: str, mode: str = "subscribe", **changes: str) -> tuple[int, bool]:
        """Ask whether it was meant: the status, and whether the challenge came back."""
        listener = self.listeners[callback]
        challenge = secrets.token_urlsafe(8)
        said = {
            "mode": mode,
            "topic": listener.topic,
            "challenge": challenge,
            "lease_seconds": str(self.lease),
        } | changes
        status, body = self.tell(callback, said)
        meant = status == 200 and body == challenge.encode()
        if meant and mode == "unsubscribe":
            del self.listeners[callback]
        elif meant:
            listener.verified = True
        return status, meant

    def deny(self, callback: str, reason: str) -> int:
        said = {"mode": "denied", "topic": self.listeners[callback].topic, "reason": reason}
        return self.tell(callback, said)[0]

    def tell(self, callback: str, said: Mapping[str, str]) -> tuple[int, bytes]:
        query = urlencode({f"hub.{name}": value for name, value in said.items()})
        return request("GET", f"{callback}?{query}")

    def push(self, topic: str, body: bytes, *, method: str = "sha256", secret: str | None = None) -> list[int]:
        """Signed content to all who listen; `method` "" leaves the signature out. What each answered."""
        return [
            self.send(listener, body, method=method, secret=secret)
            for listener in list(self.listeners.values())
            if listener.topic == topic and listener.verified
        ]

    def send(self, listener: Listener, body: bytes, *, method: str = "sha256", secret: str | None = None) -> int:
        code = hmac.new((secret or listener.secret).encode(), body, method or hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/rss+xml"}
        headers |= {"X-Hub-Signature": f"{method}={code}"} if method else {}
        return request("POST", listener.callback, body, headers)[0]


def request(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """One request of our own, as a hub makes it; no redirect is followed."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as connection:
        connection.request(method, target, body=body or None, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
