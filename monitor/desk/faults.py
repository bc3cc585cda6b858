"""What is wrong with what was sent to an address, in words for whoever sent it.

What must not live here: what an address takes. It is said by the types of its parameters; here is only how a fault that
their library found is told: the field, what was expected, and what stood there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST = 60  # characters of what stood there

# By the library's name of the fault. What else it finds is told in its own words.
_EXPECTED = {
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing_size": "expected a whole number with fewer digits",
    "float_parsing": "expected a number",
    "bool_parsing": "expected true or false",
    "date_parsing": "expected a date such as 2026-02-18",
    "date_from_datetime_parsing": "expected a date such as 2026-02-18",
    "date_from_datetime_inexact": "expected a date such as 2026-02-18",
    "string_too_long": "expected at most {max_length} characters",
    "string_too_short": "expected at least {min_length} characters",
    "too_long": "expected at most {max_length} of them",
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} or less",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
}
_WITH_WHAT_STOOD_THERE = ("parsing", "literal_error", "enum", "inexact", "equal")


def in_words(fault: Mapping[str, Any]) -> str:
    """A fault as pydantic describes it → "day: expected a date such as 2026-02-18, not “today”"."""
    kind, field = str(fault["type"]), ".".join(map(str, fault["loc"][1:])) or "what was sent"
    if kind == "missing":
        return f"{field}: is missing"
    if kind not in _EXPECTED:
        return f"{field}: {fault['msg']}"
    said = f"{field}: {_EXPECTED[kind].format(**fault.get('ctx', {}))}"
    return f"{said}, not “{_shortened(fault.get('input'))}”" if kind.endswith(_WITH_WHAT_STOOD_THERE) else said


def _shortened(given: object) -> str:
    text = str(given)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
