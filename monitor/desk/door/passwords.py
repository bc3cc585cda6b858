"""Passwords: which may be chosen, how they are kept, and whether one fits.

What lives here: the only calls of the argon2 library, and the rule for choosing. What must not: whose password it is,
and what follows (`login`).
"""

from __future__ import annotations

import gzip
import re
import secrets
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12  # characters
LONGEST = 256  # characters: longer ones make nobody safer, and cost whoever must hash them
_READ = 4 * LONGEST  # of what somebody types, who may have typed each accent apart
_UNGUESSED = 8  # characters that must be left beside a name that everybody knows
_ADDED = 8  # digits and signs that make nothing better of a common password
_FEW = 5  # different characters, below which a password is a pattern
_RUNS = (
    "1234567890" * 3,
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "qwertyuiopasdfghjklzxcvbnm" * 2,
    "qwertzuiopasdfghjklyxcvbnm",
)

# argon2id with what OWASP asks for at least: 19 MiB, two passes, one lane. A small server has the memory twice, and not
# for everybody who knocks at once: who comes third waits.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = BoundedSemaphore(2)


def password_fault(password: str, *, name: str) -> str:
    """What is wrong with a password that somebody chooses; "" where nothing is. `name` is that of the account."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return f"expected at least {SHORTEST} characters; a few words that do not belong together are easy to keep"
    if len(plain) > LONGEST:
        return f"expected at most {LONGEST} characters"
    folded = plain.casefold()
    if _is_common(folded):
        return "one of the passwords that everybody tries first; expected one that nobody else has"
    if _is_pattern(folded):
        return "a pattern, which is tried early; expected words or letters that do not repeat"
    rest = folded.replace("tipsheet", "").replace(name.casefold(), "") if name else folded
    if len(rest) < _UNGUESSED:
        return "little more than a name that everybody knows; expected something else"
    return ""


def hash_password(password: str) -> str:
    """The password as it is kept: argon2id with its own salt, in the usual writing (`$argon2id$…`)."""
    with _AT_ONCE:
        return _HASHER.hash(_bytes(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether it is this password. None stands for an account that does not exist, and takes as long."""
    with _AT_ONCE:
        try:
            _HASHER.verify(password_hash or _nobodys(), _bytes(password[:_READ]))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was hashed with less than is asked for today, and should be hashed again."""
    return _HASHER.check_needs_rehash(password_hash)


def _bytes(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")


def _plain(password: str) -> str:
    """The same characters from any keyboard. Case counts, and so do blanks."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


# ---- what everybody tries first --------------------------------------------------------------------------------------


@cache
def common_passwords() -> frozenset[str]:
    """The 3,000 most common passwords, and the most common ones that are long enough."""
    packed = files("monitor.desk.door").joinpath("common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split())


def _is_common(folded: str) -> bool:
    """A common password, or one with digits and signs around it, which is what people do when 12 are asked for."""
    letters = re.sub(r"[\W_]+", "", folded)
    core = letters.strip("0123456789")
    return not common_passwords().isdisjoint({folded, letters, core, _repeated(core), *_lengthened(folded)})


def _lengthened(folded: str) -> Iterator[str]:
    """Of what a password may have been made by putting some digits and signs before and behind it."""
    before, behind = (len(run[0]) if (run := re.match(r"[\W\d_]+", text)) else 0 for text in (folded, folded[::-1]))
    for start in range(min(before, _ADDED) + 1):
        for cut in range(min(behind, _ADDED - start) + 1):
            yield folded[start : len(folded) - cut]


def _is_pattern(folded: str) -> bool:
    """Few different characters, a short piece again and again, or a walk along the keyboard or the alphabet."""
    walked = any(folded in run or folded in run[::-1] for run in _RUNS)
    return walked or len(set(folded)) < _FEW or len(_repeated(folded)) <= SHORTEST // 2


def _repeated(text: str) -> str:
    """The shortest piece of which a text is a repetition; the text itself where it is none."""
    return text[: (text + text).find(text, 1)] if text else ""
