"""A column that is one of many numbers, where the many are one value: `among(members.c.story_id, ids)`.

What must not live here: tables. A list of values makes another statement of every length, which is written and read
anew each time, and both engines end it at some ten thousand. As one value it is the same statement, however many they
are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Among(FunctionElement[bool]):
    """A column, and numbers as a text of JSON."""

    name = "among"
    type = Boolean()
    inherit_cache = True


def among(column: ColumnElement[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether the column is one of them."""
    return _Among(column, literal(json.dumps(list(numbers))))


@compiles(_Among, "sqlite")
def _in_sqlite(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, numbers = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - pieces of a statement, no values


@compiles(_Among, "postgresql")
def _in_postgresql(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, numbers = (compiler.process(part, **how) for part in element.clauses)
    # As rows: `= ANY (…)` of what is not known when the statement is planned is gone through for every row.
    return f"{column} IN (SELECT unnest(CAST(translate({numbers}, '[]', '{{}}') AS bigint[])))"
