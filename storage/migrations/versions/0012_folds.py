"""What a delivery was folded into, what it reminds of, and when a person said that it was seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("folded_into", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("reminds_of", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_outbox_folded_into"), "outbox", ["folded_into"])
    op.create_index(op.f("ix_outbox_reminds_of"), "outbox", ["reminds_of"])
    op.create_index(op.f("ix_attempts_began_at"), "attempts", ["began_at"])
