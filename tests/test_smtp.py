"""Email, against a real mail server that refuses, greylists, hangs and drops the line."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from threading import Thread
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import smtp
from alerts.cleaning import clean
from alerts.smtp import MailSender, compose_letter
from monitor.errors import DeliveryError
from monitor.model import Message
from tests.mail_sink import MailSink, client_tls
from tests.test_message import golden

WRITTEN = Message(
    key="alert:17:desk",
    kind="alert",
    subject="Harbour police to share plate scans — The Harbour Gazette",
    text="Harbour police to share plate scans\n\n.a line that begins with a dot\n",
    html="<p>Harbour police to share plate scans</p>",
    data={},
    created_at=datetime(2026, 3, 4, 9, 12, tzinfo=UTC),
    thread="story-17",
)


def sender_for(sink: MailSink, **changes: object) -> MailSender:
    plain = MailSender(
        host="127.0.0.1", port=sink.port, security="none", sender="Tipsheet <alerts@example.org>", timeout=5
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as running:
        yield running


# ---- what arrives ----------------------------------------------------------------------------------------------------


def test_a_letter_arrives_and_the_server_s_word_is_the_receipt(sink: MailSink) -> None:
    receipt = sender_for(sink).send(WRITTEN, "reporter@example.net")
    assert receipt == "250 2.0.0 queued as 4D2A"
    (letter,) = sink.letters
    assert (letter.sender, letter.recipients) == ("alerts@example.org", ("reporter@example.net",))
    assert letter.subject == WRITTEN.subject
    body = letter.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == WRITTEN.text


def test_every_header_that_keeps_a_machine_from_answering_or_filing_wrongly(sink: MailSink) -> None:
    sender_for(sink).send(WRITTEN, "reporter@example.net")
    message = sink.letters[0].message
    assert message["From"] == "Tipsheet <alerts@example.org>"
    assert message["To"] == "reporter@example.net"
    assert parsedate_to_datetime(message["Date"]) == WRITTEN.created_at
    assert message["Message-ID"].endswith("@example.org>")
    assert message["List-Id"] == "Tipsheet alerts <alerts.tipsheet.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["References"] == message["In-Reply-To"]
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_full_of_dots_arrives_as_it_was_written(sink: MailSink) -> None:
    dotted = replace(WRITTEN, text="..\n.\n.hidden\n\n.\r\nQUIT\n.", html=".\n..")
    sender_for(sink).send(dotted, "reporter@example.net")
    written = compose_letter(dotted, sender="Tipsheet <alerts@example.org>", recipient="reporter@example.net")
    assert sink.letters[0].content == written


def test_each_attempt_is_the_same_bytes(sink: MailSink) -> None:
    for _ in range(2):
        sender_for(sink).send(WRITTEN, "reporter@example.net")
    first, second = sink.letters
    assert first.content == second.content


def test_the_letters_are_those_that_somebody_has_looked_at() -> None:
    for message in (WRITTEN, replace(WRITTEN, key="digest:desk", kind="digest", thread="")):
        letter = compose_letter(message, sender="Tipsheet <alerts@example.org>", recipient="reporter@example.net")
        golden(f"{message.kind}.eml", letter)


def test_messages_of_one_story_share_a_thread_and_keep_their_own_ids() -> None:
    alert = _parsed(WRITTEN)
    update = _parsed(replace(WRITTEN, key="update:17:desk", kind="update"))
    other = _parsed(replace(WRITTEN, key="alert:18:desk", thread="story-18"))
    assert alert["References"] == update["References"] != other["References"]
    assert len({message["Message-ID"] for message in (alert, update, other)}) == 3
    assert _parsed(replace(WRITTEN, kind="digest", thread=""))["References"] is None


def test_one_bad_recipient_neither_blocks_nor_repeats_the_others(sink: MailSink) -> None:
    sink.refuse["gone@example.net"] = "550 5.1.1 no such user"
    sender = sender_for(sink)
    sender.send(WRITTEN, "first@example.net")
    with pytest.raises(DeliveryError):
        sender.send(WRITTEN, "gone@example.net")
    sender.send(WRITTEN, "last@example.net")
    assert [letter.recipients for letter in sink.letters] == [("first@example.net",), ("last@example.net",)]


# ---- what an answer means --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "retry", "of_one"),
    [
        ("450 4.2.1 mailbox busy", True, True),
        ("451 4.7.1 greylisted", True, True),
        ("421 4.3.2 closing", True, False),
        ("550 5.1.1 no such user", False, True),
        ("554 5.7.1 rejected", False, True),
        ("530 5.7.0 authentication required", True, False),  # our settings are wrong; all wait until they are mended
    ],
)
def test_a_refused_recipient(sink: MailSink, refusal: str, retry: bool, of_one: bool) -> None:
    sink.refuse["reporter@example.net"] = refusal
    error = _failure(sender_for(sink))
    assert (error.retry, error.reached, error.of_one) == (retry, False, of_one)
    assert refusal in str(error)


@pytest.mark.parametrize(("answer", "retry"), [("452 4.3.1 disk full", True), ("552 5.3.4 too big", False)])
def test_a_refused_letter_was_not_delivered(sink: MailSink, answer: str, retry: bool) -> None:
    sink.answer = answer
    error = _failure(sender_for(sink))
    assert (error.retry, error.reached, sink.letters) == (retry, False, [])


def test_a_greylisting_server_has_it_on_the_second_try(sink: MailSink) -> None:
    sink.greylist["reporter@example.net"] = 1
    assert _failure(sender_for(sink)).retry
    sender_for(sink).send(WRITTEN, "reporter@example.net")
    assert len(sink.letters) == 1


def test_a_line_lost_after_the_letter_leaves_a_doubt(sink: MailSink) -> None:
    sink.drop_at = "DATA"
    error = _failure(sender_for(sink))
    assert (error.retry, error.reached) == (True, True)
    assert len(sink.letters) == 1  # it had arrived: exactly why the attempt counts as uncertain


def test_a_server_that_never_answers_the_letter_leaves_a_doubt(sink: MailSink) -> None:
    sink.hang_at = "DATA"
    error = _failure(sender_for(sink, timeout=0.2))
    assert (error.retry, error.reached) == (True, True)


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize("trouble", ["hang_at", "drop_at"])
def test_a_line_lost_before_the_letter_leaves_none(sink: MailSink, step: str, trouble: str) -> None:
    setattr(sink, trouble, step)
    error = _failure(sender_for(sink, timeout=0.2))
    assert (error.retry, error.reached) == (True, False)


@pytest.mark.parametrize(
    ("beginning", "reached"),
    [
        ([b"220 hello\r\n", b"250-"], False),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250-"], True),
    ],
    ids=["before the letter", "after it"],
)
def test_a_server_that_talks_for_ever_is_cut_off(beginning: list[bytes], reached: bool) -> None:
    with _scripted(beginning, for_ever=b"more\r\n250-") as port:
        sender = MailSender(host="127.0.0.1", port=port, security="none", sender="a@example.org", longest=0.3)
        error = _failure(sender)
    assert (error.retry, error.reached) == (True, reached)


def test_a_secured_line_is_cut_off_as_well() -> None:
    with MailSink(security="starttls") as sink:
        sink.hang_at = "RCPT"
        error = _failure(sender_for(sink, host="localhost", security="starttls", tls=client_tls(), longest=0.3))
        assert (error.retry, error.reached) == (True, False)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = _failure(MailSender(host="127.0.0.1", port=port, security="none", sender="a@example.org", timeout=2))
    assert (error.retry, error.reached) == (True, False)
    assert "refused" in str(error)


@pytest.mark.parametrize("host", ["mail..example", "no-such-host.invalid"])
def test_a_host_name_that_leads_nowhere(host: str) -> None:
    error = _failure(MailSender(host=host, port=25, security="none", sender="a@example.org", timeout=2))
    assert (error.retry, error.reached) == (True, False)
    assert host in str(error)


@pytest.mark.parametrize(
    ("script", "reached"),
    [
        ([b"554 5.3.2 no service here\r\n"], False),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"what?\r\n"], True),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 not 354\r\n"], False),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 " + b"x" * 9000], True),
    ],
    ids=["no service", "no reply code", "no go-ahead", "endless line"],
)
def test_a_server_that_speaks_something_else(script: list[bytes], reached: bool) -> None:
    with _scripted(script) as port:
        sender = MailSender(host="127.0.0.1", port=port, security="none", sender="a@example.org", timeout=2)
        error = _failure(sender)
    assert (error.retry, error.reached) == (True, reached)


def test_a_server_that_accepts_and_hangs_up_without_goodbye_has_accepted() -> None:
    script = [b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 2.0.0 queued\r\n"]
    with _scripted(script) as port:
        sender = MailSender(host="127.0.0.1", port=port, security="none", sender="a@example.org", timeout=2)
        assert sender.send(WRITTEN, "reporter@example.net") == "250 2.0.0 queued"


# ---- the secured line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_travels_encrypted(security: smtp.Security) -> None:
    with MailSink(security=security) as sink:
        sender_for(sink, host="localhost", security=security, tls=client_tls()).send(WRITTEN, "reporter@example.net")
        assert [letter.encrypted for letter in sink.letters] == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("host", "tls"),
    [("localhost", ssl.create_default_context), ("ip6-localhost.invalid", client_tls)],
    ids=["a stranger's certificate", "another's name"],
)
def test_a_certificate_that_does_not_fit_gets_nothing(
    security: smtp.Security, host: str, tls: type[ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda place, *rest, **more: connect(("127.0.0.1", place[1]), *rest, **more)
    )
    with MailSink(security=security) as sink:
        error = _failure(sender_for(sink, host=host, security=security, tls=tls()))
        assert (error.retry, error.reached, sink.letters) == (True, False, [])
        assert "certificate" in str(error)


def test_no_letter_goes_in_the_clear_where_starttls_was_asked_for(sink: MailSink) -> None:
    error = _failure(sender_for(sink, security="starttls", tls=client_tls()))
    assert (error.retry, sink.letters, sink.attempts) == (True, [], 0)
    assert "STARTTLS" in str(error)


def test_a_login_that_is_refused_waits_for_somebody_to_mend_it() -> None:
    with MailSink(security="starttls", login=("desk", "right")) as sink:
        sender = sender_for(sink, host="localhost", security="starttls", tls=client_tls(), username="desk")
        error = _failure(replace(sender, password="wrong"))
        assert (error.retry, sink.letters) == (True, [])
        assert "wrong" not in str(error)
        replace(sender, password="right").send(WRITTEN, "reporter@example.net")
        assert len(sink.letters) == 1


# ---- hostile words ---------------------------------------------------------------------------------------------------

SEPARATORS = ["\r\n", "\n", "\r", "\0", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\r\n\r\n", "\n\t"]


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_no_separator_starts_a_header_of_its_own(separator: str) -> None:
    hostile = f"Plate scans{separator}Bcc: everybody@example.com"
    letter = compose_letter(
        replace(WRITTEN, subject=hostile),
        sender=f'"Tip{separator}X-Evil: 1" <a@example.org>',
        recipient="b@example.net",
    )
    parsed = email.message_from_bytes(letter)
    assert len(parsed.get_all("Subject", [])) == 1
    assert parsed["Bcc"] is None
    assert parsed["X-Evil"] is None


@settings(max_examples=150, deadline=None)
@given(subject=st.text(), text=st.text(), name=st.text(max_size=30))
def test_any_words_make_a_letter_within_the_limits_of_mail(subject: str, text: str, name: str) -> None:
    message = replace(WRITTEN, subject=subject, text=text, html=text)
    letter = compose_letter(message, sender=f"{name.translate(_NO_SYNTAX)} <a@example.org>", recipient="b@example.net")
    assert letter.isascii()
    assert max(len(line) for line in letter.split(b"\r\n")) <= 998
    assert b"\n" not in letter.replace(b"\r\n", b"")
    read = email.message_from_bytes(letter, policy=email.policy.default)
    assert len(read.get_all("Subject", [])) == 1
    for part in read.iter_parts():
        assert _lines(part.get_content()) == _lines(text.replace("\x00", " "))


HEADLINES = st.text(alphabet="aeé漢👮 —“”'.,:()<>@=?_ñ\"", max_size=200) | st.text(max_size=200)


@settings(max_examples=150, deadline=None)
@given(subject=HEADLINES, name=st.text(alphabet="aé漢👮 —'.,ñ", max_size=60))
def test_a_headline_is_read_as_it_was_written(subject: str, name: str) -> None:
    sender = f'"{name}" <a@example.org>'
    letter = compose_letter(replace(WRITTEN, subject=subject), sender=sender, recipient="b@example.net")
    raw = email.message_from_bytes(letter)
    words = " ".join(clean(subject).split())
    assert str(make_header(decode_header(raw["Subject"].replace("\r\n", "")))) == (words or "(no subject)")
    named, address = parseaddr(raw["From"].replace("\r\n", ""))
    assert address == "a@example.org"
    assert str(make_header(decode_header(named))).split() == name.split()


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?q?a=0D=0ABcc:_x?=", "=?utf-8?b?////?=", "=?x?q?=41?=", "\udc80\ud800", "é" * 500, "x" * 5000, ""],
)
def test_a_subject_made_to_break_the_header_still_goes(subject: str) -> None:
    parsed = _parsed(replace(WRITTEN, subject=subject))
    assert parsed["Bcc"] is None
    assert parsed["Subject"]


@pytest.mark.parametrize(
    "address", ["", "desk", "a@b@c", "a b@example.org", "a@example.org\r\nRCPT TO:<x@y>", "é@x.org"]
)
def test_what_is_no_address_is_refused_before_a_server_is_asked(sink: MailSink, address: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        sender_for(sink).send(WRITTEN, address)
    assert (caught.value.retry, sink.attempts) == (False, 0)


def test_a_domain_in_its_own_script_is_written_for_the_wire(sink: MailSink) -> None:
    sender_for(sink).send(WRITTEN, "redaktion@bücher.example")
    assert sink.letters[0].recipients == ("redaktion@xn--bcher-kva.example",)


# ---- settings --------------------------------------------------------------------------------------------------------

GOOD: dict[str, str | int | bool] = {"host": "mail.example.org", "from": "Tipsheet <alerts@example.org>"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"port": 2525, "timeout": 30, "security": "tls", "username": "a", "password": "b"}, ""),
        ({"host": ""}, "host: missing"),
        ({"from": "nobody"}, "from: expected an address"),
        ({"security": "ssl"}, "security: expected starttls, tls or none"),
        ({"port": 70000}, "port: expected a number"),
        ({"port": True}, "port: expected a number"),
        ({"timeout": "soon"}, "timeout: expected seconds"),
        ({"username": "a"}, "expected both or neither"),
        ({"username": "a", "password": "pässword"}, "expected ASCII"),
        ({"security": "none", "username": "a", "password": "b"}, "in the clear"),
        ({"security": "none", "username": "a", "password": "b", "host": "localhost"}, ""),
        ({"hots": "x"}, "unknown setting “hots”"),
    ],
)
def test_settings_are_checked_in_words(change: dict[str, str | int | bool], fault: str) -> None:
    found = "; ".join(smtp.check({**GOOD, **change}))
    assert fault in found if fault else not found


def test_the_port_follows_from_the_security() -> None:
    ports = {kind: MailSender.from_settings({**GOOD, "security": kind}).port for kind in ("starttls", "tls", "none")}
    assert ports == {"starttls": 587, "tls": 465, "none": 25}


def test_the_password_is_not_shown() -> None:
    assert "hush" not in repr(MailSender.from_settings({**GOOD, "username": "a", "password": "hush"}))


# ---- tools -----------------------------------------------------------------------------------------------------------

_NO_SYNTAX = str.maketrans(dict.fromkeys('"<>(),:;@\\[].'))


def _lines(text: str) -> list[str]:
    return re.split("\r\n|\r|\n", text.rstrip("\r\n"))


def _parsed(message: Message) -> email.message.Message:
    return email.message_from_bytes(compose_letter(message, sender="a@example.org", recipient="b@example.net"))


def _failure(sender: MailSender) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        sender.send(WRITTEN, "reporter@example.net")
    return caught.value


@contextmanager
def _scripted(replies: list[bytes], *, for_ever: bytes = b"") -> Iterator[int]:
    """A server that says its lines, one after each thing it hears, then the last one for ever, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def play() -> None:
            line, _ = listener.accept()
            with line:
                for number, reply in enumerate(replies):
                    heard = b"" if number else b"-"
                    while not heard:
                        heard = line.recv(65536)
                    line.sendall(reply)
                with suppress(OSError):
                    while for_ever:
                        line.sendall(for_ever)
                        sleep(0.01)

        actor = Thread(target=play, daemon=True)
        actor.start()
        yield listener.getsockname()[1]
        actor.join(5)
