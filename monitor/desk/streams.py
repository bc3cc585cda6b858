"""A whole result, however long: its rows as they are found, as CSV, JSON or JSON Lines. Memory stays flat.

What lives here: how rows become an answer that is sent while it is made. What must not: which rows.

How many rows an answer holds at most stands in its head, `Tipsheet-Most-Rows`, since nothing can be added to a head
once rows have gone; JSON says at its end whether there are more. What fails in between breaks the answer off, so that
no program takes a part for the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import Path
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from monitor.desk.pages import csv_lines

MOST = 100_000  # rows of an answer: what a spreadsheet opens, and some minutes of work
_TOGETHER = 100  # rows that are sent at once

Suffix = Literal["csv", "json", "jsonl"]
SuffixWanted = Annotated[Suffix, Path(description="CSV, JSON, or JSON Lines: an object a line.")]
MEDIA_TYPES: dict[Suffix, str] = {"csv": "text/csv", "json": "application/json", "jsonl": "application/jsonl"}
AS_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"The rows, at most {MOST:,}.",
        "content": {name: {"schema": {} if "json" in name else {"type": "string"}} for name in MEDIA_TYPES.values()},
        "headers": {
            "Tipsheet-Most-Rows": {"schema": {"type": "integer"}, "description": "There may be more than so many."}
        },
    }
}


def stream_answer(
    rows: Iterator[Any], *, kind: type, suffix: Suffix, name: str, guard: bool = True
) -> StreamingResponse:
    """Rows, dataclasses of one kind. `guard` as with `csv_answer`."""
    return StreamingResponse(
        pieces_of(rows, kind=kind, suffix=suffix, guard=guard),
        media_type=f"{MEDIA_TYPES[suffix]}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="tipsheet-{name}.{suffix}"',
            "Tipsheet-Most-Rows": str(MOST),
        },
    )


def pieces_of(
    rows: Iterator[Any], *, kind: type, suffix: Suffix, guard: bool = True, most: int = MOST
) -> Iterator[bytes]:
    """The first `most` rows, lot by lot; a row is asked for when its lot is."""
    if suffix == "csv":
        return _in_lots(csv_lines(islice(rows, most), kind=kind, guard=guard))
    if suffix == "jsonl":
        return _in_lots(_json_lines(islice(rows, most), kind))
    return _in_lots(_json(rows, kind, most))


def _json_lines(rows: Iterator[Any], kind: type) -> Iterator[str]:
    written: TypeAdapter[Any] = TypeAdapter(kind)
    return (written.dump_json(row).decode() + "\n" for row in rows)


def _json(rows: Iterator[Any], kind: type, most: int) -> Iterator[str]:
    yield '{"rows": ['
    for number, line in enumerate(_json_lines(islice(rows, most), kind)):
        yield f"{',' if number else ''}\n{line.rstrip()}"
    yield f'\n], "most": {most}, "more": {"true" if next(rows, None) is not None else "false"}}}\n'


def _in_lots(pieces: Iterator[str]) -> Iterator[bytes]:
    while lot := list(islice(pieces, _TOGETHER)):
        yield "".join(lot).encode("utf-8", "replace")
