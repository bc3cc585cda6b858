"""Everything else, through the library Apprise, which knows a hundred services. It is not installed unless asked for.

What lives here: one message handed over, and what little comes back. What must not: a service that has a room here.

Apprise asks the web by itself: our address policy, our limits and our proxy do not hold for it. It says whether a
message was taken, and neither why not nor whether it may have arrived all the same.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from alerts.chat import harmless
from alerts.note import as_text, note_of
from alerts.posting import Settings
from monitor.errors import DeliveryError
from monitor.model import Message

ABSENT = "Apprise is not installed; install it with: pip install 'tipsheet[apprise]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseSender:
    """Hands messages to whatever one of Apprise's addresses stands for."""

    url: str = field(repr=False)

    def send(self, message: Message, address: str) -> str:
        """Hand it over. Returns a receipt; raises DeliveryError. Where it goes is the channel's own."""
        apprise, note = _library(), harmless(note_of(message))
        service = apprise.Apprise()
        service.add(self.url)
        body = as_text(note).removeprefix(note.title).strip() or note.title
        if not service.notify(title=note.title, body=body, body_format=apprise.NotifyFormat.TEXT):
            raise DeliveryError("Apprise could not deliver it, and does not say why", retry=True)
        return "taken, as Apprise says"


def check(settings: Settings) -> Iterator[str]:
    """What is wrong with a channel's settings, in words."""
    if importlib.util.find_spec("apprise") is None:
        yield ABSENT
    elif not _library().Apprise().add(str(settings["url"])):
        yield "url: expected an address that Apprise knows, such as service://token/room"


def _library() -> ModuleType:
    """Loaded when it is used: it takes longer than all of Tipsheet. What it logs may hold a secret, so it is silent."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    module: ModuleType = apprise
    return module
