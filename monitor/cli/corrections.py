"""`tipsheet stories split|merge|move|undo`: a person's word on which entries tell one story.

What must not live here: deciding what follows from it (`pipeline.correct`).
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.cli.options import database_option, json_option, open_database, typist
from monitor.cli.paint import json_line, out, plain
from monitor.clock import utc_now
from monitor.pipeline.correct import Correct, Corrected

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _by_option(command: _Command) -> _Command:
    return click.option("--by", default=None, help="Who says so; your user name unless told.")(command)


def _why_option(command: _Command) -> _Command:
    return click.option("--why", default="", help="A sentence for whoever wonders later.")(command)


@click.command("split")
@database_option
@json_option
@_by_option
@_why_option
@click.argument("story", type=int)
@click.argument("entries", type=int, nargs=-1, required=True)
def split(
    database_url: str | None, as_json: bool, by: str | None, why: str, story: int, entries: tuple[int, ...]
) -> None:
    """Entries that do not belong to a story become one of their own."""
    _correct(database_url, by, why, as_json, lambda correct: correct.split(story, entries))


@click.command("merge")
@database_option
@json_option
@_by_option
@_why_option
@click.argument("one", metavar="STORY", type=int)
@click.argument("other", metavar="STORY", type=int)
def merge(database_url: str | None, as_json: bool, by: str | None, why: str, one: int, other: int) -> None:
    """Two stories are one, under the number of the older."""
    _correct(database_url, by, why, as_json, lambda correct: correct.merge(one, other))


@click.command("move")
@database_option
@json_option
@_by_option
@_why_option
@click.argument("entries", type=int, nargs=-1, required=True)
@click.argument("story", type=int)
def move(
    database_url: str | None, as_json: bool, by: str | None, why: str, entries: tuple[int, ...], story: int
) -> None:
    """Entries belong to another story."""
    _correct(database_url, by, why, as_json, lambda correct: correct.move(entries, story))


@click.command("undo")
@database_option
@json_option
@_by_option
@click.argument("correction", type=int, required=False)
def undo(database_url: str | None, as_json: bool, by: str | None, correction: int | None) -> None:
    """Take a correction back; the last one unless told. `stories show` numbers them."""
    _correct(database_url, by, "", as_json, lambda correct: correct.undo(correction))


def _correct(
    database_url: str | None, by: str | None, why: str, as_json: bool, said: Callable[[Correct], Corrected]
) -> None:
    with open_database(database_url, to_read=True) as database:
        person = by or getpass.getuser()
        corrected = said(Correct(database=database, by=person, why=why, now=utc_now(), logged_as=typist()))
    if as_json:
        json_line({"correction": corrected.correction, "stories": corrected.stories,
                   "examined_again": corrected.examined_again})  # fmt: skip
        return
    for story, entries in corrected.stories.items():
        out.print(plain(f"Story {story} {_has(entries)}."))
    if corrected.examined_again:
        out.print(f"To be examined again: {corrected.examined_again}. Whoever has not heard of a story is told once.")
    out.print(
        f"This is correction {corrected.correction}; `tipsheet stories undo {corrected.correction}` takes it back."
    )


def _has(entries: tuple[int, ...]) -> str:
    if not entries:
        return "keeps its other entries"
    return f"now has {'entry' if len(entries) == 1 else 'entries'} {', '.join(map(str, entries))}"
