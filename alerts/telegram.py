"""Telegram, by a bot. No parse mode: what is bold and where a link leads is said beside the text, not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.chat import Question, Service, read_json
from alerts.note import Line, Note, fitted
from alerts.posting import Settings, address_faults

LENGTH = 4096  # of a text, in UTF-16 units, as all of Telegram's offsets are


def check(settings: Settings) -> Iterator[str]:
    yield from address_faults(str(settings["server"]), "server")
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]{30,}", str(settings["token"])):
        yield "token: expected a bot's, digits, a colon and at least 30 characters, as @BotFather gives it"
    if not re.fullmatch(r"-?\d+|@\w{4,}", str(settings["chat"])):
        yield "chat: expected a chat's number, such as -1001234567890, or a public channel's @name"


def ask(settings: Settings, note: Note, _name: str) -> Question:
    note = fitted(note, lambda one: _units(_text(one)) <= LENGTH)
    body = {
        "chat_id": settings["chat"],
        "text": _text(note),
        "entities": list(_entities(note)),
        "link_preview_options": {"is_disabled": True},
    }
    return Question(url=f"{str(settings['server']).rstrip('/')}/bot{settings['token']}/sendMessage", body=body)


def _pieces(note: Note) -> list[Line]:
    return [Line(text=note.title, link=note.link), *note.all_lines]


def _text(note: Note) -> str:
    return "\n\n".join(piece.text for piece in _pieces(note))


def _entities(note: Note) -> Iterator[dict[str, object]]:
    at = 0
    for number, piece in enumerate(_pieces(note)):
        length = _units(piece.text)
        if number == 0:
            yield {"type": "bold", "offset": at, "length": length}
        if piece.link:
            yield {"type": "text_link", "offset": at, "length": length, "url": piece.link}
        at += length + 2  # the empty line between two pieces


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def receipt(body: bytes) -> str | None:
    answer = read_json(body)
    if answer.get("ok") is False:
        return None
    result = answer.get("result")
    return f"message {result.get('message_id')}" if answer.get("ok") is True and isinstance(result, dict) else ""


def reason(body: bytes) -> str:
    return str(read_json(body).get("description", ""))


def wait(body: bytes) -> object:
    parameters = read_json(body).get("parameters")
    return parameters.get("retry_after") if isinstance(parameters, dict) else None


TELEGRAM = Service(
    name="Telegram",
    check=check,
    ask=ask,
    receipt=receipt,
    reason=reason,
    wait=wait,
    mendable=lambda reason: "chat" in reason.lower(),  # "chat not found": its number is wrong, or the bot not in it
)
