"""A desk that listens, and Chromium before it: what the tests of pages share.

A machine without Chromium skips them, unless TIPSHEET_BROWSER says which one must be there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from monitor.desk.place import Desk
from monitor.desk.server import furnish, open_beside
from monitor.net.fetch import Client
from monitor.settings.config import Config, DeskPlace
from storage.database import Database
from tests.conftest import Clock

# No account, no update, no phone call.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)  # fmt: skip
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def chromium() -> str:
    """Its path; the test is skipped, or fails where it must not be, when there is none."""
    wanted = os.environ.get("TIPSHEET_BROWSER", "")
    found = shutil.which(wanted or "chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if wanted:
            pytest.fail(f"the browser {wanted} is not there")
        pytest.skip("no Chromium (Debian: apt-get install chromium)")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def open_desk(database: Database, feeds_yaml: Path, clock: Clock, **place: Any) -> Iterator[Desk]:
    """A desk on a free port of this machine; `home` says where. With `open_client`, it may ask others."""
    open_client = place.pop("open_client", _no_client)
    with free_port() as port:
        usual: dict[str, Any] = {"host": "127.0.0.1", "port": port, "address": "", "trusted_proxies": ()}
    where = DeskPlace(**usual | place)
    desk = furnish(where, path=feeds_yaml, database=database, clock=clock, open_client=open_client)
    with open_beside(desk, where):
        yield desk


@contextmanager
def free_port() -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as line:
        yield line.getsockname()[1]


def _no_client(config: Config) -> nullcontext[Client]:
    raise AssertionError("this test asks nobody")


@dataclass(slots=True)
class Watched:
    """A page, and what its browser complained of: errors of scripts, and what the policy forbade."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.set_default_timeout(timedelta(seconds=10) / timedelta(milliseconds=1))

    def go(self, path: str) -> Page:
        self.page.goto(self.home + path)
        return self.page
