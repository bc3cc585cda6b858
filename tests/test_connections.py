"""Answers as they come over the wire: how they are cut up is nobody's business, what stands behind them neither."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.net.connections import Connection, written
from monitor.net.line import Line

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@contextmanager
def answered(*pieces: bytes, hang_up: bool = True) -> Iterator[Connection]:
    """A connection whose server says these pieces to whatever it is asked."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in pieces:
            theirs.sendall(piece)
        if hang_up:
            theirs.shutdown(socket.SHUT_WR)
        yield Connection(Line(ours), "news.example")


def heard(connection: Connection) -> tuple[int, bytes]:
    answer = connection.ask(b"GET / HTTP/1.1\r\n\r\n", time.monotonic() + 2)
    return answer.status, b"".join(answer.pieces)


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        (OK + b"Content-Length: 4\r\n\r\nnews", 200, b"news"),
        (CHUNKED + b"2\r\nne\r\n2;x=y\r\nws\r\n0\r\nEtag: late\r\n\r\n", 200, b"news"),
        (OK + b"\r\nnews", 200, b"news"),  # nothing measures it: its end is the connection's
        (b"HTTP/1.0 200 OK\r\n\r\nnews", 200, b"news"),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),  # the length of what it did not send
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 4\r\n\r\nnews", 200, b"news"),
    ],
)
@pytest.mark.parametrize("cut", [1, 7, 1_000])
def test_an_answer_is_the_same_however_it_is_cut(wire: bytes, status: int, body: bytes, cut: int) -> None:
    pieces = [wire[start : start + cut] for start in range(0, len(wire), cut)]
    with answered(*pieces) as connection:
        assert heard(connection) == (status, body)


def test_the_head_is_that_of_the_answer_alone() -> None:
    """No interim answer's header, and no trailer: an ETag that came late would be taken for the feed's."""
    interim = b"HTTP/1.1 103 Early Hints\r\nEtag: early\r\n\r\n"
    with answered(interim + CHUNKED + b"1\r\na\r\n0\r\nEtag: late\r\n\r\n") as connection:
        answer = connection.ask(b"", time.monotonic() + 2)
        assert list(answer.pieces) == [b"a"]
        assert answer.headers == [(b"Transfer-Encoding", b"chunked")]


def test_what_comes_behind_an_answer_changes_nothing_of_it() -> None:
    answer = OK + b'Etag: "1"\r\nContent-Length: 4\r\n\r\nnews'
    for behind in (b"HTTP/1.1 103 Early Hints\r\n\r\n", OK + b'Etag: "2"\r\nContent-Length: 4\r\n\r\nlies'):
        with answered(answer + behind) as connection:
            found = connection.ask(b"", time.monotonic() + 2)
            assert (dict(found.headers)[b"Etag"], b"".join(found.pieces)) == (b'"1"', b"news")


@pytest.mark.parametrize(
    ("wire", "may_follow"),
    [
        (OK + b"Content-Length: 4\r\n\r\nnews", True),
        (CHUNKED + b"4\r\nnews\r\n0\r\n\r\n", True),
        (OK + b"Connection: close\r\nContent-Length: 4\r\n\r\nnews", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nnews", False),
        (OK + b"Content-Length: 4\r\n\r\nnews" + OK + b"Content-Length: 4\r\n\r\nlies", False),
        (OK + b"Content-Length: 4\r\n\r\nnews and more", False),
    ],
    ids=["measured", "chunked", "closing", "an old server", "an answer too many", "a tail"],
)
def test_only_a_connection_that_is_clean_is_asked_again(wire: bytes, may_follow: bool) -> None:
    """What a server says unasked would be taken for the answer to the next question."""
    with answered(wire, hang_up=False) as connection:
        assert heard(connection) == (200, b"news")
        assert connection.rest() is may_follow


def test_an_answer_that_was_not_read_to_its_end_leaves_no_connection() -> None:
    with answered(OK + b"Content-Length: 4\r\n\r\nnews", hang_up=False) as connection:
        connection.ask(b"", time.monotonic() + 2)
        assert not connection.rest()


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        OK,
        OK + b"Content-Length: 4\r\n\r\nnew",
        CHUNKED + b"4\r\nnews\r\n",
        OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nnews",
        OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnews\r\n0\r\n\r\n",
        OK + b"Content-Length: -4\r\n\r\nnews",
        OK + b"Content-Length: four\r\n\r\nnews",
        CHUNKED + b"x\r\nnews\r\n0\r\n\r\n",
        OK + b"Bad Name: x\r\n\r\n",
        OK + b"Etag: a\x00b\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"<rss/>",
    ],
)
def test_what_is_no_answer_is_an_error(wire: bytes) -> None:
    with answered(wire) as connection, pytest.raises(FetchError) as caught:
        heard(connection)
    assert caught.value.kind == "protocol"
    assert "news.example" in str(caught.value)


