"""A message as a chat is told it: a headline with its link, and a few lines.

What lives here: a message → a note of plain strings, how much of it fits, and the two plainest ways to write it. What
must not: what a service takes for markup (that is the service's room), and sending.

Chats are read on phones. A note holds what decides whether one opens the link; the rest is in the mail and the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from alerts.cleaning import clean, safe_link
from alerts.credit import origin_sentence, spread_words
from alerts.languages.language import ENGLISH, Language, language_of
from monitor.model import Message

LINE_LENGTH = 500  # code points
LINES = 60  # of a digest; no service shows more

_IN_A_LINK = "%/:=&?~#+!$,;@-._"  # all that could end a link in somebody's markup is encoded: () <> [] | * ' " `


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line below the headline, and where it leads, if anywhere."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a chat is told. Every string is clean and on one line; no character of it is markup yet."""

    title: str
    link: str  # ASCII without any of ()<>[]|*'"` and space; or ""
    lines: tuple[Line, ...] = ()
    left_out: int = 0  # lines that did not fit
    language: Language = ENGLISH

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines, and one that says how many more there would be."""
        if not self.left_out:
            return self.lines
        return (*self.lines, Line(text=self.language.words("… and %(n)s more", n=self.language.number(self.left_out))))


def note_of(message: Message) -> Note:
    """A message as a note. Never raises, whatever a stranger's words are."""
    lines = tuple(line for line in _lines(message) if line.text)
    language = language_of(message.language)
    title = _one_line(message.subject) or language.words("(untitled)")
    note = Note(title=title, link=plain_link(_link(message)), lines=lines[:LINES], language=language)
    return replace(note, left_out=len(lines) - len(note.lines) + _unlisted(message.data))


def fitted(note: Note, fits: Callable[[Note], bool]) -> Note:
    """The note with as many of its lines as fit, and the number of those that do not."""
    while note.lines and not fits(note):
        note = replace(note, lines=note.lines[:-1], left_out=note.left_out + 1)
    return note


def as_text(note: Note) -> str:
    """The note as plain text, each link on a line of its own."""
    parts = [note.title, note.link]
    for line in note.all_lines:
        parts += ["", line.text, line.link] if line.link else ["", line.text]
    return "\n".join(part for number, part in enumerate(parts) if part or number > 1)


def as_html(note: Note) -> str:
    """The note as a piece of HTML: paragraphs and links, nothing else."""
    title = f"<p><strong>{_anchor(note.title, note.link)}</strong></p>"
    return title + "".join(f"<p>{_anchor(line.text, line.link)}</p>" for line in note.all_lines)


def _anchor(text: str, link: str) -> str:
    return f'<a href="{escape(link)}" rel="noopener noreferrer">{escape(text)}</a>' if link else escape(text)


# ---- its lines -------------------------------------------------------------------------------------------------------


def _lines(message: Message) -> Iterator[Line]:
    data: Mapping[str, Any] = message.data
    language = language_of(message.language)
    if message.kind == "test":
        yield from (Line(text=_one_line(paragraph)) for paragraph in message.text.split("\n\n"))
    elif "lead" in data:
        yield from _story_lines(data, language)
    else:  # many stories, or a notice, or what was reduced to less
        yield from _listed_lines(data, language)


def _unlisted(data: Mapping[str, Any]) -> int:
    """Stories that a message counts and does not name."""
    return max(0, data["total"] - len(data["stories"])) if "total" in data and "stories" in data else 0


def _link(message: Message) -> str:
    """Where a message leads; one that says nothing of it tells its lead."""
    lead = message.data.get("lead")
    return message.link or (str(lead["link"]) if isinstance(lead, Mapping) else "")


def _story_lines(story: Mapping[str, Any], language: Language) -> Iterator[Line]:
    if story["sentence"]:
        yield Line(text=f"“{_one_line(story['sentence'])}”")
    yield Line(text=_one_line(origin_sentence(story["origin"], story["origin_note"], language)))
    yield Line(text=_spread(story, language))
    yield Line(text=_one_line(language.words("Watch: %(watch)s · %(why)s", watch=story["watch"], why=story["why"])))


def _listed_lines(data: Mapping[str, Any], language: Language) -> Iterator[Line]:
    if feeds := data.get("feeds"):
        yield Line(text=_health(feeds, language))
    yield Line(text=_one_line(data.get("sentence", "")))
    for notice in data.get("notices", ()):
        yield Line(text=_one_line(notice))
    for story in data.get("stories", ()):
        outlet = story["lead"]["outlet"]
        title = story["title"] or language.words("(untitled)")
        text = f"{title} — {outlet}" if outlet else title
        yield Line(text=_one_line(text), link=plain_link(story["lead"]["link"]))


def _health(feeds: Mapping[str, Any], language: Language) -> str:
    healthy = language.number(feeds["healthy"])
    return language.counted(
        "%(healthy)s of %(n)s feed healthy.", "%(healthy)s of %(n)s feeds healthy.", feeds["total"], healthy=healthy
    )


def _spread(story: Mapping[str, Any], language: Language) -> str:
    others = [member for member in story["members"] if member["relation"] != "update"]
    if "outlets" not in story:  # written by an older version, which named all members
        story = {"outlets": len({_outlet(member) for member in others} - {_outlet(story["lead"])})}
    return spread_words(story["outlets"], same=bool(others), language=language)


def _outlet(member: Mapping[str, Any]) -> str:
    return str(member["domain"] or member["outlet"])


def _one_line(text: str) -> str:
    text = " ".join(clean(text).split())
    return text if len(text) <= LINE_LENGTH else f"{text[: LINE_LENGTH - 1].rstrip()}…"


def plain_link(link: str) -> str:
    """A link in ASCII that no markup can mistake, to the host that it shows; "" for what is no link to a page."""
    link, host = safe_link(link)
    if not link:
        return ""
    parts = urlsplit(link)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    target = link[len(parts.scheme) + 3 + len(parts.netloc) :]
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{port}{quote(target, safe=_IN_A_LINK)}"
