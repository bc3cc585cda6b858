"""A desk, its phone, and alerts that are due: what the tests of delivery begin with.

What lives here: the file of that desk, a way out that takes everything, and how alerts come to be due. What must not:
an expectation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

from alerts.channel import Sender
from monitor.errors import DeliveryError
from monitor.model import Decision, Message
from monitor.pipeline.deliver import Deliver
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from storage import outbox
from storage.database import Database
from tests.rows import claim, examined, keep, keyed, match, record, remember

CONFIG = """
contact: https://desk.example/
channels: [{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}]
recipients:
  - {name: desk, channel: mail, address: desk@desk.example, quiet: "22:00-07:00", zone: Europe/Madrid, an_hour: 4}
  - {name: night, channel: mail, address: night@desk.example}
watches:
  - {name: ferries, query: ferry}
  - {name: floods, query: flood, urgent: true}
feeds: []
"""


@dataclass
class Phone:
    """A way out that takes everything, or raises the next of its answers."""

    took: list[tuple[str, Message]] = field(default_factory=list)  # address, message
    answers: list[DeliveryError] = field(default_factory=list)

    def send(self, message: Message, address: str) -> str:
        if self.answers:
            raise self.answers.pop(0)
        self.took.append((address.partition("@")[0], message))
        return "taken"

    def kinds(self, recipient: str = "desk") -> list[str]:
        return [message.kind for to, message in self.took if to == recipient]


def settings(folder: Path, text: str = CONFIG, secrets: Mapping[str, str] | None = None) -> Config:
    """The file as the program reads it."""
    (folder / "feeds.yaml").write_text(text)
    return read_config(folder / "feeds.yaml", secrets or {})


def delivery(
    database: Database, config: Config, senders: Mapping[str, Sender], clock: Callable[[], datetime]
) -> Deliver:
    """The third stage, in a database that knows the feeds of the newsroom."""
    remember(database)
    return Deliver(database=database, config=config, outlets=shipped(), senders=senders, clock=clock, stop=Event())


def tell(deliver: Deliver, count: int = 1, *, to: str = "desk", watch: str = "ferries", prefix: str = "s") -> None:
    """As many stories, each with an alert that is due."""
    now = deliver.clock()
    keep(deliver.database, *(keyed(f"{prefix}{n}", f"Ferry {prefix}{n} waits") for n in range(count)), now=now)
    alert = Decision(watch=watch, recipient=to, action="alert", reason="news")
    found = [
        examined(entry.id, alert, matches=(match(watch),)) for entry in claim(deliver.database, now=now, limit=count)
    ]
    assert all(record(deliver.database, *found, now=now))


def ledger(deliver: Deliver, state: str) -> list[outbox.OutboxRow]:
    with deliver.database.read() as connection:
        return list(reversed(outbox.listing(connection, states=[state], limit=100_000)))
