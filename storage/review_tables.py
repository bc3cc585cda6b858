"""The tables of what people say of stories at the review desk. `schema` gathers all tables.

What is said of a story is kept with the entry that began it, and so goes where that entry goes: through a merge to the
story that stays, and back when it is undone. Each word is a row of its own, none is written over, and the last counts.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from storage.columns import Instant, Integer, String, Text, metadata

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False, index=True),
    Column("watch", Text, nullable=False),  # "": of a story that none matched
    Column("verdict", Text, nullable=False),  # kept, starred, refused, open
    Column("reason", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("said_at", Instant, nullable=False, index=True),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False, index=True),
    Column("replaces", ForeignKey("notes.id"), unique=True),  # the wording before; null: a new note
    Column("text", Text, nullable=False),  # "": taken back
    Column("said_by", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False, index=True),
    Column("assignee", Text, nullable=False),  # "": nobody
    Column("said_by", Text, nullable=False),
    Column("said_at", Instant, nullable=False),
)

sightings = Table(
    "sightings",
    metadata,
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("person", String(255), primary_key=True),
    Column("seen_at", Instant, nullable=False),
)
