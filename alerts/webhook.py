"""The webhook channel: one signed POST, as Standard Webhooks 1.0 lays down.

What lives here: the headers, the signature, and what each answer means. What must not: an HTTP client; the guarded one
is handed in, with its address policy, its limits and its time-outs.

The id names the alert and stays the same on every attempt, and so does the body. The timestamp is the attempt's:
receivers refuse one that is older than five minutes, and a retry must not look like a replay.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerts.posting import Post, Settings, address_faults, scheme_and_host, unanswered
from monitor.errors import DeliveryError, FetchError
from monitor.model import Message
from monitor.rhythm.cadence import parse_retry_after

_PREFIX = "whsec_"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSender:
    """Posts messages to one address, signed with one secret, or with two while the receiver changes over."""

    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    post: Post
    now: Callable[[], datetime] = _utc_now

    @classmethod
    def from_settings(cls, settings: Settings, post: Post) -> WebhookSender:
        """Settings that `check` has nothing to say about."""
        secrets = [str(settings[name]) for name in ("secret", "previous_secret") if settings.get(name)]
        return cls(url=str(settings["url"]), secrets=tuple(_secret_bytes(secret) for secret in secrets), post=post)

    def send(self, message: Message, address: str) -> str:
        """Post it, to `address` where the recipient has one of its own. Returns a receipt; raises DeliveryError."""
        url, body = address or self.url, body_of(message)
        headers = signed_headers(id_of(message), self.now(), body, self.secrets)
        host = scheme_and_host(url)[1] or url
        try:
            answer = self.post(url, headers=headers, body=body)
        except FetchError as error:
            if error.status is None:
                raise unanswered(host, error) from error
            return _receipt(host, error.status, error.retry_after)
        return _receipt(host, answer.status, parse_retry_after(answer.headers.get("retry-after", ""), now=self.now()))


def check(settings: Settings) -> tuple[str, ...]:
    """What is wrong with a channel's settings, in words."""
    faults = [f"unknown setting “{name}”" for name in settings if name not in {"url", "secret", "previous_secret"}]
    faults += address_faults(str(settings.get("url", "")))
    if not settings.get("secret"):
        faults.append("secret: missing; expected whsec_ and base64")
    given = [name for name in ("secret", "previous_secret") if settings.get(name)]
    weak = [name for name in given if not 24 <= len(_secret_bytes(str(settings[name]))) <= 64]
    return (*faults, *(f"{name}: expected whsec_ and the base64 of 24 to 64 bytes" for name in weak))


def id_of(message: Message) -> str:
    """The same on every attempt: what a receiver recognises a repetition by."""
    return f"msg_{hashlib.sha256(message.key.encode('utf-8', 'replace')).hexdigest()[:32]}"


def body_of(message: Message) -> bytes:
    """ASCII JSON with sorted keys, so that a message that has been stored and read again is the same bytes."""
    kind = f"story.{message.kind}" if message.kind in {"alert", "update", "reminder"} else message.kind
    stamp = message.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    payload = {"type": kind, "timestamp": stamp, "data": dict(message.data)}
    return json.dumps(payload, sort_keys=True, separators=(",", ":")).encode("ascii")


def signed_headers(name: str, moment: datetime, body: bytes, secrets: tuple[bytes, ...]) -> dict[str, str]:
    """The headers of one attempt, with one signature for each secret."""
    stamp = str(int(moment.timestamp()))
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(secret, name, stamp, body) for secret in secrets),
    }


def _signature(secret: bytes, name: str, stamp: str, body: bytes) -> str:
    digest = hmac.new(secret, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _secret_bytes(secret: str) -> bytes:
    """The key inside "whsec_…"; b"" where it is no base64."""
    encoded = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


# ---- what an answer means --------------------------------------------------------------------------------------------


def _receipt(host: str, status: int, retry_after: timedelta | None) -> str:
    """A receipt for 2xx; for anything else a DeliveryError that says whether another try makes sense."""
    if 200 <= status < 300:
        return f"{status} from {host}"
    if status == 410:
        raise DeliveryError(
            f"{host} answered 410: it wants no more of these; the channel should be removed", retry=False
        )
    if status == 413:
        raise DeliveryError(f"{host} answered 413: the message is too large for it, and will stay so", retry=False)
    # Everything else may pass: a receiver that is being deployed, a password that is being changed, a wrong address.
    redirect = ": a redirect is not followed; use the final address" if 300 <= status < 400 else ""
    raise DeliveryError(f"{host} answered {status}{redirect}", retry=True, retry_after=retry_after)
