"""An installation in one file, and back: whole, for its owner alone, and nothing is told twice because of it."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from monitor.errors import StorageError
from monitor.model import Recipient
from monitor.pipeline import backup
from monitor.pipeline.backup import unpacked
from monitor.watches import packs
from storage import copying, facts, outbox, restored
from storage.database import Database
from tests import command, rows
from tests.conftest import NOON
from tests.engines import new_database
from tests.mail_sink import MailSink
from tests.scripted_server import Answer, ScriptedServer

YAML = """\
contact: https://desk.example
network: {{allow: [127.0.0.0/8], ports: [{port}]}}
channels: [{{name: mail, kind: email, host: localhost, port: {mail}, security: none, from: a@desk.example}}]
recipients: [{{name: desk, channel: mail, address: desk@desk.example, digest_at: "00:00", zone: UTC}}]
watches: [{{name: ferries, query: ferry}}]
feeds: [{{url: "{feed}", name: Ferry Times, outlet: ferry.example}}]
"""
STORIES = {
    "sinks": "Ferry sinks in the harbour of Port Ada",
    "strike": "Crews of the night ferry vote to strike over pay",
    "bridge": "Minister opens a bridge that replaces the island ferry",
    "whale": "Whale follows the morning ferry for two hours",
}


@dataclass
class Newsroom:
    """A feed, a mail server, and a Tipsheet between the two, called as a shell would."""

    folder: Path
    server: ScriptedServer
    mail: MailSink
    url: str  # of its database

    def publish(self, *stories: str, at: datetime | None = None) -> None:
        """The feed has these, the newest first; each came to be seen a moment ago."""
        when = format_datetime(at or datetime.now(UTC))
        items = "".join(
            f"<item><title>{STORIES[one]}</title><guid>{one}</guid><link>https://ferry.example/{one}</link>"
            f"<pubDate>{when}</pubDate></item>"
            for one in stories
        )
        body = f"<rss version='2.0'><channel><title>Ferry Times</title>{items}</channel></rss>".encode()
        self.server.script("/feed", Answer(body=body, headers={"Content-Type": "application/rss+xml"}))

    def call(self, *args: str, code: int = 0, **environ: str) -> command.Ran:
        place = ("--config", self.folder / "feeds.yaml", "--database", self.url)
        mine = place[2:] if args[0] == "alerts" else place
        ran = command.tipsheet(*args, *mine, environ=environ)
        assert ran.code == code, ran.err
        return ran

    def once(self, code: int = 0) -> list[str]:
        """Everything is due; the subjects of the letters that came of it."""
        with Database(self.url) as database, database.write() as connection:
            connection.exec_driver_sql("UPDATE feeds SET next_poll_at = NULL, rest_until = NULL")
            connection.exec_driver_sql("UPDATE outbox SET due_at = created_at WHERE state = 'waiting'")
        before = len(self.mail.letters)
        self.call("once", code=code)
        return [letter.subject for letter in self.mail.letters[before:]]

    def listed(self, state: str) -> list[str]:
        ran = self.call("alerts", "--json", "--state", state)
        return sorted(one["subject"] or one["kind"] for one in ran.objects)


@pytest.fixture
def newsroom(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Newsroom]:
    engine = getattr(request, "param", "sqlite")
    with ScriptedServer() as server, MailSink() as mail, new_database(engine, tmp_path) as url:
        yaml = YAML.format(port=server.port, mail=mail.port, feed=server.url("/feed"))
        (tmp_path / "feeds.yaml").write_text(yaml, encoding="utf-8")
        yield Newsroom(tmp_path, server, mail, url)


@pytest.mark.parametrize(
    ("newsroom", "to"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("postgresql", "sqlite")],
    indirect=["newsroom"],
)
def test_after_a_backup_is_put_back_nothing_is_told_twice_and_nothing_is_lost(
    newsroom: Newsroom, to: str, tmp_path: Path
) -> None:
    newsroom.publish("sinks")
    assert any(STORIES["sinks"] in subject for subject in newsroom.once())
    newsroom.publish("strike", "sinks")
    newsroom.mail.greylist["desk@desk.example"] = 1
    assert newsroom.once(code=1) == []  # it waits
    newsroom.call("backup", str(newsroom.folder / "copy"))
    newsroom.publish("bridge", "strike", "sinks")
    told = newsroom.once()
    assert len(told) == 2

    newsroom.call("restore", str(newsroom.folder / "copy"), code=3)  # there is a database
    with put_back(newsroom, to, tmp_path / "new") as ran:
        assert "may have gone out since" in ran.out
        look_around(newsroom)


@contextmanager
def put_back(newsroom: Newsroom, engine: str, folder: Path) -> Iterator[command.Ran]:
    """A file takes the place of another, which is put aside; a server's database is one that is new."""
    if engine == "sqlite" and newsroom.url.startswith("sqlite"):
        yield newsroom.call("restore", str(newsroom.folder / "copy"), "--replace")
        return
    folder.mkdir()
    with new_database(engine, folder) as newsroom.url:
        yield newsroom.call("restore", str(newsroom.folder / "copy"))


