"""The table of what recipients' addresses said of what they receive. `schema` gathers all tables."""

from __future__ import annotations

from sqlalchemy import Column, Table, UniqueConstraint

from storage.columns import Instant, Integer, Text, metadata

consents = Table(
    "consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, confirmed, stopped
    Column("since", Instant, nullable=False),
    Column("asked_at", Instant),
    Column("said_by", Text, nullable=False),
    UniqueConstraint("recipient", "address"),
)
