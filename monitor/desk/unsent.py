"""What somebody typed into a form that was not taken: it stands again, to be sent once more, or left.

What lives here: a request → its fields, and the page on which they stand. What must not: why it was not taken.

A browser leaves the page of a form when it sends it. Whatever is answered then (another was faster, the session is
over, a word too many), what was typed must not go with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from fastapi import Request, Response
from pydantic import TypeAdapter, ValidationError

from monitor.desk.door import entrance
from monitor.desk.views import render
from monitor.desk.visit import Visit, visit_of
from monitor.errors import ConflictError

# What a person types, as it is asked for on the page; the other fields are carried along unseen.
_ASKED: Mapping[str, str] = {
    "text": "What you wrote", "reason": "Why?", "why": "Why?", "assignee": "Whose is it?", "name": "Name",
    "query": "What it asks for", "url": "Address of the feed", "address": "Address", "outlet": "Outlet",
    "tags": "Tags", "label": "What it is called", "must_match": "Must match", "must_not_match": "Must not match",
}  # fmt: skip
_LONG = {"text", "query", "must_match", "must_not_match"}
_SECRET = {"password", "old", "new", "again", "code", "secret", "code_password", "key_password"}
_BUTTONS: Mapping[str, str] = {
    "starred": "Star it", "kept": "Keep it", "refused": "Not relevant", "open": "Take the verdict back",
}  # fmt: skip


class Field(NamedTuple):
    """A field as it stands again."""

    name: str
    value: str
    label: str  # "": it is carried along
    long: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A form that was sent and not taken, but for its token."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> Iterator[Field]:
        return (Field(name, value, _ASKED.get(name, ""), name in _LONG) for name, value in self.fields)

    @property
    def has_words(self) -> bool:
        """Whether a person typed something, which is more than to press a button."""
        return any(field.label and field.value.strip() for field in self.shown)

    @property
    def says_something(self) -> bool:
        """Whether it is more than a button: what logs somebody out is not kept for when they come in again."""
        return any(name != "next" for name, _ in self.fields)

    @property
    def back(self) -> str:
        """The page on which the form stood, as far as can be told."""
        return entrance.local_path(dict(self.fields).get("next", ""), self.path.rpartition("/")[0] or "/")

    @property
    def wanted(self) -> str:
        """What its button said, where the fields tell."""
        return _BUTTONS.get(dict(self.fields).get("kind", ""), "Say mine")

    def to_json(self) -> str:
        """As a field of another form carries it."""
        return _WRITTEN.dump_json(self).decode()


_WRITTEN = TypeAdapter(Unsent)


def from_json(text: str) -> Unsent | None:
    """What `to_json` wrote, if it leads to a path of the desk; None for anything else."""
    try:
        found = _WRITTEN.validate_json(text)
    except ValidationError:
        return None
    return found if entrance.local_path(found.path, "") else None


async def unsent(request: Request) -> Unsent | None:
    """The form with which a browser asks. None: it is none, holds a secret or a file, or is of no page of ours."""
    visit, path = visit_of(request), entrance.local_path(request.url.path, "")
    if request.method != "POST" or not path or not visit.wants_page or visit.by_key or not visit.comes_from_here:
        return None
    form = await visit.request.form()
    fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "csrf")
    if not _SECRET.isdisjoint(form) or any(not isinstance(value, str) for value in form.values()):
        return None
    return Unsent(path=path, fields=fields)


def ask_again(visit: Visit, typed: Unsent, *, status: int, heading: str, sentence: str) -> Response:
    """The page with the form, for whoever may send it at all."""
    return render(
        visit, "again.html", status=status, heading=heading, sentence=sentence, typed=typed,
        button=_BUTTONS.get(dict(typed.fields).get("kind", ""), "Send it"),
    )  # fmt: skip


def ask_who_is_right(visit: Visit, typed: Unsent, error: ConflictError, *, status: int) -> Response:
    """The same where another person spoke meanwhile: sent again, it stands after theirs, which is kept."""
    fields = *(field for field in typed.fields if field[0] != "version"), ("version", str(error.version))
    return render(
        visit, "again.html", status=status, heading=f"{error.by} was faster", sentence="", theirs=error,
        typed=replace(typed, fields=fields), button=f"{typed.wanted} all the same",
    )  # fmt: skip
