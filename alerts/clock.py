"""Times as a reader reads them: in the reader's zone and language.

What lives here: a moment and a recipient → words. What must not: a clock.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.languages.language import Language, language_of
from monitor.model import Recipient


def local_time(moment: datetime, recipient: Recipient, language: Language | None = None) -> str:
    """ "Tue 24 Nov, 09:12 GMT": in the recipient's zone, and language unless another is asked for."""
    at, language = local(moment, recipient), language or language_of(recipient.language)
    said = language.dated("EEE d MMM, HH:mm", at)
    return f"{said} {_zone_name(at)}"


def clock_time(moment: datetime, recipient: Recipient) -> str:
    """ "09:12 GMT"."""
    at = local(moment, recipient)
    return f"{at:%H:%M} {_zone_name(at)}"


def day_of(moment: datetime, recipient: Recipient) -> str:
    """ "24 Nov"."""
    return language_of(recipient.language).dated("d MMM", local(moment, recipient))


def local(moment: datetime, recipient: Recipient) -> datetime:
    """A moment in the recipient's zone."""
    with suppress(OverflowError):  # a feed that dates its entries to the year 1 or 9999
        return moment.astimezone(zone_of(recipient))
    return moment


def zone_of(recipient: Recipient) -> ZoneInfo:
    """The recipient's zone; UTC where the name means nothing to this machine, because late is better than never."""
    try:
        return ZoneInfo(recipient.zone)
    except (OSError, ValueError, KeyError):
        return ZoneInfo("UTC")


def _zone_name(at: datetime) -> str:
    """ "CET"; of a zone whose name is but a number, "UTC-05"."""
    name = at.tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name
