"""One value, three answers: `/deliveries` as a page, `/deliveries.json`, and `/deliveries.csv` where it has rows.

What lives here: how a value becomes an answer. What must not: what the value is.

A handler is written once, as a function from a visit and the address's parameters to a frozen dataclass. The page, the
JSON and the CSV are that value, so that no page can show what the interface does not tell.
"""

from __future__ import annotations

import csv
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from monitor.desk.views import render

_Handler = TypeVar("_Handler", bound=Callable[..., Any])

Plain = Annotated[bool, Query(description="For programs: cells stand as they are, without the guard for spreadsheets.")]
_AS_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The rows, with a line of names."}
}
_UNSEEN = re.compile(r"^[\s\"'\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")


def page(router: APIRouter, path: str, *, template: str, name: str = "") -> Callable[[_Handler], _Handler]:
    """Publish a handler at `path`, `path.json` and, where its value has `rows`, `path.csv`.

    The handler takes the visit as `visit`; what it returns is in the template as `page`.
    """
    address = path if path != "/" else "/day"

    def publish(handler: _Handler) -> _Handler:
        signature = inspect.signature(handler, eval_str=True)

        @functools.wraps(handler)
        def as_page(**given: Any) -> HTMLResponse:
            return render(given["visit"], template, page=handler(**given))

        as_page.__signature__ = signature.replace(return_annotation=HTMLResponse)  # type: ignore[attr-defined]
        shown = name or handler.__name__
        # Before the page: where the last part of an address is a value, `{day}` would take `2026-02-18.json` for a day.
        data(router, address, name=shown)(handler)
        router.get(path, response_class=HTMLResponse, name=shown, include_in_schema=False)(as_page)
        return handler

    return publish


def data(router: APIRouter, address: str, *, name: str) -> Callable[[_Handler], _Handler]:
    """Publish a handler at `address.json` and, where its value has `rows`, `address.csv`; there is no page of it."""

    def publish(handler: _Handler) -> _Handler:
        signature = inspect.signature(handler, eval_str=True)
        value = signature.return_annotation
        router.get(f"{address}.json", response_model=value, name=f"{name}-json")(handler)
        if kind := _kind_of_rows(value):
            router.get(f"{address}.csv", response_class=Response, name=f"{name}-csv", responses=_AS_CSV)(
                _as_csv(handler, signature, kind, name=address.strip("/").replace("/", "-"))
            )
        return handler

    return publish


def _as_csv(handler: _Handler, signature: inspect.Signature, kind: type, *, name: str) -> Callable[..., Response]:
    """The handler with one parameter more, whose answer are the rows."""

    @functools.wraps(handler)
    def answer(*, plain: Plain = False, **given: Any) -> Response:
        return csv_answer(handler(**given).rows, kind=kind, name=name, guard=not plain)

    keyword = inspect.Parameter.KEYWORD_ONLY
    plain = inspect.Parameter("plain", keyword, annotation=Plain, default=False)
    parameters = [one.replace(kind=keyword) for one in (*signature.parameters.values(), plain)]
    answer.__signature__ = signature.replace(parameters=parameters, return_annotation=Response)  # type: ignore[attr-defined]
    return answer


def _kind_of_rows(value: Any) -> type | None:
    """What the rows of such a value are, by its annotation `tuple[Kind, ...]`; None where it has none."""
    if not is_dataclass(value) or all(field.name != "rows" for field in fields(value)):
        return None
    kind: type = get_args(get_type_hints(value)["rows"])[0]
    return kind


def csv_answer(rows: Sequence[Any], *, kind: type, name: str, guard: bool = True) -> Response:
    """Rows, dataclasses of one kind, as RFC 4180. With `guard`, no cell can be a formula to a spreadsheet."""
    return Response(
        "".join(csv_lines(rows, kind=kind, guard=guard)).encode("utf-8", "replace"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="tipsheet-{name}.csv"'},
    )


def csv_lines(rows: Iterable[Any], *, kind: type, guard: bool = True) -> Iterator[str]:
    """The same line by line, with a line of names in front."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    columns = {path.replace(".", "_"): attrgetter(path) for path in _paths(kind)}
    yield writer.writerow(columns)
    for row in rows:
        cells = [read(row) for read in columns.values()]
        yield writer.writerow([_guarded(cell) if guard else _cell(cell) for cell in cells])


class _Echo:
    """What a line is written to that is wanted back."""

    def write(self, line: str) -> str:
        return line


def _paths(kind: type) -> Iterator[str]:
    """The fields of a kind, of a value within it each of its own: `precision.kept`."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        inner = hints[field.name]
        if isinstance(inner, type) and is_dataclass(inner):
            yield from (f"{field.name}.{path}" for path in _paths(inner))
        else:
            yield field.name


def _cell(value: object) -> str:
    """One cell: a list in one, its items parted by semicolons; a time in UTC as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_dataclass(value) and not isinstance(value, type):
        return " ".join(_cell(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return "; ".join(map(_cell, value))
    return str(value)


def _guarded(value: object) -> str:
    """A cell that a spreadsheet would run as a formula, also behind quotes, blanks or what nobody sees: as text.

    A number below zero is one.
    """
    cell = _cell(value)
    runs = cell.startswith(_FORMULA_STARTS) or _UNSEEN.sub("", cell).startswith(_FORMULA_STARTS)
    return f"'{cell}" if runs and not isinstance(value, int | float) else cell
