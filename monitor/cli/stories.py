"""`tipsheet stories …`: what was found, how it changed, and what was kept quiet and why.

What must not live here: deciding any of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

import click
from rich.text import Text
from tzlocal import get_localzone_name

from alerts.credit import is_within, origin_note
from monitor.cli.commands import Commands
from monitor.cli.options import database_option, json_option, open_database
from monitor.cli.paint import err, in_colour, json_line, json_lines, local, out, plain, table
from monitor.clock import utc_now
from monitor.model import Correction, Difference, EditNote, Recipient, StoryReport
from monitor.story.outlets import shipped
from monitor.story.report import tell
from monitor.story.versions import around_changes, differences, edit_kind
from storage import corrections as correction_rows
from storage import decisions, errands
from storage import stories as story_rows
from storage import versions as version_rows
from storage.stories import MemberRow

_hours = click.option(
    "--hours", type=click.IntRange(min=1), default=72, show_default=True, help="How far to look back."
)
_STYLES = {"kept": "", "gone": "red strike", "added": "green"}
_MARKS = {"kept": "{}", "gone": "[-{}-]", "added": "{{+{}+}}"}  # where there is no colour


_CORRECTIONS = {name: f"corrections.{name}" for name in ("split", "merge", "move", "undo")}


@click.group(commands=Commands(_CORRECTIONS), invoke_without_command=True)
@database_option
@json_option
@_hours
@click.option("--all", "everything", is_flag=True, help="Also stories that no watch matched.")
@click.option("--quiet", is_flag=True, help="Instead: what matched and was not alerted, and why.")
@click.pass_context
def stories(
    context: click.Context, database_url: str | None, as_json: bool, hours: int, everything: bool, quiet: bool
) -> None:
    """The stories that were found, latest first."""
    if context.invoked_subcommand is None:
        _list(database_url, hours, as_json=as_json, everything=everything, quiet=quiet)


def _list(database_url: str | None, hours: int, *, as_json: bool, everything: bool, quiet: bool) -> None:
    since = utc_now() - timedelta(hours=hours)
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows: Sequence[Any] = (
            decisions.quiet(connection, since=since)
            if quiet
            else story_rows.listing(connection, since=since, matched_only=not everything)
        )
    if as_json:
        json_lines(rows)
    elif quiet:
        table(
            "Kept quiet",
            ("title", "outlet", "watch", "to", "decided", "because"),
            [(row.title, row.outlet, row.watch, row.recipient, row.action, row.reason) for row in rows],
            empty="Nothing was kept quiet.",
        )
    else:
        table(
            "Stories",
            ("story", "began", "title", "outlet", "outlets", "entries", "level"),
            [(row.id, local(row.began_at), row.title, row.outlet, row.outlets, row.entries, row.level) for row in rows],
            empty=f"No story in the last {hours} hours.",
        )


# ---- one story -------------------------------------------------------------------------------------------------------


@stories.command("show")
@database_option
@json_option
@click.argument("story", type=int)
def stories_show(database_url: str | None, as_json: bool, story: int) -> None:
    """One story: who broke it, who tells it, how it was edited."""
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        kept = story_rows.kept(connection, story)
        members = story_rows.members_of(connection, kept) if kept else ()
        tellings = story_rows.tellings(connection, kept) if kept else ()
        fetched = errands.of_entries(connection, [member.entry for member in members])
        corrected = correction_rows.listing(connection, ids={member.entry for member in members})
    if not kept or not members:
        err.print(f"there is no story {story}; `tipsheet stories` lists them")
        sys.exit(1)
    watch = next((match.watch for telling in tellings for match in telling.matches), "")
    report = tell(kept, watch, tellings, shipped())
    if as_json:
        tellers = [_fields(member) | {"fetched": fetched.get(member.entry, ())} for member in members]
        facts = {"story": kept, "watch": watch, "why": report.why}
        origin = {
            "origin": report.origin, "origin_note": report.origin_note, "votes": report.votes,
            "document_source": report.document_source,
        }  # fmt: skip
        json_line(facts | origin | {"members": tellers, "corrections": corrected})
        return
    if kept != story:
        out.print(f"Story {story} was merged into story {kept}.\n")
    _show(report, members, fetched)
    for correction in corrected:
        out.print()
        out.print(plain(_of_correction(correction)))


def _of_correction(correction: Correction) -> str:
    entries = ", ".join(map(str, correction.entries))
    said = (
        f"{local(correction.at)}  correction {correction.id}: {correction.kind} by {correction.by}, entries {entries}"
    )
    said += f" ({correction.why})" if correction.why else ""
    return f"{said}; undone by {correction.undone_by}" if correction.undone_at else said


def _show(
    report: StoryReport, members: Sequence[MemberRow], fetched: Mapping[int, tuple[errands.ErrandRow, ...]]
) -> None:
    out.print(Text(plain(report.lead.title), style="bold"))
    broke = ", ".join(report.origin)
    note = origin_note(report, _reader())
    out.print(plain(f"{'First reported by ' + broke if broke else 'Nobody is credited'}; {note}"))
    if is_within(report):
        out.print("± minutes: so long before, the feed was read without it; the report may be older by as much.")
    if report.watch:
        out.print(plain(f"Matched by “{report.watch}”: {report.why}"))
    edits = {one.entry_id: one.edit for one in (report.lead, *report.members)}
    shown = Text()
    for member in members:
        for line in _lines_of(member, edits.get(member.entry), fetched.get(member.entry, ())):
            shown.append(line).append("\n")
    out.print(shown, end="")  # at once: a call of `print` costs more than what it prints


def _reader() -> Recipient:
    """Whoever reads the terminal, in their own zone."""
    return Recipient(name="you", channel="", address="", zone=get_localzone_name() or "UTC")


def _fields(member: MemberRow) -> dict[str, object]:
    """As `asdict` has them, which copies each value."""
    return {field.name: getattr(member, field.name) for field in fields(member)}


def _lines_of(member: MemberRow, edit: EditNote | None, fetched: Sequence[errands.ErrandRow]) -> Iterator[str | Text]:
    """A blank line, and all that is said of a member."""
    yield ""
    yield plain(f"{local(member.first_seen)}  entry {member.entry}  {member.outlet}  {_place_of(member)}")
    yield plain(f"  {member.title}")
    if edit and edit.title:
        yield Text("  headline changed ").append_text(_changed(edit.title))
    if member.link:
        yield plain(f"  {member.link}")
    for errand in fetched:
        if said := _of_errand(errand):
            yield plain(f"  {said}")


_PASSES = {"merge": " (its story was merged into this one)", "person": " (by a person)"}


def _place_of(member: MemberRow) -> str:
    return f"{member.relation}: {member.why}{_PASSES.get(member.placed_by, '')}"


def _of_errand(errand: errands.ErrandRow) -> str:
    """What came of an entry's page or its snapshot, where a reader would ask."""
    if errand.kind == "snapshot" and errand.state == "done":
        return f"snapshot {errand.result}"
    what = "its page" if errand.kind == "page" else "a snapshot"
    return f"{what}: {errand.reason}" if errand.reason else ""


