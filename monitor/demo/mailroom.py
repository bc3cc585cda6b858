"""The mailroom: a real SMTP server on loopback that keeps every letter it accepts.

What lives here: receiving. What must not: anything that composes or sends.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller


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
    """An SMTP server, open inside its `with` statement.

    With a directory, each letter also becomes a numbered `.eml` file there before it is accepted; a file that cannot be
    written makes the sender try again later (451).
    """

    def __init__(self, port: int = 0, *, directory: Path | None = None) -> None:
        self.letters: list[Letter] = []
        self._directory = directory
        self._controller = _Controller(self, hostname="127.0.0.1", port=port, server_hostname="mailroom.example")

    def __enter__(self) -> Self:
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The port that it listens on; before it is open, the one that was asked for."""
        return int(self._controller.port)

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


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """Port 0 means any free one; aiosmtpd itself would then try to connect to port 0."""
        self.port = cast(asyncio.Server, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
