"""The floor: a program that sends and then marks, as most do. It is killed as Tipsheet is, to show what that costs.

What lives here: fetch the feeds, send each entry that is not marked by mail and by webhook, mark it. No outbox, no
attempt written down before it is made, no stories.
"""

from __future__ import annotations

import os
import re
import smtplib
import urllib.request
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree


def fetch(url: str) -> list[tuple[str, str]]:
    """Guid and title of each entry."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        items = ElementTree.fromstring(answer.read()).iter("item")
        return [(item.findtext("guid", ""), item.findtext("title", "")) for item in items]


def mail(port: int, guid: str, title: str) -> str:
    letter = EmailMessage()
    letter["Message-ID"], letter["Subject"] = f"<{guid}@floor.example>", title
    letter["From"], letter["To"] = "floor@kills.example", "person@kills.example"
    letter.set_content(title)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as session:
        session.send_message(letter)
    return guid


def post(url: str, guid: str, title: str) -> str:
    request = urllib.request.Request(url, data=title.encode(), headers={"webhook-id": guid})
    with urllib.request.urlopen(request, timeout=10):
        return guid


def mark(sent: Path, guid: str) -> str:
    with sent.open("a") as file:
        file.write(f"{guid}\n")
        file.flush()
        os.fsync(file.fileno())
    return guid


def run(sent: Path, mail_port: int, hook: str, feeds: list[str]) -> None:
    """One pass. An entry of the back-catalogue (`-A00000Z`, `-A00001Z`) is not news."""
    marked = set(sent.read_text().split()) if sent.exists() else set()
    for guid, title in [entry for feed in feeds for entry in fetch(feed)]:
        if guid not in marked and not re.search(r"-A0000[01]Z$", guid):
            mail(mail_port, guid, title)
            post(hook, guid, title)
            mark(sent, guid)
