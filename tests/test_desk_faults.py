"""What is wrong with what was sent to the desk: said in plain words, whatever library found it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from monitor.desk.faults import in_words


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        (int, "seven", "other: expected a whole number, not “seven”"),
        (date, "today", "other: expected a date such as 2026-02-18, not “today”"),
        (date, "2026-02-30", "other: expected a date such as 2026-02-18, not “2026-02-30”"),
        (bool, "perhaps", "other: expected true or false, not “perhaps”"),
        (Literal["kept", "starred"], "x" * 99, f"other: expected 'kept' or 'starred', not “{'x' * 60}…”"),
        (Annotated[str, Field(max_length=3)], "four", "other: expected at most 3 characters"),
        (Annotated[int, Field(ge=1)], 0, "other: expected 1 or more, not “0”"),
        (tuple[int, ...], 3, "other: Input should be a valid tuple"),  # what nobody has worded is not kept back
    ],
)
def test_a_fault_names_its_field_and_what_was_expected(wanted: Any, given: object, said: str) -> None:
    with pytest.raises(ValidationError) as found:
        TypeAdapter(wanted).validate_python(given)
    (fault,) = found.value.errors()
    assert in_words({**fault, "loc": ("body", "other")}) == said


def test_a_field_that_is_missing_is_named() -> None:
    assert in_words({"type": "missing", "loc": ("body", "other"), "msg": "Field required"}) == "other: is missing"
