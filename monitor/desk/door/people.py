"""What is done to accounts, to their keys and codes; each with its line in the audit log.

What lives here: the rules of the house for that, the same for the command line and the desk. What must not: who may do
it (`visit`), how it is asked for and shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import Connection

from alerts.languages.language import CODES
from monitor.desk.door import entrance, passwords, second_factor
from monitor.errors import AccountError
from monitor.model import Account, AuditAction, DeskRole, Key, KeyKind
from storage import access_keys, accounts, audit
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The accounts, for whoever looks after them. Each method is one transaction, or raises an AccountError."""

    database: Database
    by: str  # who does it, for the audit log
    now: datetime

    def add(self, name: str, password: str, role: DeskRole, *, zone: str = "UTC", language: str = "en") -> Account:
        """A new account."""
        name = entrance.login_name(name)
        _refuse(entrance.name_fault(name))
        _refuse(zone_fault(zone))
        password_hash = _hashed(password, name)
        with self.database.write() as connection:
            if role != "admin" and accounts.count(connection) == 0:
                raise AccountError("the first account lets in the others; expected the role admin")
            account = accounts.add(
                connection, name, role=role, password_hash=password_hash, zone=zone, language=language, now=self.now
            )
            if account is None:
                raise AccountError(f"there is an account {name} already")
            self._note(connection, "account added", name, role)
            return account

    def set_password(self, name: str, password: str) -> None:
        """Another password; every session of the account ends."""
        password_hash = _hashed(password, entrance.login_name(name))
        with self._changing(name) as (connection, account):
            accounts.set_password_hash(connection, account.id, password_hash)
            self._note(connection, "password changed", account.name)
        self.database.forget_traces()

    def set_role(self, name: str, role: DeskRole) -> None:
        """What the account may, from its next request on. Its keys never open more than it may itself."""
        with self._changing(name) as (connection, account):
            if role != "admin":
                _keep_an_admin(connection, account)
            accounts.change(connection, account.id, role=role)
            self._note(connection, "role changed", account.name, f"{account.role} to {role}")

    def set_zone(self, name: str, zone: str) -> None:
        """In whose time the account reads the day."""
        _refuse(zone_fault(zone))
        with self._changing(name) as (connection, account):
            accounts.change(connection, account.id, zone=zone)
            self._note(connection, "account changed", account.name, f"zone {zone}")

    def set_language(self, name: str, language: str) -> None:
        """In which language the account is written to."""
        _refuse(language_fault(language))
        with self._changing(name) as (connection, account):
            accounts.change(connection, account.id, language=language)
            self._note(connection, "account changed", account.name, f"language {language}")

    def end_sessions(self, name: str) -> None:
        """The account is out, wherever it was in; it may come in again."""
        with self._changing(name) as (connection, account):
            accounts.end_sessions(connection, account.id)
            self._note(connection, "logout", account.name, "everywhere")

    def disable(self, name: str) -> None:
        """The account is out at once, and stays so; its keys open nothing."""
        with self._changing(name) as (connection, account):
            _keep_an_admin(connection, account)
            accounts.set_disabled(connection, account.id, True)
            self._note(connection, "account disabled", account.name)

    def enable(self, name: str) -> None:
        with self._changing(name) as (connection, account):
            accounts.set_disabled(connection, account.id, False)
            self._note(connection, "account enabled", account.name)

    def remove(self, name: str) -> None:
        """The account is gone, with its password, sessions, keys and codes; from the files of the database too."""
        with self._changing(name) as (connection, account):
            if accounts.count(connection) > 1:  # with the very last, the desk is open on this machine only
                _keep_an_admin(connection, account)
            accounts.remove(connection, account.id)
            self._note(connection, "account removed", account.name)
        self.database.forget_traces()

    # ---- keys --------------------------------------------------------------------------------------------------------

    def add_key(self, name: str, label: str, kind: KeyKind = "api", *, role: DeskRole = "reader") -> str:
        """A key of an account; it is told this once. `label` says what it is for."""
        label = _label(label)
        if not 1 <= len(label) <= 64 or not label.isprintable():
            raise AccountError("expected 1 to 64 characters that say what it is for")
        with self._changing(name) as (connection, account):
            if not entrance.may(account.role, role):
                raise AccountError(f"{account.name} is a {account.role}; expected no role above that for a key")
            key = access_keys.add(connection, account.id, kind, label, role=role, now=self.now)
            if key is None:
                raise AccountError(
                    f"{account.name} has a key called {label} already; expected another name, or revoke it"
                )
            self._note(connection, "key added", account.name, f"{kind} key {label}, {role}")
            return key

    def revoke_key(self, name: str, label: str, kind: KeyKind = "api") -> None:
        """It opens nothing any more."""
        label = _label(label)
        with self._changing(name) as (connection, account):
            access_keys.revoke(connection, _key_called(connection, account, label, kind).id)
            self._note(connection, "key revoked", account.name, f"{kind} key {label}")
        self.database.forget_traces()

    # ---- the second factor -------------------------------------------------------------------------------------------

    def ask_for_code(self, name: str, secret: str, code: str) -> tuple[str, ...]:
        """Ask for a code at each login from now on; the recovery codes, which are told this once.

        `code` shows that the app has the secret: else somebody would lock himself out.
        """
        if second_factor.step_of(secret, code, self.now, after=0) is None:
            raise AccountError("that is not the code that this secret gives now; is the clock of the phone right?")
        codes = second_factor.recovery_codes(secrets.token_bytes(second_factor.RECOVERY_BYTES))
        with self._changing(name) as (connection, account):
            accounts.set_second_factor(connection, account.id, secret, codes)
            self._note(connection, "second factor on", account.name)
        return codes

    def ask_for_no_code(self, name: str) -> None:
        """The password is enough again."""
        with self._changing(name) as (connection, account):
            accounts.set_second_factor(connection, account.id, "")
            self._note(connection, "second factor off", account.name)
        self.database.forget_traces()

    # ---- what they share ---------------------------------------------------------------------------------------------

    @contextmanager
    def _changing(self, name: str) -> Iterator[tuple[Connection, Account]]:
        """A transaction about one account."""
        with self.database.write() as connection:
            yield connection, account_called(connection, name)

    def _note(self, connection: Connection, action: AuditAction, subject: str, detail: str = "") -> None:
        audit.append(connection, self.by, action, subject=subject, detail=detail, now=self.now)


