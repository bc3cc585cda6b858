"""A column that is one of many numbers, where the many are one value: `among(members.c.story_id, ids)`.

What must not live here: tables. A list of values makes another statement of every length, which is written and read
anew each time, and both engines end it at some ten thousand. As one value it is the same statement, however many they
are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Rows(FunctionElement[int]):
    """Numbers, given as a text of JSON, as rows."""

    name = "rows"
    inherit_cache = True


def among(column: ColumnElement[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether the column is one of them.

    It is a comparison and no function that says yes or no: of such a one SQLAlchemy asks whether it is 1, and SQLite
    then goes through the whole table.
    """
    return column.op("IN", is_comparison=True)(_Rows(literal(json.dumps(list(numbers)))))


@compiles(_Rows, "sqlite")
def _in_sqlite(element: _Rows, compiler: SQLCompiler, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"  # noqa: S608 - a parameter


@compiles(_Rows, "postgresql")
def _in_postgresql(element: _Rows, compiler: SQLCompiler, **how: Any) -> str:
    # As rows: `= ANY (…)` of what is not known when the statement is planned is gone through for every row.
    numbers = compiler.process(element.clauses, **how)
    return f"(SELECT unnest(CAST(translate({numbers}, '[]', '{{}}') AS bigint[])))"
