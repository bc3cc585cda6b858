"""The tables of the review desk's door: who may enter, who is in, and what was done. `schema` gathers all tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Table, UniqueConstraint

from storage.columns import Instant, Integer, String, Text, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),  # reader, reviewer, admin
    Column("zone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", Text, nullable=False),
    Column("totp_step", Integer, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # a copied database lets nobody in
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("kind", Text, nullable=False),  # api, feed
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("used_on", Date),
    UniqueConstraint("account_id", "kind", "name"),
)

audit = Table(  # rows are added, and pruned when they are old; never changed
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
