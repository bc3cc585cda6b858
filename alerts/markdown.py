"""A message as Markdown (CommonMark), for notebooks, wikis and repositories.

What lives here: what a message says, in the marks of Markdown. What must not: words of strangers that act as marks;
each character that could is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from alerts.clock import local_time
from alerts.credit import origin_sentence, spread_words
from alerts.history import blocks
from alerts.languages.language import Language, language_of
from alerts.note import note_of, plain_link
from monitor.model import Message, Recipient

# What acts anywhere, what makes an address a link or a name a mention, and what acts where a line begins.
_MARKS = re.compile(r"([\\`*_\[\]<>~@]|&(?=#?\w+;)|:(?=//)|(?<=\bwww)\.|^[#+=-])")
_LIST = re.compile(r"^(\d{1,9})([.)])")
Data = Mapping[str, Any]


def as_markdown(message: Message) -> str:
    """The whole of a digest; of any other message its headline, its link and its lines."""
    lines = _digest(message) if message.kind == "digest" and "day" in message.data else _note(message)
    return "\n".join(lines).rstrip() + "\n"


def _note(message: Message) -> Iterator[str]:
    note = note_of(message)
    yield f"# {_linked(note.title, note.link)}"
    for line in note.all_lines:
        yield ""
        yield _linked(line.text, line.link)


def _digest(message: Message) -> Iterator[str]:
    data: Data = message.data
    language = language_of(message.language)
    yield f"# {_plain(language.heading(date.fromisoformat(data['day'])))}"
    yield ""
    yield _plain(message.subject)
    yield from _month(data.get("month"), language)
    for watch, stories in groupby(sorted(data["stories"], key=lambda one: str(one["watch"])), lambda one: one["watch"]):
        yield from ("", f"## {_plain(watch)}")
        for story in stories:
            yield from _story(story, str(data.get("zone", "UTC")), language)
    yield from _others(data, language)
    yield from _foot(data, language)


def _month(month: Data | None, language: Language) -> Iterator[str]:
    if not month:
        return
    rows: Mapping[str, list[int]] = month["stories"]
    most = max((count for counts in rows.values() for count in counts), default=0)
    yield from ("", "```text")
    for watch, counts in rows.items():
        total = language.counted("%(n)s story", "%(n)s stories", sum(counts))
        yield f"{blocks(tuple(counts), most)}  {watch.replace('`', ' ')}: {total}"
    yield "```"


def _story(story: Data, zone: str, language: Language) -> Iterator[str]:
    lead = story["lead"]
    reader = Recipient(name="", channel="", address="", zone=zone, language=language.code)
    at = local_time(datetime.fromisoformat(lead["published"] or lead["first_seen"]), reader)
    yield from ("", f"### {_linked(story['title'] or language.words('(untitled)'), lead['link'])}")
    yield from ("", _plain(f"{lead['outlet']} · {at}"))
    if story["sentence"]:
        yield from ("", f"> {_plain(story['sentence'])}")
    yield from ("", f"**{_plain(origin_sentence(story['origin'], story['origin_note'], language))}**")
    spread = spread_words(story["outlets"], same=bool(story["members"]), language=language)
    why = language.words("Why it matched: %(why)s.", why=story["why"])
    yield from ("", _plain(f"{spread}. {why}" if spread else why))
    if story["members"]:
        yield ""
    for member in story["members"]:
        yield _line(member, language)


def _line(member: Data, language: Language) -> str:
    title = member["title"] or language.words("(untitled)")
    return f"- {_linked(title, member['link'])} ({_plain(member['outlet'])})"


def _others(data: Data, language: Language) -> Iterator[str]:
    """What was edited, and what came near."""
    if data["changed"]:
        yield from ("", f"## {language.words('Edited since they were told')}", "")
    for story in data["changed"]:
        yield _line(story["lead"], language)
    if data["near"]:
        yield from ("", f"## {language.words('Came near, and left out')}", "")
    for miss in data["near"]:
        yield f"- {_linked(miss['title'], miss['link'])} ({_plain(miss['outlet'])}): {_plain(miss['why'])}"


def _foot(data: Data, language: Language) -> Iterator[str]:
    feeds = data["feeds"]
    healthy = language.counted(
        "%(healthy)s of %(n)s feed healthy.", "%(healthy)s of %(n)s feeds healthy.", feeds["total"],
        healthy=language.number(feeds["healthy"]),
    )  # fmt: skip
    yield from ("", "---", "", _plain(healthy))
    for notice in data["notices"]:
        yield from ("", f"**{_plain(notice)}**")
    ailing = (*feeds["failing"], *feeds["silent"])
    if ailing:
        yield ""
    for name, reason in ailing:
        yield f"- {_plain(name)}: {_plain(reason)}"


def _linked(text: str, link: str) -> str:
    link = plain_link(link)
    return f"[{_plain(text)}](<{link}>)" if link else _plain(text)


def _plain(text: str) -> str:
    """Words on one line, of which none is a mark."""
    return _LIST.sub(r"\1\\\2", _MARKS.sub(r"\\\1", " ".join(str(text).split())))
