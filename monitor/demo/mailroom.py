"""The mailroom: a real SMTP server on loopback that keeps every letter it accepts.

What lives here: receiving. What must not: anything that composes or sends.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP

from monitor.errors import TipsheetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it arrived, with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.data, policy=email.policy.default)


class Mailroom:
    """An SMTP server, open inside its `with` statement. TipsheetError for a port that is taken.

    With a directory, each letter also becomes a numbered `.eml` file there before it is accepted; a file that cannot be
    written makes the sender try again later (451).
    """

    host = "127.0.0.1"

    def __init__(self, port: int = 0, *, directory: Path | None = None) -> None:
        self.port = port  # once it is open, the one that it listens on
        self.letters: list[Letter] = []
        self._directory = directory

    def __enter__(self) -> Self:
        # The socket listens before the thread starts: the port is known, and one that is taken is an error at once.
        # (aiosmtpd's Controller cannot open on "any free port", and finds out only after five seconds.)
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
        try:
            door = socket.create_server((self.host, self.port))
        except OSError as error:
            raise TipsheetError(f"the mailroom cannot open on port {self.port}: {error.strerror}") from error
        self.port = door.getsockname()[1]
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._work, args=(door,), name="mailroom", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _work(self, door: socket.socket) -> None:
        with self._runner:  # its end hangs up on the senders who are still on the line
            self._runner.run(self._receive(door))

    async def _receive(self, door: socket.socket) -> None:
        server = await self._loop.create_server(self._clerk, sock=door)
        await self._closing.wait()
        server.close()

    def _clerk(self) -> SMTP:
        return SMTP(self, hostname="mailroom.example", enable_SMTPUTF8=True, loop=self._loop)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        letter = Letter(sender=envelope.mail_from, recipients=tuple(envelope.rcpt_tos), data=envelope.original_content)
        try:
            self._file(letter)
        except OSError as error:
            return f"451 The letter could not be kept: {error.strerror}"
        self.letters.append(letter)
        return "250 Kept"

    def _file(self, letter: Letter) -> None:
        if self._directory is not None:
            number = 1 + max(
                (int(path.stem) for path in self._directory.glob("*.eml") if path.stem.isdecimal()), default=0
            )
            (self._directory / f"{number:04}.eml").write_bytes(letter.data)
