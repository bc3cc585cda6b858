"""Deliveries are counted by what stands in indexes, and their messages are not read for it."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    counted = ["recipient", "channel", "state", "kind", "watch", "story_id", "attempts", "due_at"]
    op.create_index(op.f("ix_outbox_ledger"), "outbox", counted)
    op.create_index(op.f("ix_outbox_told"), "outbox", ["kind", "state", "sent_at", "entry_id"])
