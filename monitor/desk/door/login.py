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

from monitor.desk.door import passwords, second_factor
from monitor.desk.door.entrance import (
    LOGINS,
    client_key,
    decide_login,
    login_name,
    name_fault,
)
from monitor.desk.door.throttle import Throttle
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
class _Tried:
    """What came of a password and a code."""

    why: str  # they let nobody in; "": they do
    step: int = 0  # the time step of the code that is used up by it
    recovery_hash: str = ""  # or the recovery code


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
        by_name, by_client = self._keys(name, client)
        if wait := self._logins.take(by_name, by_client, now=now):
            return _too_many(wait)
        found = self._find(name)
        tried = _try(found, password, code, now)
        with self._database.write() as connection:
            if found is None or tried.why:
                return _refuse(connection, found, tried.why, now)
            if accounts.credentials(connection, name) != found:  # its password, or somebody else used the code
                return _refuse(connection, found, "changed meanwhile", now)
            token = _let_in(connection, found, tried, password, before=before, now=now)
        self._logins.forgive(by_name)
        self._logins.give_back(by_client, now)
        return Entered(account=found.account, token=token)

    def confirm(self, name: str, password: str, *, client: str) -> Refused | None:
        """Ask somebody who is in for the password again, before what a borrowed session must not do; None: it is they.

        That is: another password, another second factor, a key. It is counted as logins are.
        """
        now, name = self._clock(), login_name(name)
        by_name, by_client = self._keys(name, client)
        if wait := self._logins.take(by_name, by_client, now=now):
            return _too_many(wait)
        found = self._find(name)
        if not passwords.fits(found.password_hash if found else None, password):
            return Refused(sentence="That is not your password.")
        self._logins.forgive(by_name)
        self._logins.give_back(by_client, now)
        return None

    def leave(self, token: str) -> None:
        """Log out."""
        with self._database.write() as connection:
            session = sessions.find(connection, token)
            if session:
                sessions.end(connection, token)
                audit.append(connection, session.account.name, "logout", now=self._clock())

    def _keys(self, name: str, client: str) -> tuple[str, str]:
        """By what an account and a client are counted."""
        return client_key(f"account {name}", self._secret), client_key(client, self._secret)

    def _find(self, name: str) -> Credentials | None:
        with self._database.read() as connection:
            return None if name_fault(name) else accounts.credentials(connection, name)


def _too_many(wait: timedelta) -> Refused:
    minutes = -(-wait // timedelta(minutes=1))
    return Refused(sentence=f"Too many tries. The next counts in {minutes} min.", wait=wait)


def _try(found: Credentials | None, password: str, code: str, now: datetime) -> _Tried:
    """All is tried, whatever was wrong before it: an answer that comes sooner would tell what."""
    step = None
    if found and found.totp_secret:
        step = second_factor.step_of(found.totp_secret, code, now, after=found.totp_step)
    recovery_hash = hash_of(second_factor.written(code))
    recovers = step is None and found is not None and recovery_hash in found.recovery_hashes
    password_fits = passwords.fits(found.password_hash if found else None, password)
    why = decide_login(found.account if found else None, password_fits=password_fits, code_fits=bool(step) or recovers)
    return _Tried(why=why, step=step or 0, recovery_hash=recovery_hash if recovers else "")


def _refuse(connection: Connection, found: Credentials | None, why: str, now: datetime) -> Refused:
    """Written down without what was typed as a name: it may be a password in the wrong field."""
    subject = found.account.name if found else ""
    audit.append(connection, "", "login refused", subject=subject, detail=why, now=now)
    return Refused(sentence=REFUSED)


def _let_in(
    connection: Connection, found: Credentials, tried: _Tried, password: str, *, before: str, now: datetime
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