def look_around(newsroom: Newsroom) -> None:
    """Nothing is told twice; what is new is told; what may have been told, a person decides."""
    assert newsroom.once() == []
    assert newsroom.once() == []
    held = newsroom.listed("uncertain")
    assert [title for title in STORIES.values() if any(title in subject for subject in held)] == [
        STORIES["strike"], STORIES["bridge"],
    ]  # fmt: skip
    newsroom.publish("whale", "bridge", "strike", "sinks", at=datetime.now(UTC) + timedelta(seconds=1))
    assert [STORIES["whale"] in subject for subject in newsroom.once()] == [True]
    (again, *_) = [one["id"] for one in newsroom.call("alerts", "--json", "--state", "uncertain").objects]
    command.tipsheet("alerts", "retry", str(again), "--database", newsroom.url)
    assert len(newsroom.once()) == 1  # a person has decided


def test_a_backup_is_for_its_owner_alone_and_says_nothing_when_it_is_sealed(newsroom: Newsroom) -> None:
    newsroom.publish("sinks")
    newsroom.once()
    plain, sealed = newsroom.folder / "plain", newsroom.folder / "sealed"
    newsroom.call("backup", str(plain))
    newsroom.call("backup", str(sealed), "--encrypt", code=2)
    newsroom.call("backup", str(sealed), "--encrypt", TIPSHEET_BACKUP_PASSPHRASE="tide and time")
    assert {path.stat().st_mode & 0o777 for path in (plain, sealed)} == {0o600}
    assert not zipfile.is_zipfile(sealed)
    assert zipfile.is_zipfile(plain)
    assert b"feeds.yaml" not in sealed.read_bytes()
    wrong = newsroom.call("restore", str(sealed), "--replace", code=3)
    assert "expected its passphrase" in wrong.err
    newsroom.call("restore", str(sealed), "--replace", TIPSHEET_BACKUP_PASSPHRASE="tide and time")
    assert (newsroom.folder / "tipsheet.db").stat().st_mode & 0o777 == 0o600
    assert newsroom.once() == []


def test_a_running_instance_is_not_pulled_away_under(newsroom: Newsroom) -> None:
    newsroom.once()
    newsroom.call("backup", str(newsroom.folder / "copy"))
    with Database(f"sqlite:///{newsroom.folder / 'tipsheet.db'}") as database:
        database.claim_instance()
        newsroom.call("backup", str(newsroom.folder / "copy"))  # a backup does not mind
        ran = newsroom.call("restore", str(newsroom.folder / "copy"), "--replace", code=75)
    assert "another tipsheet" in ran.err


@pytest.mark.parametrize("newsroom", ["postgresql"], indirect=True)
def test_what_is_on_a_server_is_neither_put_aside_nor_mixed_with_something_else(newsroom: Newsroom) -> None:
    newsroom.once()
    newsroom.call("backup", str(newsroom.folder / "copy"))
    aside = newsroom.call("restore", str(newsroom.folder / "copy"), "--replace", code=3)
    assert "make an empty one, and name it in --database" in aside.err
    mixed = newsroom.call("restore", str(newsroom.folder / "copy"), code=3)
    assert "is not empty (it has rows in `facts`)" in mixed.err


