"""Matrix, as a user of its own in an unencrypted room. A message has a transaction's id: asked twice, told once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from alerts.chat import Question, Service, as_json, read_json
from alerts.note import Note, as_html, as_text, fitted
from alerts.posting import Settings, address_faults, token_faults

SIZE = 40_000  # bytes; an event has 65,536 at most, and servers add to it


def check(settings: Settings) -> Iterator[str]:
    yield from address_faults(str(settings["server"]), "server")
    yield from token_faults(str(settings["token"]))
    if not re.fullmatch(r"![^\s/]{1,250}", str(settings["room"])):
        yield "room: expected the room's internal id, such as !abc:example.org, not its #name"


def ask(settings: Settings, note: Note, name: str) -> Question:
    note = fitted(note, lambda one: len(as_json(_content(one))) <= SIZE)
    room = quote(str(settings["room"]), safe="")
    server = str(settings["server"]).rstrip("/")
    return Question(
        url=f"{server}/_matrix/client/v3/rooms/{room}/send/m.room.message/{name}",
        body=_content(note),
        method="PUT",
        token=str(settings["token"]),
    )


def _content(note: Note) -> dict[str, object]:
    return {
        "msgtype": "m.text",
        "body": as_text(note),
        "format": "org.matrix.custom.html",
        "formatted_body": as_html(note),
        "m.mentions": {},  # nobody, whatever the words say
    }


def receipt(body: bytes) -> str:
    event = read_json(body).get("event_id")
    return event if isinstance(event, str) and event.startswith("$") else ""


def reason(body: bytes) -> str:
    answer = read_json(body)
    return " ".join(str(answer[key]) for key in ("errcode", "error") if answer.get(key))


def wait(body: bytes) -> object:
    asked = read_json(body).get("retry_after_ms")
    return asked / 1000 if isinstance(asked, int | float) else None


MATRIX = Service(name="Matrix", check=check, ask=ask, receipt=receipt, reason=reason, wait=wait, idempotent=True)
