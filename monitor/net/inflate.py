"""A body's pieces as they came over the wire → the pieces that they stand for, under a cap.

What lives here: gzip, and the limits that keep a bomb small. What must not: HTTP, a socket. Whether to inflate is seen
from the bytes, not from a header: servers send gzip without saying so, say so without sending it, and send it twice.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator

from monitor.errors import FetchError

_GZIP = b"\x1f\x8b"
_PIECE = 64 * 1024
_MAX_LAYERS = 2  # a cache that compresses in front of a server that does
_MAX_MEMBERS = 100  # of one gzip body: an honest one has one, and many tiny ones cost time without adding to the size


def decoded(pieces: Iterable[bytes], *, limit: int) -> Iterator[bytes]:
    """The pieces, inflated where they are gzip, and once more where that gave gzip again.

    Each stage may give `limit` bytes. FetchError of kind too-large beyond that, of kind encoding for gzip that is
    damaged or packed deeper.
    """
    body = capped(pieces, limit)
    for _ in range(_MAX_LAYERS):
        body = capped(_inflated(body), limit)
    return _unpacked(body)


def capped(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The pieces. FetchError of kind too-large as soon as they are more than `limit` bytes."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise FetchError("too-large", f"the body is larger than {limit / 1_000_000:g} MB")
        yield piece


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, inflated if they begin as gzip does."""
    packed, whole = _seen(pieces)
    yield from _gunzipped(whole) if packed else whole


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packed, whole = _seen(pieces)
    if packed:
        raise FetchError("encoding", f"the body is compressed more than {_MAX_LAYERS} times over")
    yield from whole


def _seen(pieces: Iterable[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Whether the pieces begin as gzip does, and all of them."""
    source = iter(pieces)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= len(_GZIP):
            break
    return head.startswith(_GZIP), itertools.chain((head,), source)


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """gzip members one after the other, at most 64 kB at a time."""
    source = iter(pieces)
    member, members = zlib.decompressobj(wbits=31), 1
    try:
        for piece in source:
            while piece:
                if member.eof:
                    if members == _MAX_MEMBERS or not piece.startswith(_GZIP[:1]):
                        raise FetchError("encoding", "the compressed body goes on after its end")
                    member, members = zlib.decompressobj(wbits=31), members + 1
                yield from _drained(member, piece)
                piece = member.unused_data
    except zlib.error as error:
        raise FetchError("encoding", "the compressed body is damaged") from error
    if not member.eof:
        raise FetchError("encoding", "the compressed body ends too early")


def _drained(member: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """All that a piece inflates to; `max_length` is what keeps a bomb small."""
    inflated = member.decompress(piece, _PIECE)
    while inflated:
        yield inflated
        inflated = member.decompress(member.unconsumed_tail, _PIECE)
