"""The demo's newsroom in the midst of a morning: accounts, verdicts, a note, a correction, and things that went wrong.

What lives here: that state, made once and copied for each test, and who may come to it. What must not: an expectation.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from alerts.consent import confirm_token, stop_token
from monitor.desk.door import second_factor
from monitor.desk.door.entrance import csrf_token, entry_cookie
from monitor.desk.door.people import People
from monitor.desk.place import Desk
from monitor.model import ChannelState, Recipient
from monitor.pipeline.correct import Correct
from monitor.run import open_client
from storage import accounts, consents, facts, review, sessions, stories
from storage.database import Database
from storage.facts import Pause
from storage.schema import feeds, outbox
from tests.browser import open_desk
from tests.mail_sink import MailSink
from tests.newsroom_desk import at_the_end
from tests.scripted_server import Answer, ScriptedServer

WATCH = "tech and immigration enforcement"
FEED = "Harbor Ledger"
PASSWORD = "juniper ferry 1871"
NEW_READER = Recipient(name="night", channel="mail", address="night@demo.example")  # is asked, and has not answered
STOPPING = Recipient(name="desk", channel="mail", address="desk@demo.example")

# What stands in a form and is known only at the desk itself.
MARK, OLD_MARK, CODE, QUESTION, STOP, WEB = "{mark}", "{an older mark}", "{code}", "{question}", "{stop}", "{web}"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OPML = """<opml version="2.0"><body><outline type="rss" text="Harbor Radio" xmlUrl="https://radio.example/feed"/>
</body></opml>"""
TWINS = '<opml version="2.0"><body><outline type="rss" text="x" xmlUrl="{of a feed}"/></body></opml>'
_PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
_ITEMS = "".join(f"<item><title>Ferry {number} late</title><guid>{number}</guid></item>" for number in range(5))
_RSS = f"<rss version='2.0'><channel><title>Harbor Radio</title>{_ITEMS}</channel></rss>"


@pytest.fixture(scope="session")
def worked_newsroom(newsroom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory. Its feeds.yaml leads to a mail server and a site that answer."""
    place = tmp_path_factory.mktemp("worked") / "newsroom"
    shutil.copytree(newsroom, place)
    with MailSink() as sink, ScriptedServer() as web:
        web.script("/", Answer(body=_PAGE.encode(), headers={"Content-Type": "text/html"}))
        web.script("/feed", Answer(body=_RSS.encode(), headers={"Content-Type": "application/rss+xml"}))
        path = place / "feeds.yaml"
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^  port: \d+$", f"  port: {sink.port}", text)
        text = re.sub(r"(?m)^  - \d+$", rf"\g<0>\n  - {web.port}\n  - 443", text)
        text = re.sub(r"(?m)^watches:$", "watches:\n- name: ferries\n  query: ferry", text)
        path.write_text(text, encoding="utf-8")
        (place / "web").write_text(web.url("/"), encoding="utf-8")
        with Database(f"sqlite:///{place / 'tipsheet.db'}") as database:
            _work(database, at_the_end(database)())
        yield place


def _work(database: Database, now: datetime) -> None:
    """What people did this morning, and what went wrong."""
    people = People(database=database, by="the keeper", now=now)
    for name, role in (("ana", "admin"), ("bo", "reviewer"), ("rea", "reader")):
        people.add(name, PASSWORD, role)  # type: ignore[arg-type]
    people.add_key("ana", "script")
    people.add_key("ana", "phone", "feed")
    people.ask_for_code("bo", SECRET, second_factor.code_at(SECRET, second_factor.step_at(now)))
    with database.write() as connection:
        review.judge(connection, 2, "refused", watch=WATCH, by="bo", now=now, reason="old news")
        review.add_note(connection, 2, "Ask the agency.", by="bo", now=now)
        review.assign(connection, 2, "bo", by="bo", now=now)
        wrong = max(member.entry for member in stories.members_of(connection, 2))
        connection.execute(
            update(outbox).where(outbox.c.id == 2).values(state="failed", sent_at=None, reason="410 gone")
        )
        connection.execute(update(feeds).where(feeds.c.id == 1).values(polled_at=now - timedelta(hours=1)))
        facts.keep_pause(connection, WATCH, Pause(since=now, until=now + timedelta(hours=6)))
        facts.keep_channel_state(
            connection,
            "bot",
            ChannelState(since=now, open_until=now + timedelta(minutes=8), trips=3, reason="connection refused"),
        )
        consents.meet(connection, STOPPING, now=now)
        consents.asked(connection, consents.meet(connection, NEW_READER, now=now), now=now)
    Correct(database=database, by="bo", why="an answer of its own", now=now).split(2, [wrong])


@pytest.fixture
def worked(worked_newsroom: Path, tmp_path: Path) -> Iterator[Desk]:
    """A desk over a copy of it, which asks who comes, and may ask this machine."""
    place = tmp_path / "worked"
    shutil.copytree(worked_newsroom, place)
    with ExitStack() as stack:
        database = stack.enter_context(Database(f"sqlite:///{place / 'tipsheet.db'}"))
        stack.enter_context(pytest.MonkeyPatch.context()).setitem(os.environ, "TIPSHEET_DEMO_SECRET", "d" * 32)
        yield stack.enter_context(
            open_desk(database, place / "feeds.yaml", at_the_end(database), open_client=open_client)
        )


# ---- who comes -------------------------------------------------------------------------------------------------------


def session_of(desk: Desk, name: str) -> str:
    """A session of somebody who is in."""
    with desk.database.write() as connection:
        account = accounts.find(connection, name)
        assert account
        return sessions.begin(connection, account.id, now=desk.clock())


def headers_of(desk: Desk, name: str) -> dict[str, str]:
    """What a script of a page sends with a form; of nobody who is known: with the token of the login's page."""
    token = session_of(desk, name) if name else desk.secret
    headers = {"X-CSRF-Token": csrf_token(token), "Origin": desk.home}
    return headers | ({"Cookie": entry_cookie(token, secure=False).partition(";")[0]} if name else {})


def filled_in(desk: Desk, value: object) -> object:
    """A value of a form, with what only the desk itself knows."""
    if not isinstance(value, str) or "{" not in value:
        return value
    for name, meant in _meant(desk).items():
        value = value.replace(name, meant)
    return value


def _meant(desk: Desk) -> dict[str, str]:
    path = desk.settings.path
    text = path.read_text(encoding="utf-8")
    code = second_factor.code_at(SECRET, second_factor.step_at(desk.clock()))
    with desk.database.write() as connection:
        secret = consents.secret(connection)
        question = consents.find(connection, NEW_READER)
    assert question
    return {
        MARK: hashlib.sha256(text.encode()).hexdigest()[:32], OLD_MARK: "0" * 32, CODE: code, "{file}": text,
        QUESTION: confirm_token(secret, question), STOP: stop_token(secret, STOPPING.name, STOPPING.address),
        WEB: (path.parent / "web").read_text(encoding="utf-8"),
        "{of a feed}": next(iter(desk.settings.now().feeds)),
    }  # fmt: skip