def account_called(connection: Connection, name: str) -> Account:
    """The account of this name, however it was typed; AccountError where there is none."""
    account = accounts.find(connection, entrance.login_name(name))
    if account is None:
        raise AccountError(f"no account is called {entrance.login_name(name)}; `tipsheet users` lists them")
    return account


def new_secret() -> str:
    """A secret for an app that shows codes; nothing asks for one before `People.ask_for_code`."""
    return second_factor.secret_of(secrets.token_bytes(second_factor.SECRET_BYTES))


def _label(typed: str) -> str:
    return " ".join(typed.split())


def _key_called(connection: Connection, account: Account, label: str, kind: KeyKind) -> Key:
    for key in access_keys.listing(connection, account.id):
        if (key.name, key.kind) == (label, kind):
            return key
    raise AccountError(f"{account.name} has no key called {label}; `tipsheet users tokens list` shows which there are")


def _keep_an_admin(connection: Connection, account: Account) -> None:
    """AccountError where nobody could let anybody in without this account."""
    admins = [one.id for one in accounts.listing(connection) if one.role == "admin" and not one.disabled]
    if admins == [account.id]:
        raise AccountError(f"{account.name} is the only admin; expected another one first")


def _hashed(password: str, name: str) -> str:
    _refuse(passwords.password_fault(password, name=name), of="the password: ")
    return passwords.hash_password(password)


def zone_fault(zone: str) -> str:
    """What is wrong with the name of a time zone; "" where nothing is."""
    return "" if zone in available_timezones() else "expected a time zone such as America/New_York or Europe/Madrid"


def language_fault(language: str) -> str:
    """What is wrong with the code of a language; "" where nothing is."""
    return "" if language in CODES else f"expected one of the languages {', '.join(CODES)}"


def _refuse(fault: str, *, of: str = "") -> None:
    if fault:
        raise AccountError(of + fault)
