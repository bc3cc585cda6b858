"""The door at which hubs knock, with real connections: the polite, the slow, the loud, and a thousand at once."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from monitor.errors import TipsheetError
from monitor.net.callback import CallbackServer, DoorLimits, Head, Reply
from tests.websub_hub import request

LIMITS = DoorLimits(seconds=1.0, body=100_000, held=150_000, strangers=50)


@dataclass
class Friendly:
    """Lets in whoever knows the word, and repeats what he says."""

    heads: list[Head] = field(default_factory=list)
    slow: float = 0.0

    def admit(self, head: Head) -> Reply | None:
        self.heads.append(head)
        return None if head.path == "/friend" else Reply(status=404)

    def answer(self, head: Head, body: bytes) -> Reply:
        time.sleep(self.slow)
        if body == b"trip":
            raise RuntimeError("a bug")
        return Reply(status=200, body=body or head.query.encode())


@pytest.fixture
def porter() -> Friendly:
    return Friendly()


@pytest.fixture
def door(porter: Friendly) -> Iterator[CallbackServer]:
    with CallbackServer("127.0.0.1", 0, porter, LIMITS) as door:
        yield door


def url(door: CallbackServer, path: str = "/friend") -> str:
    return f"http://127.0.0.1:{door.port}{path}"


def is_open(door: CallbackServer) -> bool:
    return request("GET", url(door, "/friend?well")) == (200, b"well")


@contextlib.contextmanager
def connected(door: CallbackServer, said: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as sock:
        sock.sendall(said)
        yield sock


def heard(sock: socket.socket) -> bytes:
    """All that is said until the end."""
    pieces = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65_536):
            pieces += piece
    return pieces


def test_a_request_is_heard_and_answered(door: CallbackServer, porter: Friendly) -> None:
    assert request("POST", url(door, "/friend?a=1&b"), b"hello", {"X-Word": "w"}) == (200, b"hello")
    head = porter.heads[0]
    assert (head.method, head.path, head.query, head.headers["x-word"]) == ("POST", "/friend", "a=1&b", "w")
    assert request("GET", url(door, "/friend?a=1")) == (200, b"a=1")


def test_a_stranger_is_sent_away_before_his_body_is_read(door: CallbackServer) -> None:
    with connected(door, b"POST /stranger HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n") as sock:
        assert heard(sock).startswith(b"HTTP/1.1 404 ")


def test_who_asks_whether_to_go_on_is_told(door: CallbackServer) -> None:
    asks = b"POST /friend HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with connected(door, asks) as sock:
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
        sock.sendall(b"hi")
        assert heard(sock).endswith(b"\r\n\r\nhi")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\n\n", 400),  # TLS at a door without
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # without a host
        (b"GET /friend HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000, 431),
        (b"POST /friend HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /friend HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /friend HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_is_told_so(door: CallbackServer, said: bytes, status: int) -> None:
    with connected(door, said) as sock:
        assert heard(sock).startswith(f"HTTP/1.1 {status} ".encode())
    assert is_open(door)


def test_a_body_too_large_is_refused_while_it_comes(door: CallbackServer) -> None:
    assert request("POST", url(door), b"x" * 100_000)[0] == 200
    chunk = b"%x\r\n%b\r\n" % (60_000, b"x" * 60_000)
    said = b"POST /friend HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + 2 * chunk
    with connected(door, said) as sock:
        assert heard(sock).startswith(b"HTTP/1.1 413 ")
    assert is_open(door)


def test_many_bodies_at_once_share_one_cap(door: CallbackServer) -> None:
    begun = b"POST /friend HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + b"x" * 80_000
    with connected(door, begun) as first, connected(door, begun) as second:
        assert {heard(second)[:13], heard(first)[:13]} & {b"HTTP/1.1 503 "}
    assert request("POST", url(door), b"x" * 90_000)[0] == 200, "what was held is given back"


def test_a_surprise_is_one_requests_surprise(door: CallbackServer) -> None:
    assert request("POST", url(door), b"trip")[0] == 500
    assert is_open(door)


def test_nobody_stays_longer_than_allowed_however_busy(door: CallbackServer) -> None:
    """A slow loris says a little all the time."""
    began = time.monotonic()
    with connected(door, b"POST /friend HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n") as sock:
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < began + 5:
                sock.sendall(b"x")
                time.sleep(0.05)
        assert heard(sock) == b""
    assert time.monotonic() - began < 4
    assert is_open(door)


def test_a_thousand_who_say_nothing_disturb_nobody(door: CallbackServer) -> None:
    with contextlib.ExitStack() as crowd:
        silent = [crowd.enter_context(connected(door)) for _ in range(1_000)]
        began = time.monotonic()
        assert is_open(door)
        assert time.monotonic() - began < 0.9, "it did not wait for them to be thrown out"
        assert [heard(sock) for sock in silent[:900]] == [b""] * 900, "the first to come made room"


def test_who_is_being_answered_makes_no_room(porter: Friendly) -> None:
    porter.slow = 0.3
    with CallbackServer("127.0.0.1", 0, porter, LIMITS) as door:
        answers: list[tuple[int, bytes]] = []
        friend = threading.Thread(target=lambda: answers.append(request("POST", url(door), b"hello")))
        friend.start()
        while not porter.heads:
            time.sleep(0.01)
        with contextlib.ExitStack() as crowd:
            for _ in range(200):
                crowd.enter_context(connected(door))
            friend.join()
    assert answers == [(200, b"hello")]


def test_a_place_that_is_taken_is_said(door: CallbackServer, porter: Friendly) -> None:
    with (
        pytest.raises(TipsheetError, match=rf"websub.listen: nothing can listen on 127.0.0.1:{door.port}: .*in use"),
        CallbackServer("127.0.0.1", door.port, porter),
    ):
        pass


def test_the_door_closes_in_the_face_of_whoever_dawdles(porter: Friendly) -> None:
    with CallbackServer("127.0.0.1", 0, porter) as door:
        waiting = socket.create_connection(("127.0.0.1", door.port), timeout=10)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with waiting:
        assert heard(waiting) == b""
