"""The door at which hubs knock: a small HTTP/1.1 server that bears whatever comes.

What lives here: connections, and the limits of each: one request, a few seconds, a head and a body of bounded size.
What must not: what a request means; a porter decides that, twice, so that strangers are sent away before their body is
read.

One thread waits for all connections, however many and slow they are; the porter, who asks the database, works in a few
threads beside it. Whoever has dawdled longest at the door makes room when it is crowded. TLS is the business of the
proxy in front.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Protocol, Self, TypeVar

import h11

from monitor.errors import TipsheetError

_log = logging.getLogger("tipsheet")
T = TypeVar("T")
_PIECE = 65_536
_STEPS = 5  # of the event loop, in which an accepted connection gets its task; asyncio takes three
_LAST_WORDS = 1.0  # seconds in which one who was refused may end his sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a request says before its body."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case; of a repeated one the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered. The body is plain text."""

    status: int
    body: bytes = b""


class Porter(Protocol):
    """Decides on requests. Called from several threads; may be slow."""

    def admit(self, head: Head) -> Reply | None:
        """A refusal; None if the body is wanted."""
        ...

    def answer(self, head: Head, body: bytes) -> Reply:
        """The answer to a request that was admitted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """How much to bear. Times in seconds, sizes in bytes."""

    seconds: float = 20.0  # from the first byte of a request to the last of its answer
    head: int = 16 * 1024
    body: int = 5_000_000
    held: int = 50_000_000  # of all bodies together that are being read
    strangers: int = 256  # connections that nobody has admitted yet
    threads: int = 4  # in which the porter works


class _Refusal(Exception):  # noqa: N818 - an answer, and no error of ours
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CallbackServer:
    """Listens while the block lasts. `port` is the one that it got, where 0 was asked for."""

    def __init__(self, host: str, port: int, porter: Porter, limits: DoorLimits | None = None) -> None:
        self._host = host
        self.port = port
        self._porter = porter
        self._limits = limits or DoorLimits()
        self._held = 0
        self._strangers: dict[asyncio.Task[None], None] = {}  # in order of arrival
        self._listening: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), name="callback", daemon=True)
        self._porters = ThreadPoolExecutor(self._limits.threads, thread_name_prefix="porter")

    def __enter__(self) -> Self:
        """TipsheetError where nobody may listen there."""
        self._thread.start()
        try:
            _, _, self.port = self._listening.result()
        except OSError as error:
            raise TipsheetError(
                f"websub.listen: nothing can listen on {self._host}:{self.port}: {error.strerror or error}"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop, closing_time, _ = self._listening.result()
        loop.call_soon_threadsafe(closing_time.set)
        self._thread.join()
        self._porters.shutdown()

    async def _listen(self) -> None:
        closing_time = asyncio.Event()
        try:
            server = await asyncio.start_server(self._meet, self._host, self.port, limit=_PIECE, backlog=1024)
        except OSError as error:
            self._listening.set_exception(error)
            return
        self._listening.set_result((asyncio.get_running_loop(), closing_time, server.sockets[0].getsockname()[1]))
        await closing_time.wait()
        await _close(server)

    # ---- one connection ----

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer. Whatever the other side does, the connection ends here."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._strangers[task] = None
        if len(self._strangers) > self._limits.strangers:
            next(iter(self._strangers)).cancel()
        talk = _Talk(reader, writer, self._limits.head)
        try:
            async with asyncio.timeout(self._limits.seconds):
                if reply := await self._heard(talk, task):
                    await talk.say(reply)
            writer.close()
        except (TimeoutError, OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._strangers.pop(task, None)

    async def _heard(self, talk: _Talk, task: asyncio.Task[None]) -> Reply | None:
        """What is to be answered; None where nobody asked."""
        try:
            if (head := await talk.head()) is None:
                return None
            if refusal := await self._decided(lambda: self._porter.admit(head)):
                return refusal
            self._strangers.pop(task, None)
            body = await self._body(talk)
            return await self._decided(lambda: self._porter.answer(head, body))
        except h11.RemoteProtocolError as error:
            return Reply(status=error.error_status_hint)
        except _Refusal as refusal:
            return Reply(status=refusal.status)

    async def _decided(self, decide: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._porters, decide)
        except Exception as bug:  # the unit of work: one request's surprise must not close the door
            _log.exception("a request could not be answered")
            raise _Refusal(HTTPStatus.INTERNAL_SERVER_ERROR) from bug

    async def _body(self, talk: _Talk) -> bytes:
        """The body, while there is room for it."""
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in talk.pieces():
                size += len(piece)
                self._held += len(piece)
                if size > self._limits.body:
                    raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if self._held > self._limits.held:
                    raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE)
                pieces.append(piece)
        finally:
            self._held -= size
        return b"".join(pieces)


async def _close(server: asyncio.Server) -> None:
    """Ends every connection. One that was only just accepted must come in first: asyncio forgets to close it else."""
    for sock in server.sockets:
        asyncio.get_running_loop().remove_reader(sock.fileno())
    for _ in range(_STEPS):
        await asyncio.sleep(0)
    server.close()
    guests = asyncio.all_tasks() - {asyncio.current_task()}
    for guest in guests:
        guest.cancel()
    await asyncio.gather(*guests, return_exceptions=True)
    await asyncio.sleep(0)  # in which the sockets are closed


class _Talk:
    """HTTP as h11 reads and writes it, over one connection, for one request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=most)

    async def head(self) -> Head | None:
        event = await self._next()
        if not isinstance(event, h11.Request):
            return None
        path, _, query = event.target.decode("ascii").partition("?")
        given = [(name.decode("ascii"), value.decode("latin-1")) for name, value in event.headers]
        return Head(method=event.method.decode("ascii"), path=path, query=query, headers=dict(reversed(given)))

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_PIECE))
        return event

    async def say(self, reply: Reply) -> None:
        """The answer, and the end of the talk."""
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
        headers += [("Content-Length", str(len(reply.body))), ("Connection", "close")]
        self._send(h11.Response(status_code=reply.status, headers=headers))
        self._send(h11.Data(data=reply.body))
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        await self._see_off()

    def _send(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")

    async def _see_off(self) -> None:
        """Whoever still talks would find the connection torn, and the answer lost with it."""
        self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                while await self._reader.read(_PIECE):
                    pass
