"""Who has entered the desk and not left. Of a session's token only a hash is kept: a copied database lets nobody in."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from monitor.model import Session
from storage.account_tables import accounts, sessions
from storage.accounts import account_of, hash_of


def begin(connection: Connection, account: int, *, now: datetime) -> str:
    """A new session; its token, which nothing can tell again."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(sessions).values(token_hash=hash_of(token), account_id=account, began_at=now, seen_at=now)
    )
    return token


def find(connection: Connection, token: str) -> Session | None:
    """Whose session a token is. Whether it lasts and its account is enabled, the caller asks."""
    row = connection.execute(
        select(accounts, sessions.c.began_at, sessions.c.seen_at)
        .join_from(sessions, accounts)
        .where(sessions.c.token_hash == hash_of(token))
    ).one_or_none()
    return Session(account=account_of(row), began_at=row.began_at, seen_at=row.seen_at) if row else None


def touch(connection: Connection, token: str, *, now: datetime) -> None:
    """It was used."""
    connection.execute(update(sessions).where(sessions.c.token_hash == hash_of(token)).values(seen_at=now))


def end(connection: Connection, token: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.token_hash == hash_of(token)))


def forget(connection: Connection, *, unseen_since: datetime) -> int:
    """Take out sessions that nobody has used for long; how many."""
    return connection.execute(delete(sessions).where(sessions.c.seen_at < unseen_since)).rowcount
