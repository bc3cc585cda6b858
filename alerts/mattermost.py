"""Mattermost, by an incoming webhook. It knows Markdown only, so the words are escaped; no `@` is left in one piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.chat import Question, Service, markdown, read_json
from alerts.note import Line, Note, fitted
from alerts.posting import Settings, address_faults

LENGTH = 16_383  # characters of a post


def check(settings: Settings) -> Iterator[str]:
    url = str(settings["url"])
    faults = address_faults(url)
    yield from faults
    if not faults and not re.search(r"/hooks/\w+/?$", urlsplit(url).path):
        yield "url: expected an incoming webhook's, https://your server/hooks/…"


def ask(settings: Settings, note: Note, _name: str) -> Question:
    note = fitted(note, lambda one: len(_text(one)) <= LENGTH)
    return Question(url=str(settings["url"]), body={"text": _text(note)})


def _text(note: Note) -> str:
    return "\n\n".join([f"**{_line(Line(text=note.title, link=note.link))}**", *map(_line, note.all_lines)])


def _line(line: Line) -> str:
    link = line.link.replace("@", "%40")  # it looks for names to ring in all of the text
    return f"[{markdown(line.text)}]({link})" if link else markdown(line.text)


def receipt(body: bytes) -> str:
    return "ok" if body.strip() == b"ok" else ""


def reason(body: bytes) -> str:
    return str(read_json(body).get("message", ""))


MATTERMOST = Service(name="Mattermost", check=check, ask=ask, receipt=receipt, reason=reason)
