"""Compressed bodies: what honest servers send is read, what a bomb would become is never held."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.net.inflate import decoded

gzipped = partial(gzip.compress, mtime=0)  # the same bytes at each run, and the same names of tests

LIMIT = 1_000_000
FEED = b"<rss><channel><title>News</title></channel></rss>" * 100


def pieces_of(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(body: bytes, size: int = 1_400, limit: int = LIMIT) -> bytes:
    return b"".join(decoded(pieces_of(body, size), limit=limit))


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        (FEED, FEED),
        (b"", b""),
        (b"<", b"<"),
        (b"\x1f", b"\x1f"),
        (gzipped(FEED), FEED),
        (gzipped(b""), b""),
        (gzipped(gzipped(FEED)), FEED),  # a cache behind a server that compresses as well
        (gzipped(FEED) + gzipped(FEED), FEED + FEED),  # two members are one body
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_servers_send_is_read(sent: bytes, read_as: bytes, size: int) -> None:
    assert read(sent, size) == read_as


@given(st.binary(max_size=5_000), st.integers(1, 6_000), st.integers(0, 9))
def test_any_body_survives_any_cutting_into_pieces(body: bytes, size: int, level: int) -> None:
    assert read(gzipped(b"!" + body, level), size) == b"!" + body


@given(st.integers(0, 200_000))
def test_outputs_around_the_size_of_a_piece_lose_nothing(length: int) -> None:
    body = b"a" * length
    assert read(gzipped(body)) == body


def test_a_long_body_that_does_not_compress_comes_whole() -> None:
    body = random.Random(1).randbytes(400_000)
    assert read(gzipped(body)) == body


@pytest.mark.parametrize("cut", [3, 12, 40, -1, -8])
def test_a_body_that_ends_too_early_is_an_error_and_not_a_short_feed(cut: int) -> None:
    with pytest.raises(FetchError, match="ends too early") as caught:
        read(gzipped(FEED)[:cut])
    assert caught.value.kind == "encoding"


def test_damage_is_an_error() -> None:
    sent = bytearray(gzipped(FEED))
    sent[len(sent) // 2] ^= 0xFF
    with pytest.raises(FetchError) as caught:
        read(bytes(sent))
    assert caught.value.kind == "encoding"


def test_what_follows_the_end_is_an_error() -> None:
    with pytest.raises(FetchError, match="goes on after its end"):
        read(gzipped(FEED) + b"<html>")


@pytest.mark.parametrize(("length", "fits"), [(LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)])
@pytest.mark.parametrize("packed", [False, True])
def test_the_cap_is_exact(length: int, fits: bool, packed: bool) -> None:
    body = b"a" * length
    sent = gzipped(body) if packed else body
    if fits:
        assert len(read(sent)) == length
    else:
        with pytest.raises(FetchError, match=r"larger than 1 MB") as caught:
            read(sent)
        assert caught.value.kind == "too-large"


def endless_gzip() -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    while True:
        if piece := packer.compress(bytes(1_000_000)):
            yield piece


def nested(times: int) -> bytes:
    body = bytes(50_000_000)
    for _ in range(times):
        body = gzipped(body)
    return body


EMPTY_BLOCKS = b"\0\0\0\xff\xff" * 10_000  # deflate that goes on and never says anything
BOMBS: dict[str, Callable[[], Iterator[bytes]]] = {
    "gzip to a gigabyte": lambda: islice(endless_gzip(), 1_000),
    "gzip without end": endless_gzip,
    "gzip twice": lambda: pieces_of(nested(2), 65_536),
    "plain without end": lambda: repeat(bytes(65_536)),
    "empty blocks without end": lambda: chain([gzipped(b"")[:10]], repeat(EMPTY_BLOCKS)),
    "empty blocks, packed": lambda: iter([gzipped(gzipped(b"")[:10] + EMPTY_BLOCKS * 100)]),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_in_an_error_and_is_never_held(bomb: str) -> None:
    pieces = BOMBS[bomb]()
    tracemalloc.start()
    try:
        with pytest.raises(FetchError) as caught:
            b"".join(decoded(pieces, limit=LIMIT))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.kind == "too-large"


@pytest.mark.parametrize(("members", "fits"), [(100, True), (101, False)])
def test_a_body_of_very_many_members_is_refused(members: int, fits: bool) -> None:
    sent = gzipped(b"a") * members
    if fits:
        assert read(sent) == b"a" * members
    else:
        with pytest.raises(FetchError, match="goes on after its end"):
            read(sent)


@pytest.mark.parametrize("layers", [3, 21])
def test_a_body_packed_deeper_than_any_server_packs_is_refused(layers: int) -> None:
    body = FEED
    for _ in range(layers):
        body = gzipped(body)
    with pytest.raises(FetchError, match="more than 2 times over") as caught:
        read(body)
    assert caught.value.kind == "encoding"
