"""A chat message over HTTPS: one question to a service, and what its answer means.

What lives here: the sender that all chats share, the shape of a `Service`, and words made harmless. What must not: what
sets one service apart; that is a value in a room of its own (`slack.SLACK`), made of a few small functions.

A stranger's words must not become markup. Where a service takes data, its room sends data: Slack's rich text, Teams'
text runs, Telegram's entities, Matrix's escaped HTML, plain text for ntfy. Discord and Mattermost read Markdown only,
and get it escaped. What services find in plain words of their own accord, a mention, a tag, an address, is broken by a
space of no width, so that nobody is rung and nothing is linked but the report.

What a service refuses because of the message itself (400, 413, 422) stays refused. All else may be mended at the other
end, a token or a room, so the alert waits.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from alerts.cleaning import clean
from alerts.note import Note, note_of
from alerts.posting import Method, Post, Posted, Settings, scheme_and_host, unanswered
from alerts.webhook import id_of
from monitor.errors import DeliveryError, FetchError
from monitor.model import Message
from monitor.rhythm.cadence import parse_retry_after

DEFAULT_REST = timedelta(seconds=30)  # after a 429 that does not say how long
LONGEST_REST = timedelta(days=1)
_OURS_TO_MEND = frozenset({400, 413, 422})
_REASON_LENGTH = 160
_GIVEAWAY = 8  # characters of a part of an address that may be somebody's key


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a service is asked, to post one note."""

    url: str
    body: object  # becomes JSON
    method: Method = "POST"
    token: str = field(default="", repr=False)  # goes out as a bearer's


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What sets one chat service apart. Each function is pure."""

    name: str  # as people call it
    check: Callable[[Settings], Iterable[str]]  # what is wrong with the settings, in words
    ask: Callable[[Settings, Note, str], Question]  # the last: an id that stays the same on every attempt
    receipt: Callable[[bytes], str | None]  # of a 2xx: the proof; "": it is not the service's answer; None: it says no
    reason: Callable[[bytes], str]  # why, in the service's own words; "" where there are none
    wait: Callable[[bytes], object] = lambda _: None  # seconds that the body asks for, beside Retry-After
    mendable: Callable[[str], bool] = lambda _: False  # whether a reason behind a 400 is no fault of the message
    idempotent: bool = False  # whether the same id asked twice is told once


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSender:
    """Posts messages to one place at one service."""

    service: Service
    settings: Settings = field(repr=False)
    post: Post
    now: Callable[[], datetime] = _utc_now

    def send(self, message: Message, address: str) -> str:
        """Post it. Returns the service's word for it; raises DeliveryError. Where it goes is the channel's own."""
        question = self.service.ask(self.settings, harmless(note_of(message)), id_of(message))
        headers = {"content-type": "application/json"}
        if question.token:
            headers["authorization"] = f"Bearer {question.token}"
        host = scheme_and_host(question.url)[1]
        try:
            answer = self.post(question.url, headers=headers, body=as_json(question.body), method=question.method)
        except FetchError as error:
            raise self._unanswered(host, error) from error
        return self._judged(host, answer)

    def _unanswered(self, host: str, error: FetchError) -> DeliveryError:
        """No answer. All of it may be mended, an address that our policy refuses as well; so the message waits."""
        failure = unanswered(host, error)
        reached = failure.reached and not self.service.idempotent  # asked again, it is told once
        return DeliveryError(str(failure), retry=True, reached=reached, retry_after=failure.retry_after)

    def _judged(self, host: str, answer: Posted) -> str:
        """A receipt, or a DeliveryError that says whether another try makes sense."""
        status, reason = answer.status, self._reason(answer.body)
        if 200 <= status < 300:
            proof = self.service.receipt(answer.body)
            if proof:
                return f"{status} from {host}: {hidden(proof, self.settings)}"
            if proof == "":
                strange = f"{host} answered {status}, and not as {self.service.name} does"
                raise DeliveryError(f"{strange}; it may have the message", retry=True, reached=True)
        said = f"{host} answered {status}" + (f": {reason}" if reason else "")
        if 300 <= status < 400:
            said += ": a redirect is not followed; use the final address"
        final = status in _OURS_TO_MEND and not self.service.mendable(reason)
        raise DeliveryError(said, retry=not final, retry_after=None if final else self._rest(answer))

    def _reason(self, body: bytes) -> str:
        reason = " ".join(clean(self.service.reason(body)).split())
        return hidden(reason, self.settings)[:_REASON_LENGTH]

    def _rest(self, answer: Posted) -> timedelta | None:
        """How long the service wants to be left alone, by its header or its body, whichever is longer."""
        header = parse_retry_after(answer.headers.get("retry-after", ""), now=self.now())
        asked = [wait for wait in (header, _seconds(self.service.wait(answer.body))) if wait]
        if asked:
            return min(max(asked), LONGEST_REST)
        return DEFAULT_REST if answer.status == 429 else None


def _seconds(value: object) -> timedelta | None:
    """A number of seconds that a stranger's JSON holds; None for anything else there."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return None
    return timedelta(seconds=min(value, LONGEST_REST.total_seconds()))


def as_json(value: object) -> bytes:
    """ASCII, so that nothing depends on what a service takes for text."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object; {} for anything else, however deep or broken."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def hidden(words: str, settings: Settings) -> str:
    """The words without any secret: a server may repeat in its answer what it was asked."""
    values = [str(value) for value in settings.values() if isinstance(value, str)]
    pieces = [piece for value in values for piece in (value, *_parts(value)) if len(piece) >= _GIVEAWAY]
    for piece in sorted(set(pieces), key=len, reverse=True):
        words = words.replace(piece, "…")
    return words


def _parts(value: str) -> list[str]:
    """The parts of an address that may be keys by themselves."""
    if "://" not in value:
        return value.split(":")
    parts = urlsplit(value)
    return [*parts.path.split("/"), parts.query, *(text for _, text in parse_qsl(parts.query))]


# ---- words made harmless ---------------------------------------------------------------------------------------------

_BREAK = "\N{ZERO WIDTH SPACE}"


def harmless(note: Note) -> Note:
    """The note in inert words. Its links stay: they say themselves where they lead."""
    lines = tuple(replace(line, text=inert(line.text)) for line in note.lines)
    return replace(note, title=inert(note.title), lines=lines)


def inert(text: str) -> str:
    """Text in which no service finds a mention, a command, a tag or an address of its own accord."""
    return re.sub(r"(?<!\w)[/#$~](?=\w)|@|:(?=//)", lambda found: found[0] + _BREAK, text)


def markdown(text: str, also: str = "") -> str:
    """Text that reads in Markdown as it stands; `also` are further characters that a service takes for markup."""
    return re.sub(rf"[\\`*_{{}}\[\]()#+\-.!>|~{re.escape(also)}]", lambda found: f"\\{found[0]}", text)
