"""The entries whose texts are old are found without looking at those whose texts are gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    worded = sa.text("summary <> '' OR content <> '' OR text <> ''")
    op.create_index(
        op.f("ix_entries_worded"), "entries", ["first_seen_at"], sqlite_where=worded, postgresql_where=worded
    )
