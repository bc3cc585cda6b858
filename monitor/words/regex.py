"""Regular expressions that nobody can abuse: RE2, whose time grows only as the text and the expression do.

What lives here: pattern → compiled, and where it stands in a visible text; the only room that knows RE2. What must not:
words, fields, trees.

RE2 never backtracks, but an expression such as `[ab]{900}c` walks through hundreds of states for each letter. So an
expression is short, its program is small, and of a document only so much is read. `./dev bench regexes` shows the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice

import re2

MAX_PATTERN = 1024  # bytes of UTF-8
MAX_PROGRAM = 300  # steps of the program that RE2 makes of it
MAX_TEXT = 30_000  # bytes of a document's visible text that are searched: some 5,000 words
MAX_PLACES = 1_000  # of one expression in one text
_MEMORY = 1 << 20  # bytes that RE2 may use for one expression
_MEMORY_FOR_NAMES = 16 << 20


class RegexError(ValueError):
    """An expression that is not taken, with the reason as a sentence."""


@lru_cache(maxsize=10_000)
def compiled(pattern: str) -> re2._Regexp:
    """RegexError says what is wrong: no RE2, too long, too costly, or true of every text."""
    if len(pattern.encode()) > MAX_PATTERN:
        raise RegexError(
            f"A regular expression has at most {MAX_PATTERN:,} bytes; this one has {len(pattern.encode()):,}."
        )
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        made = re2.compile(pattern, options)
    except re2.error as error:
        raise RegexError(f"Expected a regular expression as RE2 reads it: {_reason(error)}.") from None
    if max(made.programsize, made.reverseprogramsize) > MAX_PROGRAM:
        raise RegexError(
            f"This regular expression is too costly: {made.programsize:,} steps, expected at most {MAX_PROGRAM}. "
            "Long repetitions such as {100} are what costs."
        )
    if made.fullmatch(""):
        raise RegexError("This regular expression is true of every text: it also takes nothing at all.")
    return made


def places(pattern: str, visible: str) -> Iterator[tuple[int, int]]:
    """Where a pattern stands in a text, in order, the first MAX_PLACES of them; offsets count code points."""
    for found in islice(compiled(pattern).finditer(visible), MAX_PLACES):
        yield found.span()


def may_hold(names: Iterable[str]) -> Callable[[str], bool]:
    """A question to texts: might one of the names stand here by itself?

    "No" is certain, and costs a twentieth of a search for thousands of names; "yes" is to be looked into.
    """
    options = re2.Options()
    options.max_mem = _MEMORY_FOR_NAMES
    options.never_capture = True
    any_name = "|".join(map(re2.escape, sorted(names)))
    made = re2.compile(rf"(?:^|[^A-Za-z0-9_])(?:{any_name})(?:$|[^A-Za-z0-9_])".encode(), options)
    return lambda text: made.search(text.encode("utf-8", "replace")) is not None  # half a character is in no name


def cut(visible: str, budget: int) -> str:
    """The beginning of a text that fits into so many bytes."""
    return visible if len(visible) * 4 <= budget else visible.encode()[: max(0, budget)].decode(errors="ignore")


def _reason(error: Exception) -> str:
    """RE2's own words, which arrive as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
