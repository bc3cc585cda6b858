"""What every table is made with: their one metadata, and columns that mean the same on every engine. No table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData
from sqlalchemy import String as AnyString
from sqlalchemy import Text as AnyText
from sqlalchemy.types import TypeDecorator

# Every value of every row passes through one of these on its way out: a first poll keeps twenty values of each entry.
_Processor = Callable[[Any], Any]


class Instant(TypeDecorator[datetime]):
    """An aware time, stored in UTC. SQLite has no time zones: what comes back naive was written as UTC by us."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> _Processor | None:
        """The rows of a statement have most of their times in common: each is written out once."""
        written = super().bind_processor(dialect)
        return written and lru_cache(maxsize=256)(written)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Text(TypeDecorator[str]):
    """A text that every database can keep: what is no character has become a sign that something stood there."""

    impl: type[AnyString] = AnyText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _characters(value)

    def bind_processor(self, dialect: Dialect) -> _Processor | None:
        """Without a step in between, where the engine takes a text as it is."""
        return super().bind_processor(dialect) if self.impl_instance.bind_processor(dialect) else _characters


class String(Text):
    """The same, of a length that is known."""

    impl = AnyString
    cache_ok = True


Integer = BigInteger  # 64 bits, as SQLite has them anyway


def characters(text: str) -> str:
    """A text without NUL, which PostgreSQL refuses, and without halves of characters, which no encoding has.

    Two halves that stand together become the character that they were cut from.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


def _characters(text: str | None) -> str | None:
    return text if text is None or (text.isascii() and "\0" not in text) else characters(text)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
