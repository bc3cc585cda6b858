"""A code that changes every half minute (TOTP, RFC 6238), and codes for the day on which the phone is gone.

What lives here: arithmetic of values; the time and what is random are arguments. What must not: remembering anything.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import quote

STEP = 30  # seconds; as every app has it, like the six digits and SHA-1, which is sound in an HMAC
DIGITS = 6
SECRET_BYTES = 20
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits: nobody can try them all, so a fast hash keeps them well enough


def secret_of(random: bytes) -> str:
    """A secret as it is typed into an app: base 32, for `SECRET_BYTES` random bytes 32 characters."""
    return base64.b32encode(random).decode()


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of a time step."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The time step that gives this code; None for none. A step before or after counts, for clocks stray.

    `after` is the step of the last code that was taken: what somebody has read over a shoulder does not count again.
    """
    typed, current = code.replace(" ", "").encode("utf-8", "replace"), step_at(now)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), typed) and step > after:
            return step
    return None


def app_address(secret: str, name: str, *, issuer: str = "Tipsheet") -> str:
    """What an app reads, as a rule from a square of dots."""
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?secret={secret}&issuer={quote(issuer)}"


def recovery_codes(random: bytes) -> tuple[str, ...]:
    """Codes of four groups of four, of `RECOVERY_BYTES` random bytes."""
    parts = (random[at : at + _RECOVERY_BYTES] for at in range(0, len(random), _RECOVERY_BYTES))
    return tuple(written(base64.b32encode(part).decode()) for part in parts)


RECOVERY_BYTES = RECOVERY_CODES * _RECOVERY_BYTES


def written(code: str) -> str:
    """A recovery code as it is kept, however it was typed."""
    letters = "".join(code.upper().replace("-", " ").split())
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
