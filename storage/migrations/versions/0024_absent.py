"""When its feed was last read without it, for each entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("absent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("entries", sa.Column("first_look", sa.Boolean(), nullable=False, server_default=sa.false()))
