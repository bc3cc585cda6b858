"""Watches as code: `tipsheet explain` and `tipsheet backtest`. What must not live here: what they find out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import click
from rich.text import Text

from monitor.cli.options import config_option, database_option, find_config, json_option, load_config, open_database
from monitor.cli.paint import json_line, json_lines, many, out, plain, progress
from monitor.cli.stage import chosen_watches, read_document
from monitor.clock import utc_now
from monitor.errors import StorageError, TipsheetError
from monitor.model import Document, Feed, Span, Watch
from monitor.pipeline import archive
from monitor.settings.config import Config
from monitor.watches.backtest import Archived, Backtest, Line, backtest, differences, too_busy
from monitor.watches.explain import Clue, Explanation, Part, Weighing, explain
from monitor.watches.matching import CompiledWatch, compile_watch
from monitor.watches.tree import TermSet
from monitor.words.text import mask, reading, sentences
from storage import entries
from storage.database import Database

_ROOM = 90  # code points of a sentence around a term


@click.command(name="explain")
@click.argument("watch", required=False)
@click.argument("story", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), default="-")
@config_option
@database_option
@json_option
@click.option("--query", help="Explain this query in place of a watch of the file.")
@click.option(
    "--entry", type=int, help="Explain this entry of the database; `tipsheet stories show STORY --json` numbers them."
)
def explain_command(
    watch: str | None, story: Path, config_path: Path | None, database_url: str | None, as_json: bool,
    query: str | None, entry: int | None,
) -> None:  # fmt: skip
    """Why WATCH takes a story or leaves it.

    What held, what did not, and where. The STORY is a file or standard input: its title on the first line and its text
    below, or a JSON object as for `stage match`. With --query, or where the file has one watch, the one argument may be
    the STORY.
    """
    if watch is not None and str(story) == "-" and (query is not None or Path(watch).is_file()):
        story, watch = Path(watch), None
    compiled = the_watch(config_path, watch, query)
    document = _stored(config_path, database_url, entry) if entry is not None else _given(story)
    found = explain(compiled, document)
    if as_json:
        json_line(found)
    else:
        _show(found, document)


def the_watch(config_path: Path | None, name: str | None, query: str | None, said_as: str = "WATCH") -> CompiledWatch:
    """The one watch that is meant: of the file, or a query that is in no file yet, with the sets of the file."""
    if query is not None:
        return compile_watch(Watch(name="(query)", query=query), None, _sets(config_path))
    found = chosen_watches(config_path, (name,) if name else (), said_as=said_as)
    if len(found) != 1:
        names = ", ".join(item.watch.name for item in found)
        raise click.UsageError(f"Say which watch: {names}; or give a --query.")
    return found[0]


def _sets(config_path: Path | None) -> Mapping[str, TermSet]:
    config = the_config(config_path)
    return config.sets if config else {}


def the_config(config_path: Path | None) -> Config | None:
    """The file that is meant; None where none is named and none is there, for a query needs none."""
    if config_path is None and not find_config(None).exists():
        return None
    return load_config(config_path, with_secrets=False)


# ---- the story -------------------------------------------------------------------------------------------------------


def _given(path: Path) -> Document:
    """A text whose first line is its title, or a JSON object."""
    raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"The story is not UTF-8: {error}") from None
    if text.lstrip().startswith("{"):
        return _from_json(text)
    title, _, rest = text.strip().partition("\n")
    if not title:
        raise click.UsageError("The story is empty; expected its title on the first line, and its text below.")
    return Document(id="story", title=title, text=rest.strip())


def _from_json(text: str) -> Document:
    try:
        value = json.loads(text)
        return read_document({"id": "story"} | value)
    except (ValueError, TypeError, TipsheetError) as error:
        raise click.UsageError(f"The story begins like JSON and is none that `stage match` takes: {error}") from None


def _stored(config_path: Path | None, database_url: str | None, entry: int) -> Document:
    config = the_config(config_path)
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        found = entries.documents(connection, [entry], wanted=config.feeds if config else {})
    if entry not in found:
        raise StorageError(f"there is no entry {entry} in the database")
    return found[entry][0]


# ---- backtest --------------------------------------------------------------------------------------------------------


@click.command(name="backtest")
@click.argument("watch", required=False)
@config_option
@database_option
@json_option
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far to look back.")
@click.option("--query", help="Try this query in place of a watch of the file.")
@click.option("--against", metavar="WATCH", help="Show only what this watch of the file would tell otherwise.")
@click.option(
    "--archive",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Try it on files of `tipsheet archive export`.",
)
def backtest_command(
    watch: str | None, config_path: Path | None, database_url: str | None, as_json: bool, days: int,
    query: str | None, against: str | None, folder: Path | None,
) -> None:  # fmt: skip
    """What WATCH would have told of late.

    It is tried on the entries of the database; nothing is sent, nothing is written.
    """
    chosen = [
        the_watch(config_path, watch, query),
        *([the_watch(config_path, against, None, "--against")] if against else []),
    ]
    if len({one.watch.name for one in chosen}) < len(chosen):
        raise click.UsageError("Expected another watch after --against: this one is compared with itself.")
    config = the_config(config_path)
    if folder is not None:
        found = _tried_on_files(chosen, folder, timedelta(days=days))
    else:
        with open_database(database_url, to_read=True) as database:
            found = _tried(chosen, database, config.feeds if config else {}, timedelta(days=days))
    if as_json:
        json_lines(_as_json(one) for one in found)
    elif against:
        _show_differences(*found)
    else:
        _show_backtest(found[0])


def _tried(
    chosen: Sequence[CompiledWatch], database: Database, feeds: Mapping[str, Feed], days: timedelta
) -> tuple[Backtest, ...]:
    """Read-only; with a bar where somebody watches."""
    until = utc_now()
    since = until - days
    with database.read() as connection:
        total = entries.count_archive(connection, since=since)
        rows = entries.archive(connection, feeds, since=since, until=until)
        archive = (Archived(entry=entry, placement=placement) for entry, placement in rows)
        return backtest(chosen, progress(archive, "Reading the archive", total), since=since, until=until)


def _tried_on_files(chosen: Sequence[CompiledWatch], folder: Path, days: timedelta) -> tuple[Backtest, ...]:
    until = utc_now()
    since = until - days
    rows = archive.read(folder, since=since, until=until)
    archived = (Archived(entry=entry, placement=placement) for entry, placement in rows)
    return backtest(chosen, archived, since=since, until=until)


def _as_json(found: Backtest) -> dict[str, object]:
    busiest = found.busiest
    return {
        "watch": found.watch,
        "since": found.since,
        "until": found.until,
        "entries": found.entries,
        "alerts": found.count("alert"),
        "digest": found.count("digest"),
        "folded": found.folded,
        "busiest": None if busiest is None else {"day": busiest[0].isoformat(), "alerts": busiest[1]},
        "too_busy": too_busy(found),
        "lines": found.lines,
    }


def _show_backtest(found: Backtest) -> None:
    out.print(f"{plain(found.watch)} on {found.entries:,} entries since {found.since:%Y-%m-%d} (days are UTC)")
    alerts, digest = found.count("alert"), found.count("digest")
    out.print(f"would have sent {many(alerts, 'alert')} and {many(digest, 'digest line')}{_folded(found)}")
    if found.busiest:
        day, count = found.busiest
        out.print(f"busiest day: {day} with {many(count, 'alert')}")
    if too_much := too_busy(found):
        out.print(Text(f"too busy: {too_much}", style="bold red"))
    for day, lines in found.days().items():
        counted = sum(line.level == "alert" for line in lines)
        told = f"{many(counted, 'alert')}, {many(len(lines) - counted, 'digest line')}"
        out.print(Text.assemble("\n", (day.isoformat(), "bold"), f"  {told}"))
        for line in lines:
            _show_line(line)


def _folded(found: Backtest) -> str:
    if not found.folded:
        return ""
    most = max(found.lines, key=lambda line: line.folded)
    return f"; {many(found.folded, 'further report')} folded under them, {most.folded:,} of one story"


def _show_line(line: Line, sign: str = "") -> None:
    level, style = ("alert ", "green") if line.level == "alert" else ("digest", "yellow")
    more = f"  (+ {many(line.folded, 'report')})" if line.folded else ""
    at = f"{line.at:%H:%M}" if not sign else f"{line.at:%Y-%m-%d %H:%M}"
    out.print(
        Text.assemble(f"  {sign}{at}  ", (level, style), f"  {plain(line.outlet)}: ", (plain(line.title), "bold"), more)
    )
    out.print(Text(f"         {' ' * len(sign)}{plain(line.why)}", style="dim"))


def _show_differences(found: Backtest, other: Backtest) -> None:
    gained, lost = differences(found, other)
    both = len(found.lines) - len(gained)
    out.print(f"{plain(found.watch)} against {plain(other.watch)} on {found.entries:,} entries")
    out.print(f"{many(len(gained), 'line')} more, {many(len(lost), 'line')} fewer, {both:,} alike")
    for sign, lines in (("+ ", gained), ("- ", lost)):
        for line in lines:
            _show_line(line, sign)


# ---- an explanation, printed -----------------------------------------------------------------------------------------


def _show(found: Explanation, document: Document) -> None:
    verdict = f"{found.match.level}, score {found.match.score:.2f}" if found.match else "no match"
    style = {"alert": "bold green", "digest": "bold yellow"}.get(found.match.level if found.match else "", "bold red")
    out.print(
        Text.assemble(("✓ " if found.match else "✗ ", style), (plain(found.watch), "bold"), (f": {verdict}", style))
    )
    if found.match:
        out.print(f"  {plain(found.match.why)}")
    if found.outside:
        out.print(f"  out of scope: {plain(found.outside)}")
    out.print()
    if found.tree:
        _show_part(found.tree, document, depth=0)
    if found.weighing:
        _show_weighing(found.weighing, document)


def _show_part(part: Part, document: Document, depth: int) -> None:
    indent = "  " * depth
    sign, style = ("✓", "green") if part.holds else ("✗", "red")
    note = f"  ({part.note})" if part.note else ""
    out.print(Text.assemble(indent, (sign, style), " ", (plain(part.written), "bold"), plain(note)))
    for line in _quotes(part.spans, document):
        out.print(Text.assemble(indent, "    ", line))
    for inner in part.parts:
        _show_part(inner, document, depth + 1)


def _show_weighing(weighing: Weighing, document: Document) -> None:
    for half in dict.fromkeys(half for clue in weighing.clues for half in clue.full_weights):
        filled = next((one for one in weighing.halves if one.name == half), None)
        by_feed = "  (its feed is about it)" if filled and filled.by_feed else ""
        out.print(Text.assemble((plain(half), "bold"), f" {filled.filled:.2f}" if filled else "", by_feed))
        for clue in sorted(weighing.clues, key=lambda one: one.weights.get(half, -1.0), reverse=True):
            if half in clue.full_weights:
                _show_clue(clue, half, document)
    if weighing.distance is not None:
        taken = f"keeps {weighing.kept:.2f} of the score" if weighing.kept < 1 else "nothing is taken off"
        out.print(f"the halves stand {weighing.distance} apart: {taken}")
    if weighing.halves:
        product = " × ".join(f"{half.filled:.2f}" for half in weighing.halves)
        factor = f" × {weighing.kept:.2f}" if weighing.kept < 1 else ""
        out.print(f"score {product}{factor} = {weighing.score:.2f}")
    out.print(Text(plain(weighing.verdict), style="bold"))


def _show_clue(clue: Clue, half: str, document: Document) -> None:
    full, counted = clue.full_weights[half], clue.weights[half]
    doubts = "".join(f", × {doubt.keeps:.2f}: {doubt.reason}" for doubt in clue.doubts)
    support = ", only adds" if clue.support else ""
    why = f", counts for nothing: {clue.dismissed}" if clue.dismissed else f"{support}{doubts}"
    sign, style = ("✗", "red") if clue.dismissed else ("✓", "green" if counted == full else "yellow")
    weight = f"{counted:.2f}" if counted == full else f"{counted:.2f} of {full:.2f}"
    label = clue.cue if clue.cue == clue.label else f"{clue.cue} ({clue.label})"
    out.print(Text.assemble("  ", (sign, style), " ", (plain(label), "bold"), f" {weight}", plain(why)))
    for line in _quotes(clue.spans[:3], document):
        out.print(Text.assemble("      ", line))


def _quotes(spans: Iterable[Span], document: Document) -> Iterator[Text]:
    """Each sentence that holds a term once, with its terms marked."""
    by_sentence: dict[tuple[str, int, int], list[Span]] = {}
    for span in spans:
        given = getattr(document, span.field)
        start, end = _sentence(given, span)
        by_sentence.setdefault((span.field, start, end), []).append(span)
    for (field, start, end), marked in by_sentence.items():
        masked = mask(getattr(document, field))
        line = Text(f"{field}: ", style="dim")
        start += len(masked[start:end]) - len(masked[start:end].lstrip())
        at = max(start, marked[0].start - _ROOM)
        line.append("…" if at > start else "", style="")
        for span in marked:
            line.append(_shown(masked[at : max(at, span.start)]), style="not dim")
            line.append(_shown(masked[max(at, span.start) : span.end]), style="bold cyan not dim")
            at = max(at, span.end)  # terms may overlap
        rest = min(end, at + _ROOM)
        line.append(_shown(masked[at:rest]) + ("…" if rest < end else ""), style="not dim")
        yield line


def _sentence(given: str, span: Span) -> tuple[int, int]:
    return next(
        ((start, end) for start, end in sentences(given) if start <= span.start and span.end <= end), (0, len(given))
    )


def _shown(masked: str) -> str:
    return plain(" ".join(reading(masked).split(" "))).replace("\\n", " ")
