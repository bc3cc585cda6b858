"""Accounts and what they prove themselves by.

What lives here: rows. What must not: deciding who may enter (`monitor.desk.entrance`), or hashing a password. What is
random and long (a token, a key, a recovery code) is hashed here, so that it never reaches the database as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from monitor.model import Account, Credentials, DeskRole
from storage.account_tables import access_keys, accounts, recovery_codes, sessions
from storage.database import insert_new


def hash_of(secret: str) -> str:
    """SHA-256, as hexadecimal digits: enough for what nobody could guess. Passwords are guessed, and need more."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def add(
    connection: Connection, name: str, *, role: DeskRole, password_hash: str, zone: str, language: str, now: datetime
) -> Account | None:
    """A new account; None where the name is taken."""
    values = {
        "name": name, "role": role, "zone": zone, "language": language, "disabled": False, "created_at": now,
        "password_hash": password_hash, "totp_secret": "", "totp_step": 0,
    }  # fmt: skip
    taken = find(connection, name)
    connection.execute(insert_new(connection, accounts).values(values))
    return None if taken else find(connection, name)


def find(connection: Connection, name: str) -> Account | None:
    row = connection.execute(select(accounts).where(accounts.c.name == name)).one_or_none()
    return account_of(row) if row else None


def listing(connection: Connection) -> tuple[Account, ...]:
    """All accounts, by name."""
    return tuple(map(account_of, connection.execute(select(accounts).order_by(accounts.c.name))))


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(accounts)).scalar_one()


def credentials(connection: Connection, name: str) -> Credentials | None:
    row = connection.execute(select(accounts).where(accounts.c.name == name)).one_or_none()
    if row is None:
        return None
    codes = select(recovery_codes.c.code_hash).where(recovery_codes.c.account_id == row.id)
    return Credentials(
        account=account_of(row),
        password_hash=row.password_hash,
        totp_secret=row.totp_secret,
        totp_step=row.totp_step,
        recovery_hashes=tuple(sorted(connection.execute(codes).scalars())),
    )


def change(connection: Connection, account: int, **values: Any) -> None:
    """Set columns that have no consequence: `role`, `zone`, `language`."""
    connection.execute(update(accounts).where(accounts.c.id == account).values(values))


def set_password_hash(connection: Connection, account: int, password_hash: str) -> None:
    """Another password. Whoever came in by the old one is out."""
    change(connection, account, password_hash=password_hash)
    end_sessions(connection, account)


def renew_password_hash(connection: Connection, account: int, password_hash: str) -> None:
    """The same password, hashed as it is done today."""
    change(connection, account, password_hash=password_hash)


def set_disabled(connection: Connection, account: int, disabled: bool) -> None:
    """Whoever is disabled is out, and their keys open nothing until they are enabled."""
    change(connection, account, disabled=disabled)
    if disabled:
        end_sessions(connection, account)


def set_second_factor(connection: Connection, account: int, secret: str, codes: Collection[str] = ()) -> None:
    """Ask for a code from now on, or with "" no more. `codes` are the recovery codes, which count once each."""
    change(connection, account, totp_secret=secret, totp_step=0)
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account))
    for code in codes:
        connection.execute(insert(recovery_codes).values(account_id=account, code_hash=hash_of(code)))


def use_step(connection: Connection, account: int, step: int) -> None:
    """The code of this time step was taken; neither it nor an earlier one counts again."""
    change(connection, account, totp_step=step)


def use_recovery_code(connection: Connection, account: int, code_hash: str) -> None:
    used = (recovery_codes.c.account_id == account) & (recovery_codes.c.code_hash == code_hash)
    connection.execute(delete(recovery_codes).where(used))


def remove(connection: Connection, account: int) -> None:
    """The account and all that it proved itself by. What it did stays in the audit log for as long as that is kept."""
    for table in (sessions, access_keys, recovery_codes):
        connection.execute(delete(table).where(table.c.account_id == account))
    connection.execute(delete(accounts).where(accounts.c.id == account))


def end_sessions(connection: Connection, account: int) -> None:
    connection.execute(delete(sessions).where(sessions.c.account_id == account))


def account_of(row: Row[Any]) -> Account:
    return Account(
        id=row.id, name=row.name, role=row.role, zone=row.zone, language=row.language, disabled=row.disabled,
        second_factor=bool(row.totp_secret), created_at=row.created_at,
    )  # fmt: skip
