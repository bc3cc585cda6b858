"""Whether the address of a recipient wants to hear: asked once, answered by whoever reads what is sent there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ConsentState = Literal["waiting", "confirmed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What one address said of what one recipient receives."""

    recipient: str
    address: str
    state: ConsentState
    since: datetime
    asked_at: datetime | None  # when it was asked last; None: never
    said_by: str  # "the address", "earlier messages", or who said it for the address
