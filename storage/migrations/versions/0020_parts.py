"""A server's tables of texts stand in parts, one for each month."""

from __future__ import annotations

from alembic import op

from storage import parts

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parts.begin(op.get_bind(), "entry_words", "rowid")
    parts.begin(op.get_bind(), "versions", "entry_id")
