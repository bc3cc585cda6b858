"""Signed webhooks, checked by the verifier that receivers use, over a real connection where that tells more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from alerts import channel, webhook
from alerts.webhook import WebhookSender, body_of, id_of, signed_headers
from monitor.errors import DeliveryError, FetchError
from monitor.model import Channel, Message
from monitor.net.fetch import Client, FetchSettings

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

WRITTEN = Message(
    key="alert:17:desk",
    kind="alert",
    subject="",
    text="",
    html="",
    data={"title": "Policía del puerto \ud83d\udea2", "story": 17, "marks": [[0, 4]]},
    created_at=datetime(2026, 3, 4, 9, 12, tzinfo=UTC),
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Receiver:
    """Stands where the guarded client stands: keeps what is posted and answers as told."""

    answer: Answer | FetchError = field(default_factory=lambda: Answer(200))
    posts: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes, method: str = "POST") -> Answer:
        self.posts.append((url, headers, body))
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


def sender_for(receiver: Receiver, **settings: str) -> WebhookSender:
    return WebhookSender.from_settings({"url": "https://hooks.example.org/desk", "secret": NEW, **settings}, receiver)


# ---- what is posted --------------------------------------------------------------------------------------------------


def test_the_signature_of_the_published_example() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        (webhook._secret_bytes(OLD),),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    name=st.from_regex(r"msg_[a-zA-Z0-9]{1,40}", fullmatch=True),
    stamp=st.integers(0, 4_000_000_000),
    body=st.text(),
    secret=st.binary(min_size=24, max_size=64),
)
def test_every_signature_is_the_one_that_receivers_compute(name: str, stamp: int, body: str, secret: bytes) -> None:
    moment = datetime.fromtimestamp(stamp, UTC)
    headers = signed_headers(name, moment, body.encode(), (secret,))
    assert headers["webhook-signature"] == Webhook(secret).sign(name, moment, body)


def test_a_receiver_s_own_verifier_accepts_it() -> None:
    receiver = Receiver()
    assert sender_for(receiver).send(WRITTEN, "") == "200 from hooks.example.org"
    ((url, headers, body),) = receiver.posts
    assert url == "https://hooks.example.org/desk"
    payload = Webhook(NEW).verify(body, dict(headers))
    assert payload == {"type": "story.alert", "timestamp": "2026-03-04T09:12:00Z", "data": json.loads(body)["data"]}
    assert payload["data"]["story"] == 17


@pytest.mark.parametrize("tampered", ["body", "id", "secret"])
def test_anything_changed_on_the_way_is_noticed(tampered: str) -> None:
    receiver = Receiver()
    sender_for(receiver).send(WRITTEN, "")
    ((_, headers, body),) = receiver.posts
    changed = {**headers, "webhook-id": "msg_other"} if tampered == "id" else dict(headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD if tampered == "secret" else NEW).verify(body + b" " if tampered == "body" else body, changed)


def test_while_a_secret_changes_over_both_verify() -> None:
    receiver = Receiver()
    sender_for(receiver, previous_secret=OLD).send(WRITTEN, "")
    ((_, headers, body),) = receiver.posts
    for secret in (OLD, NEW):
        Webhook(secret).verify(body, dict(headers))


def test_a_later_attempt_has_the_same_id_and_body_and_a_time_of_its_own() -> None:
    receiver, start = Receiver(), datetime(2026, 3, 4, 9, 13, tzinfo=UTC)
    for hour in range(2):
        replace(sender_for(receiver), now=lambda hour=hour: start + timedelta(hours=hour)).send(WRITTEN, "")  # type: ignore[misc]
    (_, first, body), (_, second, again) = receiver.posts
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 3600
    assert first["webhook-signature"] != second["webhook-signature"]


def test_a_message_that_was_stored_and_read_again_is_the_same_bytes() -> None:
    stored = replace(WRITTEN, data=json.loads(json.dumps(dict(sorted(WRITTEN.data.items(), reverse=True)))))
    assert body_of(stored) == body_of(WRITTEN)
    assert body_of(WRITTEN).isascii()


def test_ids_differ_between_alerts() -> None:
    assert id_of(WRITTEN) != id_of(replace(WRITTEN, key="alert:18:desk"))


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("alert", "story.alert"), ("update", "story.update"), ("digest", "digest"), ("test", "test")],
)
def test_the_type_says_what_kind_of_message_it_is(kind: str, type_: str) -> None:
    assert json.loads(body_of(replace(WRITTEN, kind=kind)))["type"] == type_  # type: ignore[arg-type]


def test_a_recipient_s_own_address_comes_before_the_channel_s() -> None:
    receiver = Receiver()
    sender_for(receiver).send(WRITTEN, "https://other.example.org/in")
    assert receiver.posts[0][0] == "https://other.example.org/in"


# ---- what an answer means --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_receipt(status: int) -> None:
    assert sender_for(Receiver(Answer(status))).send(WRITTEN, "").startswith(str(status))


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (301, True),
        (307, True),
        (400, True),
        (401, True),
        (404, True),
        (410, False),
        (413, False),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_every_other_status_says_whether_to_try_again(status: int, retry: bool) -> None:
    error = _failure(Receiver(Answer(status)))
    assert (error.retry, error.reached) == (retry, False)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("Wed, 04 Mar 2026 09:14:00 GMT", timedelta(minutes=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_passed_on(header: str, wait: timedelta | None) -> None:
    receiver = Receiver(Answer(429, {"retry-after": header} if header else {}))
    sender = replace(sender_for(receiver), now=lambda: datetime(2026, 3, 4, 9, 13, tzinfo=UTC))
    with pytest.raises(DeliveryError) as caught:
        sender.send(WRITTEN, "")
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("kind", "retry", "reached"),
    [
        ("dns", True, False),
        ("connect", True, False),
        ("tls", True, False),
        ("refused-address", False, False),
        ("timeout", True, True),
        ("protocol", True, True),
        ("too-large", True, True),
    ],
)
def test_no_answer_says_whether_the_receiver_may_have_it(kind: str, retry: bool, reached: bool) -> None:
    error = _failure(Receiver(FetchError(kind, "no answer")))
    assert (error.retry, error.reached) == (retry, reached)


def test_an_error_that_carries_a_status_is_judged_by_it() -> None:
    assert not _failure(Receiver(FetchError("gone", "gone", status=410))).retry
    throttled = FetchError("throttled", "slow down", status=429, retry_after=timedelta(seconds=9))
    assert _failure(Receiver(throttled)).retry_after == timedelta(seconds=9)


# ---- over a real connection ------------------------------------------------------------------------------------------


def test_a_real_receiver_verifies_what_the_guarded_client_sends() -> None:
    with _listening(204) as (address, heard), _client(address) as client:
        receipt = channel.open_sender(_channel(address), post=client.post).send(WRITTEN, "")
    assert receipt == "204 from 127.0.0.1"
    ((headers, body),) = heard
    assert Webhook(NEW).verify(body, headers)["data"]["story"] == 17


def test_a_real_redirect_is_not_followed() -> None:
    with _listening(302) as (address, heard), _client(address) as client:
        sender = channel.open_sender(_channel(address), post=client.post)
        with pytest.raises(DeliveryError, match="not followed"):
            sender.send(WRITTEN, "")
    assert len(heard) == 1


def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    with _listening(200) as (address, heard), Client(FetchSettings(user_agent="Tipsheet/test")) as client:
        sender = channel.open_sender(_channel(address), post=client.post)
        with pytest.raises(DeliveryError) as caught:
            sender.send(WRITTEN, "")
    assert (caught.value.retry, caught.value.reached, heard) == (False, False, [])


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"url": "https://hooks.example.org/", "secret": NEW}, ""),
        ({"url": "https://hooks.example.org/", "secret": NEW, "previous_secret": OLD}, ""),
        ({"url": "http://127.0.0.1:8080/", "secret": NEW}, ""),
        ({"url": "http://10.0.0.5:5678/", "secret": NEW}, ""),
        ({"url": "http://automation.lan/", "secret": NEW}, ""),
        ({"url": "http://automation/", "secret": NEW}, ""),
        ({"url": "http://203.0.113.7.example.org/", "secret": NEW}, "url: expected https"),
        ({"url": "http://8.8.8.8/", "secret": NEW}, "url: expected https"),
        ({"secret": NEW}, "url: expected an https address"),
        ({"url": "ftp://hooks.example.org/", "secret": NEW}, "url: expected an https address"),
        ({"url": "http://hooks.example.org/", "secret": NEW}, "url: expected https"),
        ({"url": "https://[hooks/", "secret": NEW}, "url: expected an https address"),
        ({"url": "https://hooks.example.org/"}, "secret: missing"),
        ({"url": "https://hooks.example.org/", "secret": "whsec_c2hvcnQ="}, "24 to 64 bytes"),
        ({"url": "https://hooks.example.org/", "secret": "not base64!"}, "24 to 64 bytes"),
        ({"url": "https://hooks.example.org/", "secret": NEW, "previous_secret": "x"}, "previous_secret: expected"),
        ({"url": "https://hooks.example.org/", "secret": NEW, "tokn": "x"}, "unknown setting “tokn”"),
    ],
)
def test_settings_are_checked_in_words(settings: dict[str, str | int | bool], fault: str) -> None:
    found = "; ".join(webhook.check(settings))
    assert fault in found if fault else not found
    assert NEW not in found


def test_a_channel_with_bad_settings_keeps_its_alerts_waiting() -> None:
    broken = Channel(name="desk hook", kind="webhook", settings={"url": "", "secret": NEW})
    assert channel.check(broken)
    with pytest.raises(DeliveryError, match="desk hook") as caught:
        channel.open_sender(broken, post=Receiver())
    assert caught.value.retry
    assert NEW not in str(caught.value)


def test_every_kind_of_channel_opens() -> None:
    mail = Channel(name="mail", kind="email", settings={"host": "mail.example.org", "from": "a@example.org"})
    hook = Channel(name="hook", kind="webhook", settings={"url": "https://hooks.example.org/", "secret": NEW})
    assert all(channel.open_sender(each, post=Receiver()) for each in (mail, hook))
    assert NEW not in repr(channel.open_sender(hook, post=Receiver()))


# ---- tools -----------------------------------------------------------------------------------------------------------


def _failure(receiver: Receiver) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        sender_for(receiver).send(WRITTEN, "")
    return caught.value


def _channel(address: str) -> Channel:
    return Channel(name="hook", kind="webhook", settings={"url": address, "secret": NEW})


def _client(address: str) -> Client:
    port = int(address.rpartition(":")[2].strip("/"))
    return Client(FetchSettings(user_agent="Tipsheet/test", allow_networks=("127.0.0.0/8",), allow_ports=(port,)))


@contextmanager
def _listening(status: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A web server that keeps what is posted to it and answers with one status."""
    heard: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((dict(self.headers.items()), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Keep the tests' output to the tests."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", heard
        finally:
            server.shutdown()
            thread.join()
