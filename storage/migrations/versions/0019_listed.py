"""What a list beside feeds.yaml says of a feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("listed", sa.JSON(), nullable=True))
    where = sa.text("listed IS NULL")
    op.create_index(op.f("ix_feeds_of_file"), "feeds", ["active"], sqlite_where=where, postgresql_where=where)
