"""What opens the desk to programs, and one person's feeds to a feed reader: keys, of which only hashes are kept."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from monitor.model import Account, DeskRole, Key, KeyKind
from storage.account_tables import access_keys, accounts
from storage.accounts import account_of, hash_of

_PREFIX = {"api": "tipsheet_", "feed": ""}  # so that programs which look for leaked secrets know one


def add(connection: Connection, account: int, kind: KeyKind, name: str, *, role: DeskRole, now: datetime) -> str | None:
    """A new key, which nothing can tell again; None where the account has one of this kind and name."""
    named = (access_keys.c.account_id == account) & (access_keys.c.kind == kind) & (access_keys.c.name == name)
    if connection.execute(select(access_keys.c.id).where(named)).first():
        return None
    key = _PREFIX[kind] + secrets.token_urlsafe(32)
    values = {"account_id": account, "kind": kind, "name": name, "role": role, "created_at": now}
    connection.execute(insert(access_keys).values(key_hash=hash_of(key), **values))
    return key


def find(connection: Connection, key: str, kind: KeyKind) -> tuple[Account, Key] | None:
    """Whose key it is. Whether that account is enabled, the caller asks."""
    named = (access_keys.c.key_hash == hash_of(key)) & (access_keys.c.kind == kind)
    row = connection.execute(select(access_keys, accounts.c.name.label("account")).join(accounts).where(named)).first()
    if row is None:
        return None
    owner = connection.execute(select(accounts).where(accounts.c.id == row.account_id)).one()
    return account_of(owner), _key_of(row)


def listing(connection: Connection, account: int | None = None) -> tuple[Key, ...]:
    """The keys of an account, or of all; by owner and name."""
    chosen = select(access_keys, accounts.c.name.label("account")).join(accounts)
    if account is not None:
        chosen = chosen.where(access_keys.c.account_id == account)
    return tuple(
        map(_key_of, connection.execute(chosen.order_by(accounts.c.name, access_keys.c.name, access_keys.c.kind)))
    )


def use(connection: Connection, key: int, *, now: datetime) -> None:
    """The key was used on this day."""
    connection.execute(update(access_keys).where(access_keys.c.id == key).values(used_on=now.date()))


def revoke(connection: Connection, key: int) -> None:
    """It opens nothing any more."""
    connection.execute(delete(access_keys).where(access_keys.c.id == key))


def _key_of(row: Row[Any]) -> Key:
    return Key(
        id=row.id, account=row.account, kind=row.kind, name=row.name, role=row.role, created_at=row.created_at,
        used_on=row.used_on,
    )  # fmt: skip