@pytest.mark.parametrize(
    "wire", [OK + b"X: y\r\n" * 20_000, OK + b"X: " + b"y" * 140_000, CHUNKED + b"1\r\na\r\n0\r\nX: " + b"y" * 140_000]
)
def test_neither_a_head_nor_a_trailer_fills_the_memory(wire: bytes) -> None:
    with answered(hang_up=False) as connection:
        connection._line = _Said(wire)  # type: ignore[assignment]
        with pytest.raises(FetchError, match="more than 64 kB of headers"):
            heard(connection)


class _Said:
    """A line over which something was said, whatever is asked."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire

    def send(self, data: bytes, limit: float) -> None:
        pass

    def receive(self, limit: float) -> bytes:
        piece, self._wire = self._wire[:65_536], self._wire[65_536:]
        return piece


@pytest.mark.parametrize("break_", [b"\r\n", b"\n", b"\r", b"\0"])
@pytest.mark.parametrize("place", ["target", "name", "value"])
def test_no_word_of_a_question_breaks_its_line(break_: bytes, place: str) -> None:
    words = {"target": b"/feed", "name": b"If-None-Match", "value": b'"1"'}
    words[place] += break_ + b"Cookie: x"
    with pytest.raises(ValueError, match="line break"):
        written("GET", words["target"], [(words["name"], words["value"])], b"")


# ---- against another reader ------------------------------------------------------------------------------------------

token = st.text("abcXYZ-0", min_size=1, max_size=8).map(str.encode)
value = st.text('aZ0 ;="/\xe9,', max_size=12).map(lambda text: text.strip().encode("latin-1"))
bodies = st.lists(st.binary(min_size=1, max_size=40), max_size=4)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Answers of a server that keeps to the standard, framed in every way that it has."""
    body = draw(bodies)
    headers = [(b"x-" + name, text) for name, text in draw(st.lists(st.tuples(token, value), max_size=4))]
    framing = draw(st.sampled_from(["length", "chunks", "end"]))
    if framing == "length":
        headers.append((b"Content-Length", b"%d" % len(b"".join(body))))
    if framing == "chunks":
        headers.append((b"Transfer-Encoding", b"chunked"))
        body = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body] + [b"0\r\n\r\n"]
    head = b"".join(b"%s: %s\r\n" % header for header in headers)
    return OK + head + b"\r\n" + b"".join(body)


@given(answers())
def test_an_answer_is_read_as_h11_reads_it(wire: bytes) -> None:
    other = h11.Connection(h11.CLIENT)
    other.send(h11.Request(method="GET", target="/", headers=[("Host", "news.example")]))
    other.send(h11.EndOfMessage())
    other.receive_data(wire)
    other.receive_data(b"")
    response, body = other.next_event(), b""
    assert isinstance(response, h11.Response)
    while isinstance(event := other.next_event(), h11.Data):
        body += event.data
    with answered(wire) as connection:
        answer = connection.ask(b"", time.monotonic() + 2)
        assert answer.headers == response.headers.raw_items()
        assert b"".join(answer.pieces) == body
