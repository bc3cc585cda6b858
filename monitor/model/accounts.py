"""Who may enter the review desk: accounts, their sessions and keys, and what was done by whom.

Neither a password's hash nor a secret stands in a value that a page may be given; those are in `Credentials`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

DeskRole = Literal["reader", "reviewer", "admin"]  # each may what those before it may
KeyKind = Literal["api", "feed"]

AuditAction = Literal[
    "login", "login refused", "logout",
    "account added", "account removed", "account disabled", "account enabled", "account changed",
    "password changed", "role changed", "second factor on", "second factor off", "recovery code used",
    "key added", "key revoked",
    "watch changed", "channel changed", "recipient changed", "feeds changed", "settings changed", "exported",
    "stories corrected", "deliveries retried", "alerts acknowledged", "rests ended", "watch resumed",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may enter."""

    id: int
    name: str  # as it is typed to enter: NFKC, case-folded
    role: DeskRole
    zone: str  # an IANA time zone
    language: str  # in which the desk speaks
    disabled: bool
    second_factor: bool  # a code is asked for beside the password
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an account proves itself by."""

    account: Account
    password_hash: str = field(repr=False)
    totp_secret: str = field(repr=False)  # base 32; "" where no code is asked for
    totp_step: int  # the time step of the last code that was taken: a code counts once
    recovery_hashes: tuple[str, ...] = field(repr=False)  # of codes that were not used yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who has entered and not left."""

    account: Account
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What opens the desk to a program (`api`), or one person's feeds to a feed reader (`feed`)."""

    id: int
    account: str
    kind: KeyKind
    name: str
    role: DeskRole
    created_at: datetime
    used_on: date | None  # the last day, in UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Something that was done: who, what, to what, when. No address of whoever asked is kept."""

    id: int
    at: datetime
    who: str  # the name of an account; "" for nobody who is known
    action: AuditAction
    subject: str  # what it was done to
    detail: str
