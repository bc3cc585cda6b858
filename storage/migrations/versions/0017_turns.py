"""Many workers: who has which part of the work, and in whose part each feed and each page is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.shards import shard_of

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("feeds", "errands"):
        op.add_column(table, sa.Column("shard", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_feeds_shard"), "feeds", ["shard", "next_poll_at"])
    op.create_table(
        "turns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turns")),
    )
    _place("feeds", "coalesce(nullif(validators_url, ''), nullif(request_url, ''), url)")
    _place("errands", "url")


def _place(table: str, url: str) -> None:
    """The rows that are there get the shard of the host that they ask."""
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT id, {url} AS url FROM {table}")).all()  # noqa: S608  our own words
    if rows:
        placed = [{"row": row.id, "shard": shard_of(row.url)} for row in rows]
        connection.execute(sa.text(f"UPDATE {table} SET shard = :shard WHERE id = :row"), placed)  # noqa: S608
