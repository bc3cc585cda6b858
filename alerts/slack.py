"""Slack, by an incoming webhook. The words go as rich text, which has no markup; no link is followed for a preview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.chat import Question, Service
from alerts.note import Line, Note, fitted
from alerts.posting import Settings, address_faults

LENGTH = 4000  # characters of words that Slack advises not to exceed


def check(settings: Settings) -> Iterator[str]:
    url = str(settings["url"])
    faults = address_faults(url)
    yield from faults
    if not faults and not re.fullmatch(r"/services/\S+", urlsplit(url).path):
        yield "url: expected an incoming webhook's, https://hooks.slack.com/services/…"


def ask(settings: Settings, note: Note, _name: str) -> Question:
    note = fitted(note, lambda one: sum(len(line.text) for line in one.all_lines) <= LENGTH)
    body = {
        "text": _escaped(note.title),  # what a phone shows; the blocks take its place elsewhere
        "blocks": [
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(_elements(note))}]}
        ],
        "mrkdwn": False,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return Question(url=str(settings["url"]), body=body)


def _elements(note: Note) -> Iterator[dict[str, object]]:
    yield _element(Line(text=note.title, link=note.link)) | {"style": {"bold": True}}
    for line in note.all_lines:
        yield {"type": "text", "text": "\n"}
        yield _element(line)


def _element(line: Line) -> dict[str, object]:
    if line.link:
        return {"type": "link", "url": line.link, "text": line.text}
    return {"type": "text", "text": line.text}


def _escaped(text: str) -> str:
    """`<!channel>` and `<@U…>` ring everybody or somebody; escaped, they are words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def receipt(body: bytes) -> str:
    return "ok" if body.strip() == b"ok" else ""


def reason(body: bytes) -> str:
    """Slack answers with one word, such as `channel_is_archived`; a page of HTML is not Slack's."""
    word = body.decode("utf-8", "replace").strip()
    return word if re.fullmatch(r"[a-z_]{1,80}", word) else ""


SLACK = Service(name="Slack", check=check, ask=ask, receipt=receipt, reason=reason)