# ---- how stories changed ---------------------------------------------------------------------------------------------


@stories.command("changes")
@database_option
@json_option
@_hours
@click.option("--all", "everything", is_flag=True, help="Also entries that no watch matched.")
def stories_changes(database_url: str | None, as_json: bool, hours: int, everything: bool) -> None:
    """What outlets edited after publication, word by word."""
    since = utc_now() - timedelta(hours=hours)
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows = tuple(version_rows.edits(connection, since=since, matched_only=not everything))
    for row in rows:
        kind = edit_kind(row.before, row.after)
        if as_json:
            json_line({"entry": row.entry, "story": row.story, "outlet": row.outlet, "link": row.link,
                       "at": row.after.seen, "kind": kind, "before": row.before, "after": row.after})  # fmt: skip
            continue
        out.print(Text(plain(f"{local(row.after.seen)}  {row.outlet}  {kind}"), style="bold"))
        for name, line in _changed_fields(row):
            out.print(Text(f"  {name}: ").append_text(line))
        if row.link:
            out.print(plain(f"  {row.link}"))
        out.print()
    if not rows and not as_json:
        out.print(f"Nothing was edited in the last {hours} hours.")


def _changed_fields(row: version_rows.EditRow) -> Iterator[tuple[str, Text]]:
    for name in ("title", "summary", "text"):
        old, new = getattr(row.before, name), getattr(row.after, name)
        if old != new:
            yield name, _changed(around_changes(differences(old, new)))


def _changed(found: Sequence[Difference] | Iterator[Difference]) -> Text:
    line = Text()
    for piece in found:
        shown = plain(piece.text)
        if in_colour():
            line.append(shown, style=_STYLES[piece.kind])
        else:
            line.append(_MARKS[piece.kind].format(shown))
    return line
