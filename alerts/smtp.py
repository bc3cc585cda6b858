"""The email channel: one envelope for one recipient, handed to a mail server.

What lives here: a message → the bytes of a letter, the SMTP dialogue, and what each answer means. What must not: when
to try again, and what a letter says. This is the only module that knows smtplib.

The dialogue is walked step by step, because what a lost connection means depends on the step: before the last byte of
the letter nothing was delivered; after it, and before the answer, nobody can know.
"""

from __future__ import annotations

import base64
import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.header import Header
from email.message import Message as Letter
from email.message import MIMEPart
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP, compat32
from email.utils import format_datetime, formataddr, parseaddr
from threading import Timer
from typing import Any, Literal, cast

from alerts.cleaning import clean
from alerts.history import picture_id
from monitor.errors import DeliveryError
from monitor.model import Message

# RFC 5321 §4.5.3.2, except for the connection: a host that does not answer in half a minute is down.
_CONNECT_SECONDS = 30.0
_COMMAND_SECONDS = 300.0
_ACCEPT_SECONDS = 600.0

LONGEST_SEND = 780.0
"""Seconds after which a dialogue is cut off, however lively. Whoever leases a delivery out for longer than that, and
than the time to connect, can be sure that nobody is still at it when the lease ends."""

_WIRE = compat32.clone(linesep="\r\n", max_line_length=76)
_LONGEST_WORD = 60  # characters; what is longer is encoded, so that it can be folded

