"""What every table is made with: their one metadata, and columns that mean the same on every engine. No table."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData
from sqlalchemy import String as AnyString
from sqlalchemy import Text as AnyText
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware time, stored in UTC. SQLite has no time zones: what comes back naive was written as UTC by us."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Text(TypeDecorator[str]):
    """A text that every database can keep: what is no character has become a sign that something stood there."""

    impl = AnyText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else characters(value)


class String(TypeDecorator[str]):
    """The same, of a length that is known."""

    impl = AnyString
    cache_ok = True

    process_bind_param = Text.process_bind_param


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


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
