"""In and out: a name and a password → a session. Each login, refusal and logout is in the audit log.

What lives here: what is read, tried and written, in which order. What must not: deciding (`entrance`), or HTTP
(`entry`, `visit`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.desk import passwords, second_factor
from monitor.desk.entrance import (
    LOGINS,
    client_key,
    decide_login,
    login_name,
    name_fault,
)
from monitor.desk.throttle import Throttle
from monitor.model import Account, Credentials
from storage import accounts, audit, sessions
from storage.accounts import hash_of
from storage.database import Database

REFUSED = "Name, password or code is wrong."  # one sentence for all, so that nobody learns who has an account


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Somebody is in."""

    account: Account
    token: str = field(repr=False)  # of the session, for the cookie


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Somebody is not in."""

    sentence: str
    wait: timedelta = timedelta()  # before another try is looked at; zero: none


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """What came of a code: what is to be taken from its account."""

    fits: bool
    step: int = 0
    recovery_hash: str = ""


class Door:
    """One for each server: how often somebody tried is remembered here."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._logins = Throttle(LOGINS)
        self._secret = secrets.token_bytes(32)

    def enter(self, name: str, password: str, code: str = "", *, client: str, before: str = "") -> Entered | Refused:
        """Log in. `client` is the address of whoever asks (`client_of`); `before`, the token that the browser sent.

        A session of before ends, so that nobody can hand somebody a session that he knows.
        """
        now, name = self._clock(), login_name(name)
        account_key, where = client_key(f"account {name}", self._secret), client_key(client, self._secret)
        if (wait := self._logins.take(account_key, where, now=now)) > timedelta():
            minutes = -(-wait // timedelta(minutes=1))
            return Refused(sentence=f"Too many tries. The next counts in {minutes} min.", wait=wait)
        with self._database.read() as connection:
            found = None if name_fault(name) else accounts.credentials(connection, name)
        fits = passwords.fits(found.password_hash if found else None, password)
        tried = _try_code(found, code, now)
        why = decide_login(found.account if found else None, password_fits=fits, code_fits=tried.fits)
        with self._database.write() as connection:
            if not why and accounts.credentials(connection, name) != found:
                why = "changed meanwhile"  # its password, or the code was taken by somebody else
            if why or found is None:
                audit.append(connection, "", "login refused", subject=found.account.name if found else "",
                             detail=why, now=now)  # fmt: skip
                return Refused(sentence=REFUSED)
            token = _let_in(connection, found, tried, password, before=before, now=now)
        self._logins.forgive(account_key)
        self._logins.give_back(where, now)
        return Entered(account=found.account, token=token)

    def leave(self, token: str) -> None:
        """Log out."""
        now = self._clock()
        with self._database.write() as connection:
            session = sessions.find(connection, token)
            if session:
                sessions.end(connection, token)
                audit.append(connection, session.account.name, "logout", now=now)


def _try_code(found: Credentials | None, code: str, now: datetime) -> _Code:
    """A code of the app, or one for the day on which the phone is gone."""
    if found is None or not found.totp_secret:
        return _Code(fits=True)
    step = second_factor.step_of(found.totp_secret, code, now, after=found.totp_step)
    recovery = hash_of(second_factor.written(code))
    if step is not None:
        return _Code(fits=True, step=step)
    return _Code(fits=recovery in found.recovery_hashes, recovery_hash=recovery)


def _let_in(
    connection: Connection, found: Credentials, tried: _Code, password: str, *, before: str, now: datetime
) -> str:
    """Write down that somebody is in; the session's token."""
    account = found.account
    if tried.step:
        accounts.use_step(connection, account.id, tried.step)
    if tried.recovery_hash:
        accounts.use_recovery_code(connection, account.id, tried.recovery_hash)
        audit.append(connection, account.name, "recovery code used", now=now)
    if passwords.is_outdated(found.password_hash):
        accounts.renew_password_hash(connection, account.id, passwords.hash_password(password))
    sessions.end(connection, before)
    audit.append(connection, account.name, "login", now=now)
    return sessions.begin(connection, account.id, now=now)
