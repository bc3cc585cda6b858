"""Discord, by a webhook. It knows Markdown only, so the words are escaped, and every mention is switched off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.chat import Question, Service, markdown, read_json
from alerts.note import Line, Note, fitted
from alerts.posting import Settings, address_faults

CONTENT = 2000  # characters of a message
EMBEDS = 6000  # of all that is embedded in it
DESCRIPTION = 4096  # of one embedded text
_SUPPRESS_PREVIEWS = "<{}>"  # an address in angle brackets is a link, and is not fetched for a picture


def check(settings: Settings) -> Iterator[str]:
    url = str(settings["url"])
    faults = address_faults(url)
    yield from faults
    if not faults and not re.fullmatch(r"/api(/v\d+)?/webhooks/\d+/[\w-]+", urlsplit(url).path):
        yield "url: expected a webhook's, https://discord.com/api/webhooks/…/…"


def ask(settings: Settings, note: Note, _name: str) -> Question:
    """Posted with `wait`, so that the answer is the message as it stands, and not a promise."""
    note = fitted(note, lambda one: len(_description(one)) <= min(DESCRIPTION, EMBEDS))
    title = f"**{_words(note.title)}**"
    body: dict[str, object] = {
        "content": f"{title}\n{_SUPPRESS_PREVIEWS.format(note.link)}" if note.link else title,
        "allowed_mentions": {"parse": []},
    }
    if len(str(body["content"])) > CONTENT:  # an address of two thousand characters
        body["content"] = title
    if note.all_lines:
        body["embeds"] = [{"description": _description(note)}]
    parts = urlsplit(str(settings["url"]))
    query = f"{parts.query}&wait=true".lstrip("&")  # what is there already may name a thread
    return Question(url=parts._replace(query=query, fragment="").geturl(), body=body)


def _description(note: Note) -> str:
    return "\n".join(_line(line) for line in note.all_lines)


def _line(line: Line) -> str:
    return f"[{_words(line.text)}](<{line.link}>)" if line.link else _words(line.text)


def _words(text: str) -> str:
    return markdown(text, also="<:")


def receipt(body: bytes) -> str:
    number = read_json(body).get("id")
    return f"message {number}" if isinstance(number, str) and number.isdigit() else ""


def reason(body: bytes) -> str:
    return str(read_json(body).get("message", ""))


DISCORD = Service(
    name="Discord",
    check=check,
    ask=ask,
    receipt=receipt,
    reason=reason,
    wait=lambda body: read_json(body).get("retry_after"),
)
