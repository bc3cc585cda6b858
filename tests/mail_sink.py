"""A real mail server for tests: it listens on loopback, keeps what it accepts, and misbehaves on request.

with MailSink() as sink:
    sink.refuse["nobody@example.org"] = "550 5.1.1 no such user"
    ...
    assert sink.letters[0].subject == "…"
"""

from __future__ import annotations

import asyncio
import email.policy
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CERTIFICATE = Path(__file__).parent / "data" / "mail" / "localhost.pem"  # for localhost, signed by itself

Step = Literal["EHLO", "MAIL", "RCPT", "DATA"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the server was handed: the envelope and the bytes, dots unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        message = BytesParser(policy=email.policy.default).parsebytes(self.content)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def client_tls() -> ssl.SSLContext:
    """Trusts the sink and nobody else."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


class MailSink:
    """A mail server. Its attributes can be changed while it runs."""

    def __init__(
        self, *, security: Literal["none", "starttls", "tls"] = "none", login: tuple[str, str] | None = None
    ) -> None:
        self.letters: list[Letter] = []
        self.refuse: dict[str, str] = {}  # recipient → reply to RCPT, for good
        self.greylist: dict[str, int] = {}  # recipient → how many times it is told to come back
        self.answer = "250 2.0.0 queued as 4D2A"  # to a whole letter
        self.hang_at: Step | None = None
        self.drop_at: Step | None = None  # at DATA: after the last byte of the letter, which is kept
        self.attempts = 0  # envelopes begun
        self.login = login
        self._released: asyncio.Event | None = None
        self._controller = _Controller(self, security)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.loop.call_soon_threadsafe(self._release)
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def _release(self) -> None:
        if self._released is not None:
            self._released.set()

    async def _misbehave(self, step: Step, server: SMTP) -> None:
        if self.hang_at == step:
            self._released = self._released or asyncio.Event()
            await self._released.wait()
        if self.drop_at == step:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()

    # ---- the hooks of aiosmtpd, by the names it asks for

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        await self._misbehave("EHLO", server)
        return responses

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        await self._misbehave("MAIL", server)
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._misbehave("RCPT", server)
        if address in self.refuse:
            return self.refuse[address]
        if self.greylist.get(address, 0) > 0:
            self.greylist[address] -= 1
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        letter = Letter(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            content=content,
            encrypted=session.ssl is not None or self._controller.security == "tls",
        )
        if self.answer.startswith("2"):
            self.letters.append(letter)
        await self._misbehave("DATA", server)
        return self.answer

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)


class _Controller(Controller):
    def __init__(self, sink: MailSink, security: Literal["none", "starttls", "tls"]) -> None:
        self.security = security
        options: dict[str, Any] = {"tls": {"ssl_context": server_tls()}, "starttls": {"tls_context": server_tls()}}.get(
            security, {}
        )
        if sink.login is not None:
            options |= {"authenticator": sink.authenticate, "auth_required": True}
        super().__init__(
            sink,
            hostname="127.0.0.1",
            port=0,
            **options,
        )

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]  # the free port that was found
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's own