Security = Literal["starttls", "tls", "none"]
_PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}
_SETTINGS = frozenset({"host", "port", "security", "username", "password", "from", "timeout"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\\\x00-\x1f\x7f]{1,255}")
_NEEDS_LOGIN = frozenset({530, 534, 535, 538})  # the settings are wrong, not the letter


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSender:
    """A mail server and the name we write under."""

    host: str
    port: int
    security: Security
    sender: str  # "Tipsheet <alerts@example.org>"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float | None = None  # seconds; shortens every step, lengthens none
    longest: float = LONGEST_SEND
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def from_settings(cls, settings: Mapping[str, str | int | bool]) -> MailSender:
        """Settings that `check` has nothing to say about."""
        security = str(settings.get("security", "starttls"))
        return cls(
            host=str(settings["host"]),
            port=int(settings.get("port") or _PORTS[security]),
            security=cast(Security, security),
            sender=str(settings["from"]),
            username=str(settings.get("username", "")),
            password=str(settings.get("password", "")),
            timeout=float(settings["timeout"]) if settings.get("timeout") else None,
        )

    def send(self, message: Message, address: str) -> str:
        """Hand the letter over. Returns the server's last line; raises DeliveryError."""
        recipient = envelope_address(address)
        envelope_from = envelope_address(_mailbox_of(self.sender)[1])
        letter = compose_letter(message, sender=self.sender, recipient=recipient)
        with self._session() as session:
            _expect(session.mail(envelope_from), "the sender")
            _expect(session.rcpt(recipient), f"the recipient {recipient}", of_one=True)
            _expect(session.docmd("DATA"), "a letter", code=354)
            session.send(_dotted(letter))
            return self._verdict(session)

    def greet(self) -> None:
        """Go as far as one can without a letter: connect, secure, sign in. DeliveryError where that does not work."""
        with self._session():
            pass

    def _verdict(self, session: smtplib.SMTP) -> str:
        """The answer to the whole letter: the one moment in which losing the line leaves a doubt."""
        if session.sock is not None:
            session.sock.settimeout(self._seconds(_ACCEPT_SECONDS))
        try:
            answer = session.getreply()
        except (OSError, smtplib.SMTPException) as error:
            doubt = f"{self.host} took the letter, and the line was lost before it answered: {error}"
            raise DeliveryError(doubt, retry=True, reached=True) from error
        if answer[0] < 200:
            raise DeliveryError(f"{self.host} answered with no SMTP reply: {_line(answer)}", retry=True, reached=True)
        _expect(answer, "the letter")
        return _line(answer)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that is secured and signed in. Whatever happens in it ends as a DeliveryError."""
        session = None
        try:
            session = self._connected()
            with _cut_off_after(self.longest, session):
                self._secure(session)
                yield session
        except smtplib.SMTPAuthenticationError as error:
            line = _line((error.smtp_code, error.smtp_error))
            raise DeliveryError(f"{self.host} refused the user name or password: {line}", retry=True) from error
        except smtplib.SMTPResponseException as error:
            line = _line((error.smtp_code, error.smtp_error))
            raise DeliveryError(f"{self.host} answered {line}", retry=True) from error
        except (
            OSError,
            UnicodeError,
            smtplib.SMTPException,
        ) as error:  # a UnicodeError is a host name like "mail..org"
            raise DeliveryError(f"{self.host}, port {self.port}: {_reason(error)}", retry=True) from error
        finally:
            if session is not None:
                _leave(session)

    def _connected(self) -> smtplib.SMTP:
        name = domain_of(self.sender)  # not this machine's own name, which is nobody's business
        seconds = self._seconds(_CONNECT_SECONDS)
        if self.security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=name, timeout=seconds, context=self.tls
            )
        else:
            session = smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=seconds)
        if session.sock is not None:
            session.sock.settimeout(self._seconds(_COMMAND_SECONDS))
        return session

    def _secure(self, session: smtplib.SMTP) -> None:
        """STARTTLS or nothing: a server that does not offer it gets neither password nor letter."""
        session.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            session.starttls(context=self.tls)
            session.ehlo()
        if self.username:
            session.login(self.username, self.password)

    def _seconds(self, most: float) -> float:
        return most if self.timeout is None else min(most, self.timeout)


def check(settings: Mapping[str, str | int | bool]) -> tuple[str, ...]:
    """What is wrong with a channel's settings, in words."""
    faults = [f"unknown setting “{name}”" for name in settings if name not in _SETTINGS]
    security = settings.get("security", "starttls")
    if not settings.get("host"):
        faults.append("host: missing; expected the name of a mail server")
    if security not in _PORTS:
        faults.append("security: expected starttls, tls or none")
    if not _is_number(settings.get("port", 25), 1, 65535):
        faults.append("port: expected a number from 1 to 65535")
    if not _is_number(settings.get("timeout", 60), 1, 3600):
        faults.append("timeout: expected seconds, 1 to 3600")
    if not _is_address(_mailbox_of(str(settings.get("from", "")))[1]):
        faults.append("from: expected an address, as in Tipsheet <alerts@example.org>")
    if bool(settings.get("username")) != bool(settings.get("password")):
        faults.append("username and password: expected both or neither")
    if not f"{settings.get('username', '')}{settings.get('password', '')}".isascii():
        faults.append("username and password: expected ASCII, which is all that a mail server takes")
    if security == "none" and settings.get("password") and settings.get("host") not in _LOOPBACK:
        faults.append("security: none would send the password in the clear")
    return tuple(faults)


def _is_address(address: str) -> bool:
    try:
        return bool(envelope_address(address))
    except DeliveryError:
        return False


def _is_number(value: str | int | bool, least: int, most: int) -> bool:
    try:
        return not isinstance(value, bool) and least <= float(value) <= most
    except ValueError:
        return False


# ---- the letter ------------------------------------------------------------------------------------------------------


def compose_letter(message: Message, *, sender: str, recipient: str) -> bytes:
    """The bytes of a letter: the same for the same message and recipient, on every attempt. Never raises."""
    domain = domain_of(sender)
    boundary = f"=_{_stable(message.key)}"
    letter: Letter[Any, Any] = MIMEMultipart("alternative", boundary=boundary, policy=_WIRE)
    letter["Message-ID"] = f"<{_stable(message.key)}@{domain}>"
    letter["Date"] = format_datetime(message.created_at.astimezone(UTC))
    letter["From"] = _mailbox(*_mailbox_of(sender))
    letter["To"] = envelope_address(recipient)
    letter["Subject"] = _header(_one_line(message.subject) or "(no subject)", "Subject")
    letter["Content-Language"] = message.language
    letter["List-Id"] = f"Tipsheet {message.kind}s <{message.kind}s.tipsheet.{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    if message.stop:
        letter["List-Unsubscribe"] = Header(f"<{message.stop}>", "us-ascii", header_name="List-Unsubscribe")
        if message.stop.startswith("https://"):  # RFC 8058 knows no other
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if message.thread:
        root = f"<{_stable(message.thread)}@{domain}>"
        letter["References"] = root
        letter["In-Reply-To"] = root
    letter.attach(_part(message.text, "plain"))
    letter.attach(_page(message))
    return letter.as_bytes(policy=_WIRE)


def _part(text: str, subtype: str) -> MIMEPart:
    part = MIMEPart(policy=SMTP)
    part.set_content(_encodable(text), subtype=subtype, cte="quoted-printable")
    return part


def _page(message: Message) -> Letter[Any, Any]:
    """The HTML; with the picture that it shows, where it shows one."""
    page = _part(message.html, "html")
    if not message.picture:
        return page
    related: Letter[Any, Any] = MIMEMultipart("related", boundary=f"=_{_stable(message.key)}_", policy=_WIRE)
    related.attach(page)
    picture = MIMEPart(policy=SMTP)
    picture.set_content(base64.b64decode(message.picture), "image", "png", disposition="inline", filename="month.png")
    picture["Content-ID"] = f"<{picture_id(message.key)}>"
    related.attach(picture)
    return related


def domain_of(sender: str) -> str:
    """ "Tipsheet <alerts@example.org>" → "example.org"."""
    return envelope_address(_mailbox_of(sender)[1]).rpartition("@")[2]


def envelope_address(address: str) -> str:
    """An address as the envelope carries it, in ASCII. Raises DeliveryError for what is no such address."""
    if not _ADDRESS.fullmatch(address):
        raise DeliveryError(f"{clean(address)!r} is not an email address", retry=False)
    local, _, domain = address.rpartition("@")
    try:
        local.encode("ascii")
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise DeliveryError(f"{address!r} cannot be written in ASCII", retry=False) from error


def _mailbox_of(sender: str) -> tuple[str, str]:
    """Name and address; ("", "") for what cannot be read."""
    return parseaddr(_one_line(sender))


def _mailbox(name: str, address: str) -> Header:
    """A name is quoted where it is ASCII, and encoded where it is not."""
    if name.isascii():
        return Header(formataddr((name, envelope_address(address))), "us-ascii", header_name="From")
    mailbox = _header(name, "From")
    mailbox.append(f"<{envelope_address(address)}>", "us-ascii")
    return mailbox


def _header(words: str, name: str) -> Header:
    """Words as they are where a header can hold them, else encoded as a whole (RFC 2047).

    The header classes of `EmailMessage` lose spaces and cut characters in two when they fold a long Spanish headline.
    "=?" begins an encoded word, in which a stranger could hide what `clean` has removed: it is encoded once more.
    """
    plain = words.isascii() and "=?" not in words and all(len(word) < _LONGEST_WORD for word in words.split())
    return Header(words, "us-ascii" if plain else "utf-8", header_name=name, maxlinelen=_WIRE.max_line_length)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")


def _stable(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


def _dotted(letter: bytes) -> bytes:
    """The letter as DATA carries it (RFC 5321 §4.5.2): no line of it can end it."""
    letter = re.sub(rb"(?m)^\.", b"..", letter)
    return letter + (b".\r\n" if letter.endswith(b"\r\n") else b"\r\n.\r\n")


# ---- what an answer means --------------------------------------------------------------------------------------------

_Answer = tuple[int, bytes | str]


def _expect(answer: _Answer, what: str, code: int = 250, *, of_one: bool = False) -> None:
    """Goes on for the code expected (251 and 252 are as good as 250); 4xx is worth another try, 5xx is a no."""
    got = answer[0]
    if got == code or (code == 250 and got in {251, 252}):
        return
    retry = not 500 <= got < 600 or got in _NEEDS_LOGIN
    greylisted = of_one and got not in {421, *_NEEDS_LOGIN}  # 421: the server itself closes
    raise DeliveryError(f"the mail server refused {what}: {_line(answer)}", retry=retry, of_one=greylisted)


def _line(answer: _Answer) -> str:
    code, words = answer
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(f"{code} {clean(text)}".split())[:300]


_OF_NO_CONNECTION: dict[type[Exception], str] = {
    ConnectionRefusedError: "nothing listens there (the connection was refused)",
    socket.gaierror: "no server of this name is known",
    TimeoutError: "no answer in time",
}


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{error} Nothing is sent without it."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be believed: {clean(error.verify_message)}"
    return (
        _OF_NO_CONNECTION.get(type(error))
        or clean(getattr(error, "strerror", "") or str(error))
        or type(error).__name__
    )


@contextmanager
def _cut_off_after(seconds: float, session: smtplib.SMTP) -> Iterator[None]:
    """A server may send a little for ever, and every little starts a time-out afresh. This one runs only once."""
    timer = Timer(seconds, _cut, (session,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(session: smtplib.SMTP) -> None:
    """Ends the TCP connection below TLS, so that whoever reads from it wakes with an end of file."""
    if (line := session.sock) is not None:
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)


def _leave(session: smtplib.SMTP) -> None:
    """Say goodbye without insisting: what was accepted stays accepted, whatever is answered now."""
    with suppress(OSError, smtplib.SMTPException):
        if session.sock is not None:
            session.sock.settimeout(2)
            session.docmd("QUIT")
    session.close()
