"""ntfy: push messages to phones, by a topic on ntfy.sh or on a server of one's own. Plain text; a tap opens the link.

Published as JSON, not as headers: a headline in any script is then just a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.chat import Question, Service, read_json
from alerts.note import Note, fitted
from alerts.posting import Settings, address_faults, token_faults

SIZE = 4000  # bytes of a message; over 4,096 the server makes a file of it


def check(settings: Settings) -> Iterator[str]:
    yield from address_faults(str(settings["server"]), "server")
    yield from token_faults(str(settings["token"]))
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", str(settings["topic"])):
        yield "topic: expected 1 to 64 letters, digits, - and _"


def ask(settings: Settings, note: Note, _name: str) -> Question:
    note = fitted(note, lambda one: len(_text(one).encode()) <= SIZE)
    body: dict[str, object] = {"topic": settings["topic"], "priority": settings["priority"]}
    # A message of no text is shown as "triggered", so a headline alone is the message.
    body |= {"title": note.title, "message": _text(note)} if note.all_lines else {"message": note.title}
    if note.link:
        body["click"] = note.link
    return Question(url=f"{str(settings['server']).rstrip('/')}/", body=body, token=str(settings["token"]))


def _text(note: Note) -> str:
    """No links: a tap opens one only, and an address is what a lock screen has no room for."""
    return "\n".join(line.text for line in note.all_lines)


def receipt(body: bytes) -> str:
    answer = read_json(body)
    return f"message {answer['id']}" if answer.get("event") == "message" and answer.get("id") else ""


def reason(body: bytes) -> str:
    return str(read_json(body).get("error", ""))


NTFY = Service(name="ntfy", check=check, ask=ask, receipt=receipt, reason=reason)
