"""What is known of a feed's habit, and of the gaps between its polls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("habit", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("gap_at", sa.DateTime(timezone=True), nullable=True))
