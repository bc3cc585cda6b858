"""How much of a message a channel may carry: everything, headlines, or that there is something.

What lives here: a message → the same message with less in it. What must not: what a service makes of it.

A phone shows messages to whoever holds it, and a provider keeps them. For somebody who is at risk for what they watch,
a headline is too much, and the name of a watch more so. The ledger keeps the whole message; only what leaves is less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alerts.languages.language import Language, language_of
from alerts.note import as_html, as_text, note_of
from alerts.pages import render
from monitor.model import Content, Message, MessageKind


def reduced(message: Message, content: Content) -> Message:
    """The message at a level of content; its key, kind and time stay. What says nothing of stories stays whole."""
    if content == "full" or message.kind in ("test", "confirmation"):
        return message
    return _headlines(message) if content == "title" else _count(message)


def _headlines(message: Message) -> Message:
    """Headlines, outlets and links: no watch, no sentence, no reason."""
    data: Mapping[str, Any] = message.data
    link = note_of(message).link
    less: dict[str, Any] = {"title": message.subject, "link": link}
    if "stories" in data:
        less["stories"] = [_headline(story) for story in data["stories"]]
    return _written(replace(message, link=link, data=less | _health(data)))


def _headline(story: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": story["title"], "lead": {key: story["lead"][key] for key in ("outlet", "link")}}


def _count(message: Message) -> Message:
    """How many stories, and nothing of any."""
    data: Mapping[str, Any] = message.data
    language = language_of(message.language)
    number = data.get("total", len(data["stories"])) if "stories" in data else 1
    less = {"count": number} | _health(data)
    # The thread goes too: a mail program that joins messages would say which of them are about one story.
    return _written(replace(message, subject=_counted(message.kind, number, language), link="", data=less, thread=""))


def _counted(kind: MessageKind, number: int, language: Language) -> str:
    match kind:
        case "update":
            return language.words("1 update of a story")
        case "reminder":
            return language.words("1 story waits to be acknowledged")
        case "notice":
            return language.words("A notice of Tipsheet's own")
        case _ if not number:
            return language.words("No new stories")
        case _:
            return language.counted("%(n)s new story", "%(n)s new stories", number)


def _health(data: Mapping[str, Any]) -> dict[str, Any]:
    """How many feeds answered, without their names: silence must still mean something."""
    return {"feeds": {key: data["feeds"][key] for key in ("total", "healthy")}} if "feeds" in data else {}


def _written(message: Message) -> Message:
    note, language = note_of(message), language_of(message.language)
    stop_text, stop_html = (render(name, {}, language, stop=message.stop) for name in ("stop.txt", "stop.html"))
    return replace(message, text=f"{as_text(note)}\n{stop_text}", html=as_html(note) + stop_html, picture="")
