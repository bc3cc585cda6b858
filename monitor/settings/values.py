"""The values that feeds.yaml is made of: a duration, an hour, an address, the name of a secret.

What lives here: how one value is read, and what is said of one that cannot be. What must not:
keys and blocks (`shape`).
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from email.utils import formataddr, parseaddr
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from monitor.net.addresses import address_fault, read_proxy

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ZONES = available_timezones()


def duration(value: object) -> timedelta:
    """A length of time as the file and the commands write it: 90d. ValueError for anything else."""
    found = re.fullmatch(r"(\d+)\s*([smhdw])", str(value).strip())
    if not found:
        raise ValueError("expected a duration such as 30s, 15m, 1h, 2d or 1w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _hour(value: object) -> time:
    # Ask for quotes in the message: an unquoted 07:30 is a number in base 60 to older YAML readers.
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value))
    if not found:
        raise ValueError('expected an hour such as "07:00"')
    return time(int(found[1]), int(found[2]))


def _hours(value: object) -> tuple[time, time]:
    begin, dash, end = str(value).replace(" ", "").partition("-")
    try:
        hours = _hour(begin), _hour(end)
    except ValueError:
        dash = ""
    if not dash or hours[0] == hours[1]:
        raise ValueError('expected two different hours such as "22:00-07:00"')
    return hours


def _reminder(value: object) -> timedelta:
    wait = duration(value)
    if wait < timedelta(minutes=5):
        raise ValueError("expected at least 5m between two reminders")
    return wait


def _zone(value: object) -> str:
    if value not in _ZONES:
        raise ValueError("expected a time zone such as America/New_York or Europe/Madrid")
    return str(value)


def _url(value: object) -> str:
    text = str(value)
    if re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise ValueError("expected a URL without spaces, backslashes or control characters")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL that starts with http:// or https:// and names a host")
    if "@" in parts.netloc:
        raise ValueError("a user name or password does not belong in this file; expected a URL without them")
    return text


def twin(url: str) -> str:
    """What two addresses of one feed have in common: http and https, with or without a stroke at the end."""
    return url.partition("://")[2].rstrip("/")


def _doorstep(value: object) -> str:
    """What an address of ours begins with: over TLS, but where nobody outside can reach it anyway."""
    text = _url(value).rstrip("/")
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without ? and #")
    if parts.scheme != "https" and not (host == "localhost" or (_is_address(host) and address_fault(host))):
        raise ValueError("expected a URL that starts with https://")
    return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _listen(value: object) -> str:
    found = re.fullmatch(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", str(value))
    if not found or not 0 < int(found[2]) < 65_536:
        raise ValueError("expected an address of this machine and a port, such as 127.0.0.1:8081")
    return str(value)


def _target(value: object) -> str:
    """A webhook's address is often a secret itself, so it may be named instead of written."""
    return str(value) if re.fullmatch(r"\$\{[A-Z][A-Z0-9_]*\}", str(value)) else _url(value)


def _network(value: object) -> str:
    try:
        return str(ip_network(str(value)))
    except ValueError:
        raise ValueError("expected a network such as 10.1.0.0/16") from None


def _proxy(value: object) -> str:
    read_proxy(str(value))
    return str(value)


def _sender(value: object) -> str:
    """An address, with or without a name before it: `Tipsheet <tipsheet@example.org>`."""
    name, address = parseaddr(str(value))
    _email(address)
    return formataddr((name, address)) if name else address


def _email(value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"[^@\s<>,;\x00-\x1f]+@[^@\s<>,;\x00-\x1f]+", text):
        raise ValueError("expected an email address such as desk@example.org")
    return text


def _language(value: object) -> str:
    if not re.fullmatch(r"([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?", str(value)):
        raise ValueError("expected a language such as en or es-MX")
    return str(value)


def _secret(value: object) -> str:
    found = re.fullmatch(r"\$\{([A-Z][A-Z0-9_]*)\}", str(value))
    if not found:
        raise ValueError(
            "a secret does not belong in this file; expected the name of its variable, such as ${SMTP_PASSWORD}"
        )
    return found[1]


Duration = Annotated[timedelta, BeforeValidator(duration)]
Hour = Annotated[time, BeforeValidator(_hour)]
Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]
Reminder = Annotated[timedelta, BeforeValidator(_reminder)]
Zone = Annotated[str, BeforeValidator(_zone)]
Url = Annotated[str, BeforeValidator(_url)]
Doorstep = Annotated[str, BeforeValidator(_doorstep)]
Listen = Annotated[str, BeforeValidator(_listen)]
Target = Annotated[str, BeforeValidator(_target)]
Network = Annotated[str, BeforeValidator(_network)]
ProxyUrl = Annotated[str, BeforeValidator(_proxy)]
EmailAddress = Annotated[str, BeforeValidator(_email)]
Sender = Annotated[str, BeforeValidator(_sender)]
Language = Annotated[str, BeforeValidator(_language)]
SecretName = Annotated[str, BeforeValidator(_secret)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