def test_a_restoration_that_was_interrupted_is_no_installation_and_is_done_again(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.publish("sinks")
    newsroom.once()
    newsroom.call("backup", str(newsroom.folder / "copy"))
    with new_database("postgresql", tmp_path) as newsroom.url:
        with monkeypatch.context() as world:
            world.setattr(copying, "prove", lambda *_: (_ for _ in ()).throw(StorageError("the line is cut")))
            newsroom.call("restore", str(newsroom.folder / "copy"), code=3)
        assert "say `tipsheet db copy` or `tipsheet restore` again" in newsroom.call("once", code=3).err
        newsroom.call("restore", str(newsroom.folder / "copy"))
        assert newsroom.once() == []


@pytest.mark.parametrize("newsroom", ["postgresql"], indirect=True)
def test_a_backup_of_a_server_is_of_one_moment_whoever_writes_meanwhile(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.publish("sinks")
    newsroom.once()
    before, lots = copying.copy, []

    def disturbed(source: Connection, target: Database, *, anew: bool) -> Iterator[str]:
        """After each lot somebody changes what was copied."""
        for name in before(source, target, anew=anew):
            lots.append(name)
            with Database(newsroom.url) as other, other.write() as connection:
                connection.exec_driver_sql("UPDATE feeds SET name = name || '!'")
            yield name

    monkeypatch.setattr(copying, "copy", disturbed)
    newsroom.call("backup", str(newsroom.folder / "copy"))
    assert {"feeds", "entries", "outbox"} <= set(lots)
    with (
        unpacked(newsroom.folder / "copy", beside=newsroom.folder / "x") as found,
        closing(sqlite3.connect(found.database)) as raw,
    ):
        assert raw.execute("SELECT name FROM feeds").fetchall() == [("Ferry Times",)]


def test_on_a_new_machine_everything_is_put_where_it_belongs(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.once()
    newsroom.call("backup", str(tmp_path / "copy"))
    place = tmp_path / "new" / "place"
    args = ("--config", place / "feeds.yaml", "--database", f"sqlite:///{place / 'tipsheet.db'}")
    assert command.tipsheet("restore", tmp_path / "copy", *args, "--json").code == 0
    assert sorted(path.name for path in place.iterdir()) == ["feeds.yaml", "tipsheet.db", "tipsheet.db.lock"]
    assert (place / "feeds.yaml").read_bytes() == (newsroom.folder / "feeds.yaml").read_bytes()


# ---- what is refused -------------------------------------------------------------------------------------------------


def pack(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def head(**changed: object) -> bytes:
    usual = {"made_at": NOON.isoformat(), "version": "1", "size": 4, "digest": "0" * 64}
    return json.dumps(usual | changed).encode()


GOOD = {"backup.json": head(), "feeds.yaml": b"", "tipsheet.db": b"rows"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (GOOD | {"../../etc/cron.d/x": b""}, "it has '../../etc/cron.d/x'"),
        (GOOD | {"/etc/passwd": b""}, "it has '/etc/passwd'"),
        ({"backup.json": head()}, "it has only backup.json"),
        (GOOD | {"backup.json": b"[]"}, "its backup.json cannot be read"),
        (GOOD | {"backup.json": head(size="many")}, "its backup.json cannot be read"),
        (GOOD | {"backup.json": b" " * 100_000}, "its backup.json is longer"),
        (GOOD | {"feeds.yaml": b" " * (backup.LONGEST_SETTINGS + 1)}, "its feeds.yaml is longer"),
        (GOOD, "is damaged"),
        (GOOD | {"backup.json": head(size=3)}, "longer than the 3 bytes that it says"),
        (
            GOOD | {"backup.json": head(size=20_000_000), "tipsheet.db": bytes(20_000_000)},
            "no backup is packed so well",
        ),
        (GOOD | {"backup.json": head(size=10**15), "tipsheet.db": b"r" * 99}, "no backup is packed so well"),
        (GOOD | {"beside/2": b"x"}, "it has 1 files, and says 0"),
        (GOOD | {"backup.json": head(beside=[["../x.csv", 1]]), "beside/2": b"x"}, "its backup.json cannot be read"),
        (GOOD | {"backup.json": head(beside=[["/etc/x.csv", 1]]), "beside/2": b"x"}, "its backup.json cannot be read"),
        (GOOD | {"backup.json": head(beside=[["x.csv", 10**15]]), "beside/2": b"x"}, "no backup is packed so well"),
    ],
)
def test_what_is_no_backup_or_would_do_harm_is_refused(tmp_path: Path, parts: dict[str, bytes], said: str) -> None:
    source, place = pack(tmp_path / "x", parts), tmp_path / "place" / "tipsheet.db"
    with pytest.raises(StorageError, match=said), backup.unpacked(source, beside=place):
        raise AssertionError("it was let in")
    assert list(place.parent.iterdir()) == []


def test_packs_and_lists_beside_the_file_come_along_and_overwrite_nothing(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "lists").mkdir(parents=True)
    (old / "lists" / "coast.csv").write_text("url\nhttp://127.0.0.1/coast\n")
    (old / "ours.yaml").write_text(packs.shipped(packs.names()[0]))
    (old / "feeds.yaml").write_text(
        "contact: https://desk.example\nchannels: [{name: box, kind: folder, path: .}]\n"
        "recipients: [{name: desk, channel: box}]\nwatches: [{name: ours, pack: ours.yaml}]\n"
        "feed_lists: [{file: lists/coast.csv}]\nfeeds: []\n"
    )
    made = f"sqlite:///{old / 'tipsheet.db'}"
    Database(made).close()
    called = command.tipsheet("backup", tmp_path / "copy", "--config", old / "feeds.yaml", "--database", made)
    assert called.code == 0, called.err
    new.mkdir()
    another = f"# ours\n{(old / 'ours.yaml').read_text()}"
    (new / "ours.yaml").write_text(another)
    place = ("--config", new / "feeds.yaml", "--database", f"sqlite:///{new / 'tipsheet.db'}")
    (done,) = command.tipsheet("restore", tmp_path / "copy", *place, "--json").objects
    assert {Path(one).relative_to(new).as_posix() for one in done["beside"]} == {
        "lists/coast.csv", "ours.yaml.from-backup"
    }  # fmt: skip
    assert (new / "lists" / "coast.csv").read_text() == (old / "lists" / "coast.csv").read_text()
    assert (new / "ours.yaml").read_text() == another


def test_a_bomb_is_not_unpacked_past_the_length_that_it_says(tmp_path: Path) -> None:
    source = pack(tmp_path / "x", GOOD | {"tipsheet.db": bytes(15_000_000)})
    with pytest.raises(StorageError, match="longer than the 4 bytes"), backup.unpacked(source, beside=tmp_path / "y"):
        raise AssertionError("it was let in")


@pytest.mark.parametrize("content", [b"", b"PK\3\4 half a file", b"age-encryption.org/v1\nnonsense"])
def test_another_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(StorageError), backup.unpacked(tmp_path / "x", beside=tmp_path / "y", passphrase="x"):
        raise AssertionError("it was let in")


# ---- what is held ----------------------------------------------------------------------------------------------------

AT = NOON  # the backup was put back
HOUR = timedelta(hours=1)


def told_after(database: Database, published: datetime | None, seen: datetime, *, before: bool = False) -> str:
    """The state of an alert for an entry, after a restoration at noon; `before`: the feed brought others since."""
    rows.remember(database)
    with database.write() as connection:
        restored.mark(connection, (), made_at=AT - 24 * HOUR, now=AT)
    if before:
        rows.keep(database, rows.keyed("earlier", "Another"), now=AT + timedelta(minutes=1))
        rows.claim(database, now=AT + 9 * HOUR)
    rows.keep(database, rows.keyed("one", published=published), now=seen)
    (entry, *_) = (one for one in rows.claim(database, now=AT + 10 * HOUR) if one.document.title == "Ferry waits")
    rows.record(database, rows.examined(entry.id, rows.decision()), now=AT + 10 * HOUR)
    with database.read() as connection:
        (row,) = outbox.listing(connection)
    return row.state


@pytest.mark.parametrize(
    ("published", "seen", "before", "state"),
    [
        (AT - HOUR, AT + HOUR, False, "uncertain"),  # it was out by then: it may have been told
        (AT + HOUR, AT + 2 * HOUR, False, "waiting"),
        (AT - HOUR, AT - HOUR, False, "uncertain"),  # in the backup, and not examined yet
        (None, AT + HOUR, False, "uncertain"),  # it may have stood there for long
        (None, AT + HOUR, True, "waiting"),  # the feed was read since, and this was not in it
        (AT + 9 * HOUR, AT + HOUR, False, "uncertain"),  # a date from the future says nothing
    ],
)
def test_news_that_was_out_before_the_restoration_is_held(
    database: Database, published: datetime | None, seen: datetime, before: bool, state: str
) -> None:
    assert told_after(database, published, seen, before=before) == state


def test_what_waited_is_held_and_a_digest_that_was_due_is_not_made_again(database: Database) -> None:
    desk = Recipient(name="desk", channel="mail", address="desk@desk.example")
    due = restored.OwedDigest(key="digest:2026-02-18:desk:mail", day="2026-02-18", channel="mail", recipient="desk",
                              address=desk.address)  # fmt: skip
    with database.write() as connection:
        outbox.add_digest(connection, desk, day="2026-02-17", now=NOON - 24 * HOUR)
        assert restored.mark(connection, (due,), made_at=NOON - HOUR, now=NOON) == 2
        assert not outbox.add_digest(connection, desk, day="2026-02-18", now=NOON + HOUR)
        assert outbox.add_digest(connection, desk, day="2026-02-19", now=NOON + 24 * HOUR)
        assert [row.state for row in outbox.listing(connection)] == ["waiting", "uncertain", "uncertain"]
        assert facts.restored(connection) == (NOON - HOUR, NOON)
