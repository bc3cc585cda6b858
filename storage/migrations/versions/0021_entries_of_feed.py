"""The newest entries of a feed are found without looking at all of them."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_entries_feed"), "entries", ["feed_id", "id"])
