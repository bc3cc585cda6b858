"""Microsoft Teams, by a workflow's webhook: an Adaptive Card. Its text runs have no markup, and it mentions nobody.

A workflow answers 202 before it has posted anything. What it drops afterwards, nobody here can know.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerts.chat import Question, Service, as_json, read_json
from alerts.note import Line, Note, fitted
from alerts.posting import Settings, address_faults, scheme_and_host

SIZE = 27_000  # bytes; a card of over 28 kB is dropped


def check(settings: Settings) -> Iterator[str]:
    url = str(settings["url"])
    yield from address_faults(url)
    if scheme_and_host(url)[1].endswith(("webhook.office.com", "outlook.office.com")):
        yield "url: expected a workflow's; Microsoft has switched the old Office connectors off"


def ask(settings: Settings, note: Note, _name: str) -> Question:
    note = fitted(note, lambda one: len(as_json(_body(one))) <= SIZE)
    return Question(url=str(settings["url"]), body=_body(note))


def _body(note: Note) -> dict[str, object]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            _block(Line(text=note.title, link=note.link), {"weight": "bolder", "size": "medium"}),
            *(_block(line, {}) for line in note.all_lines),
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "summary": note.title, "attachments": [attachment]}


def _block(line: Line, style: dict[str, str]) -> dict[str, object]:
    run: dict[str, object] = {"type": "TextRun", "text": line.text, **style}
    if line.link:
        run["selectAction"] = {"type": "Action.OpenUrl", "url": line.link}
    return {"type": "RichTextBlock", "inlines": [run]}


def receipt(body: bytes) -> str | None:
    """Nothing, or an object. A connector of old says 200 and puts its refusal into words."""
    if b"delivery failed" in body:
        return None
    return "accepted" if body.strip() in {b"", b"1"} or read_json(body) else ""


def reason(body: bytes) -> str:
    fault = read_json(body).get("error")
    if isinstance(fault, dict):
        return str(fault.get("message", ""))
    return body.decode("utf-8", "replace") if b"delivery failed" in body else ""


TEAMS = Service(name="Teams", check=check, ask=ask, receipt=receipt, reason=reason)
