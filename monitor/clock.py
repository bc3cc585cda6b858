"""The clock of a real run. What is pure is told the time, and must not ask here."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
