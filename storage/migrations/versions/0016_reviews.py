"""What people say of stories; which entries stand in the word index, and that index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import word_index

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("indexed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_entries_indexed"), "entries", ["indexed"])
    _create_verdicts()
    _create_notes()
    _create_assignments()
    _create_sightings()
    word_index.create(op.get_bind())


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_verdicts_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(op.f("ix_verdicts_entry_id"), "verdicts", ["entry_id"])
    op.create_index(op.f("ix_verdicts_said_at"), "verdicts", ["said_at"])


def _create_notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_notes_entry_id")),
        sa.ForeignKeyConstraint(["replaces"], ["notes.id"], name=op.f("fk_notes_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("replaces", name=op.f("uq_notes_replaces")),
    )
    op.create_index(op.f("ix_notes_entry_id"), "notes", ["entry_id"])


def _create_assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_assignments_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_entry_id"), "assignments", ["entry_id"])


def _create_sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(255), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_sightings_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "person", name=op.f("pk_sightings")),
    )
