"""Every error that Tipsheet raises on purpose.

    TipsheetError
    ├── ConfigError      feeds.yaml, a pack or the environment says something that cannot be used
    ├── FileChangedError feeds.yaml was changed by somebody else while it was edited; carries what it says now
    ├── QueryError       a watch cannot be read; carries the source text and where a caret goes
    ├── FetchError       a server could not be asked, or answered with something that is not a feed's body
    ├── ParseError       a body was read and is no feed
    ├── CorrectionError  a person asks for stories to be put otherwise in a way that cannot be
    ├── ReviewError      something was said of a story that cannot be kept
    │   └── ConflictError    somebody else was faster; says who, and when
    ├── AccountError     an account cannot be made, changed or used as is asked
    ├── StorageError     the database refused: locked, full, read-only, of another version
    │   └── InstanceError    another Tipsheet is working on it
    └── DeliveryError    a receiver refused or could not be reached; says whether to try again

Raised where the fault is known, turned into an outcome in `pipeline`, or printed in `cli`.
Each message is a sentence for a person: what happened, and what was expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo


class TipsheetError(Exception):
    """The root. Catching it means: anything that Tipsheet itself calls an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in a configuration file: where it stands and what was expected there."""

    file: str
    line: int  # counted from 1; 0 where the fault has no line (a missing file, a missing secret)
    path: str  # "watches[0].query"; "" for the file as a whole
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ConfigError(TipsheetError):
    """Holds every fault of the file at once, so that one run of `tipsheet check` shows them all."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class FileChangedError(TipsheetError):
    """feeds.yaml is no longer what an edit was made for. Nothing was changed."""

    def __init__(self, message: str, *, now: str) -> None:
        super().__init__(message)
        self.now = now  # the text of the file as it stands


class QueryError(TipsheetError):
    """A watch that cannot be read. `str()` shows the line with a caret under the exact spot."""

    def __init__(self, message: str, *, source: str, start: int, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.start = start  # code points into `source`
        self.end = start + 1 if end is None else max(end, start + 1)

    def __str__(self) -> str:
        line_start = self.source.rfind("\n", 0, self.start) + 1
        line = self.source[line_start:].split("\n", 1)[0]
        carets = "^" * max(1, min(self.end, line_start + len(line)) - self.start)
        return f"{self.message}\n    {line}\n    {' ' * (self.start - line_start)}{carets}"


class FetchError(TipsheetError):
    """One failed request. `kind` is a stable word for tables and tests, the message is for people.

    Kinds: dns, connect, tls, timeout, refused-address, redirect, too-large, encoding, throttled, gone, http, protocol.
    """

    def __init__(
        self, kind: str, message: str, *, status: int | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after  # what the server asked for, already capped


class ParseError(TipsheetError):
    """A body that is no feed.

    Kinds: empty, html, login, challenge, not-a-feed, encoding, too-large, timeout, memory, crashed.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CorrectionError(TipsheetError):
    """A correction of stories that cannot be made; nothing was changed."""


class ReviewError(TipsheetError):
    """Something was said of a story that cannot be kept; nothing was changed."""


class ConflictError(ReviewError):
    """Somebody else was faster. Nothing was changed: whoever speaks should see first what was said meanwhile."""

    def __init__(self, message: str, *, by: str, at: datetime, version: int, said: str = "") -> None:
        super().__init__(message)
        self.by = by  # "": nobody; grouping was
        self.at = at
        self.said = said  # what they said, in words
        self.version = version  # the one to name when it is said all the same

    def told(self, zone: tzinfo) -> str:
        """The same by the clock of a reader."""
        return str(self).replace(f"{self.at:%H:%M} UTC", f"{self.at.astimezone(zone):%H:%M}")


class AccountError(TipsheetError):
    """An account that cannot be made, changed or used as is asked; nothing was changed."""


class StorageError(TipsheetError):
    """The database refused. Nothing of the transaction was kept."""


class InstanceError(StorageError):
    """Another process works on this database; two would ask every server twice."""


class TurnError(StorageError):
    """Another worker has taken over this part of the work, and had reason to: what this one found is void."""


class DeliveryError(TipsheetError):
    """One failed delivery.

    `retry` says whether trying again makes sense. `reached` says whether the receiver may have the message all the same
    (the answer was lost, not the message): such an attempt is ambiguous and counts towards `uncertain`. `of_one` says
    that it was refused for one receiver, and that others may be reached by the same way.
    """

    def __init__(
        self,
        message: str,
        *,
        retry: bool,
        reached: bool = False,
        retry_after: timedelta | None = None,
        of_one: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry = retry
        self.reached = reached
        self.retry_after = retry_after
        self.of_one = of_one or not (retry or reached)  # what is final is said of the message or of its receiver
