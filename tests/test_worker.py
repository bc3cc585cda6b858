"""Many workers on one PostgreSQL: who may begin, who has which part of the work, and what a dead one leaves behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event, Timer
from unittest import mock

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from monitor.cluster.jobs import make_ready
from monitor.cluster.join import join, mark_of
from monitor.cluster.work import Part, Work
from monitor.errors import InstanceError, StorageError, TurnError
from monitor.model import Decision
from monitor.run import assemble
from monitor.settings.config import Config, read_config
from monitor.watches import packs
from storage import feeds, migrations, shards, turns
from storage.database import Database
from storage.schema import feeds as feed_table
from storage.schema import outbox as outbox_table
from storage.schema import turns as turn_table
from tests.command import start, tipsheet
from tests.engines import made_database, say
from tests.rows import LEASE, claim, examined, keep, keyed, match, record
from tests.scripted_server import Answer, ScriptedServer

CONFIG = """
contact: https://desk.example/
fetch: {{gap: 0s}}
network: {{allow: [127.0.0.0/8], ports: [{port}]}}
alerts: {{group_wait: 0s}}
channels: [{{name: box, kind: folder, path: "{box}"}}]
recipients: [{{name: desk, channel: box}}]
watches: [{{name: ferries, query: ferry, busy: true}}]
feeds:
"""
RSS = f"""<rss version="2.0"><channel><title>Coast</title><link>http://coast.example/</link><description>d</description>
<item><guid>1</guid><title>The ferry waits for the fog to lift</title>
<pubDate>{format_datetime(datetime.now(UTC))}</pubDate>
</item></channel></rss>""".encode()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with made_database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def file(directory: Path, server: ScriptedServer, *paths: str) -> Path:
    """A file with these feeds, all on one host."""
    directory.mkdir(exist_ok=True)
    (directory / "box").mkdir(exist_ok=True)
    lines = [f"  - {{url: '{server.url(path)}', name: '{path}', outlet: coast.example, every: 1h}}\n" for path in paths]
    port = server.url("/").rsplit(":", 1)[1].strip("/")
    (directory / "feeds.yaml").write_text(CONFIG.format(port=port, box=directory / "box") + "".join(lines))
    return directory / "feeds.yaml"


def settings(directory: Path, server: ScriptedServer, *paths: str) -> Config:
    return read_config(file(directory, server, *paths), {})


@pytest.fixture
def work(database: Database, server: ScriptedServer, tmp_path: Path) -> Iterator[Work]:
    """A worker that has joined, and does what the test says."""
    server.script("/feed", Answer(body=RSS))
    config = replace(settings(tmp_path, server, "/feed"), gap=timedelta(milliseconds=100))
    join(database, config)
    with assemble(config, database, stop=Event()) as stages:
        yield Work(stages=stages, owner="we")


def take(database: Database, name: str, owner: str) -> turns.Turn:
    with database.write(alongside=True) as connection:
        return turns.take(connection, name, owner=owner)


def polls(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(feed_table.c.polls).order_by(feed_table.c.id)).scalars())


def crawls(work: Work) -> list[Part]:
    return [part for part in work.due() if part.task == "crawl"]


# ---- turns -----------------------------------------------------------------------------------------------------------


def test_whoever_takes_a_turn_makes_void_what_the_one_before_still_writes(database: Database) -> None:
    ours = take(database, "examine", "we")
    view = database.under(lambda connection: turns.check(connection, ours))
    with view.write() as connection:
        assert connection.execute(select(turn_table.c.owner)).scalar_one() == "we"
    theirs = take(database, "examine", "they")
    assert (theirs.epoch, theirs.clean, theirs.again) == (ours.epoch + 1, False, False)
    with pytest.raises(TurnError, match="taken over 'examine'"), view.write():
        pytest.fail("nothing may be written")


def test_the_same_number_in_other_hands_is_another_turn(database: Database) -> None:
    """A server that crashed may have forgotten that a turn was taken."""
    ours = take(database, "examine", "we")
    with database.write() as connection:
        connection.execute(update(turn_table).values(owner="they"))
    with pytest.raises(TurnError), database.write() as connection:
        turns.check(connection, ours)


def test_a_turn_that_ended_says_which_hosts_are_still_to_be_left_alone(database: Database) -> None:
    with database.write() as connection:
        turns.end(connection, turns.take(connection, "crawl 1", owner="we"), rests={"a.example": 30.0})
    after = take(database, "crawl 1", "we")
    assert after.clean
    assert after.again
    assert timedelta(seconds=20) < after.rests["a.example"] <= timedelta(seconds=30)


def test_a_late_end_ends_nobody_elses_turn(database: Database) -> None:
    ours = take(database, "crawl 1", "we")
    take(database, "crawl 1", "they")
    with database.write() as connection:
        turns.end(connection, ours, rests={})
    assert not take(database, "crawl 1", "others").clean


def test_what_is_done_once_in_a_while_is_done_by_whoever_asks_first(database: Database) -> None:
    def ask(every: timedelta) -> bool:
        with database.write(alongside=True) as connection:
            return turns.is_time(connection, "tick", every=every)

    assert [ask(timedelta(hours=1)), ask(timedelta(hours=1)), ask(timedelta(0))] == [True, False, True]
    with database.write() as connection:  # the clock of the database was ahead, and is right again
        connection.execute(update(turn_table).values(began_at=datetime.now(UTC) + timedelta(hours=5)))
    assert [ask(timedelta(hours=1)), ask(timedelta(hours=1))] == [True, False]


# ---- shards ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same", [("https://a.example/1", "http://A.example:8080/2?x"), ("https://a.example./", "https://me@a.example/")]
)
def test_a_host_is_in_one_shard_however_it_is_written(same: tuple[str, str]) -> None:
    assert len({shards.shard_of(url) for url in same}) == 1


def test_hosts_are_spread_over_all_shards() -> None:
    assert {shards.shard_of(f"https://{number}.example/") for number in range(5_000)} == set(range(shards.SHARDS))


def test_a_feed_that_moves_to_another_host_moves_to_its_shard(work: Work, server: ScriptedServer) -> None:
    (part,) = crawls(work)
    there = server.url("/there").replace("127.0.0.1", "localhost")
    server.script("/feed", Answer(status=302, headers={"Location": there}))
    server.script("/there", Answer(body=RSS))
    work.do(part)
    with work.stages.database.read() as connection:
        assert connection.execute(select(feed_table.c.shard)).scalar_one() == shards.shard_of(there)


# ---- joining ---------------------------------------------------------------------------------------------------------


def test_many_join_with_one_file_and_nobody_disturbs_them(url: str, server: ScriptedServer, tmp_path: Path) -> None:
    config = settings(tmp_path, server, "/feed")
    with Database(url) as one, Database(url) as other, Database(url) as third:
        assert join(one, config)
        assert not join(other, config)
        with pytest.raises(InstanceError, match="another tipsheet"):
            third.claim_instance()


def test_a_worker_with_another_file_is_refused_unless_it_is_to_count(
    url: str, server: ScriptedServer, tmp_path: Path
) -> None:
    with Database(url) as one, Database(url) as other:
        join(one, settings(tmp_path / "one", server, "/a", "/b"))
        config = settings(tmp_path / "other", server, "/b", "/c", "/d")
        with pytest.raises(StorageError, match=r"1 of their feeds are not in .* and 2 of its feeds are new"):
            join(other, config)
        join(other, config, new_file=True)
        with other.read() as connection:
            active = select(feed_table.c.name).where(feed_table.c.active)
            assert set(connection.execute(active).scalars()) == {"/b", "/c", "/d"}


def test_a_file_of_sqlite_is_for_one_process(server: ScriptedServer, tmp_path: Path) -> None:
    ran = tipsheet("worker", "--config", file(tmp_path, server, "/a"), "--database", f"sqlite:///{tmp_path / 'a.db'}")
    assert ran.code == 3
    assert "many workers need a PostgreSQL" in ran.err


def test_the_queue_is_made_anew_for_another_version_if_nobody_works_with_it(database: Database) -> None:
    make_ready(database, alone=True)
    make_ready(database, alone=False)
    with database.write() as connection:
        connection.exec_driver_sql("COMMENT ON SCHEMA public_jobs IS 'procrastinate 0.1'")
    with pytest.raises(StorageError, match=r"the other workers use procrastinate 0\.1, this one procrastinate \d"):
        make_ready(database, alone=False)
    make_ready(database, alone=True)
    make_ready(database, alone=False)


# ---- parts of the work -----------------------------------------------------------------------------------------------


def test_a_shard_is_due_until_its_feeds_are_asked(work: Work) -> None:
    assert [part.name for part in crawls(work)] == [f"crawl {shards.shard_of('http://127.0.0.1/')}"]
    work.do(crawls(work)[0])
    assert polls(work.stages.database) == [1]
    assert crawls(work) == []


def test_a_chore_is_due_again_when_its_time_is_over(work: Work) -> None:
    owner = Part(task="chore", about="owner")
    assert owner in work.due()
    work.do(owner)
    assert owner not in work.due()
    with work.stages.database.write() as connection:
        ago = update(turn_table).where(turn_table.c.name == owner.name)
        connection.execute(ago.values(began_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert owner in work.due()


def test_what_a_dead_worker_had_is_asked_after_the_gap_of_its_hosts(work: Work, server: ScriptedServer) -> None:
    (part,) = crawls(work)
    database, wanted = work.stages.database, work.stages.config.feeds
    take(database, part.name, "the dead")
    with database.write() as connection:
        taken = feeds.claim_due(
            connection, wanted, claimant="the dead", now=turns.now(connection), lease=LEASE, limit=9
        )
    begun = time.monotonic()
    work.do(part)
    assert len(taken) == 1
    assert polls(database) == [1]
    assert server.requests[0].at - begun >= 0.1


def test_what_a_worker_finds_after_another_took_over_is_void(work: Work, server: ScriptedServer) -> None:
    (part,) = crawls(work)
    database = work.stages.database

    def slowly() -> Iterable[bytes]:
        take(database, part.name, "they")
        yield RSS

    server.script("/feed", Answer(body=slowly, headers={"Connection": "close"}))
    work.do(part)
    assert len(server.requests) == 1
    assert polls(database) == [0]
    assert not take(database, part.name, "others").clean


def test_a_host_rests_between_two_turns_too(work: Work, server: ScriptedServer) -> None:
    (part,) = crawls(work)
    for _ in range(2):
        with work.stages.database.write() as connection:
            connection.execute(update(feed_table).values(next_poll_at=None))
        work.do(part)
    first, second = server.requests
    assert second.at - first.at >= 0.1


def test_an_alert_in_the_hands_of_the_dead_is_delivered_once_by_the_next(work: Work, tmp_path: Path) -> None:
    database = work.stages.database
    with database.read() as connection:
        now = turns.now(connection)
    keep(database, keyed("a", "The ferry waits"), now=now)
    alert = Decision(watch="ferries", recipient="desk", action="alert", reason="news")
    (entry,) = claim(database, now=now, limit=1)
    record(database, examined(entry.id, alert, matches=(match("ferries"),)), now=now)
    take(database, "deliver box", "the dead")
    with database.write() as connection:
        connection.execute(
            update(outbox_table).values(claimed_by="the dead", claimed_until=now + LEASE, channel="box", due_at=now)
        )
    for _ in range(2):
        work.do(Part(task="deliver", about="box"))
    with database.read() as connection:
        assert connection.execute(select(outbox_table.c.state, outbox_table.c.attempts)).all() == [("sent", 1)]


def test_two_workers_tell_a_story_once_and_stop_when_told(url: str, server: ScriptedServer, tmp_path: Path) -> None:
    server.script("/feed", Answer(body=RSS))
    config = file(tmp_path, server, "/feed")
    running = [start("worker", "--config", config, "--database", url, "-v", "--log-json") for _ in range(2)]
    try:
        deadline = time.monotonic() + 40
        while not (told := list((tmp_path / "box").iterdir())) and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(0.5)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        said = [process.communicate(timeout=30)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert len(told) == 1, said
    assert len(server.requests) == 1
    lines = [json.loads(line) for line in "".join(said).splitlines()]
    assert {tuple(line)[:3] for line in lines} == {("time", "level", "event")}
    assert {"started", "refresh", "deliver", "stopping", "stopped"} <= {line["event"] for line in lines}


# ---- old and new, away and there -------------------------------------------------------------------------------------


def change(url: str, *statements: str) -> None:
    """What a newer version makes of the database, which it then calls 9999."""
    with Database(url) as newer, newer.write() as connection:
        for statement in (*statements, "UPDATE alembic_version SET version_num = '9999'"):
            connection.exec_driver_sql(statement)


def test_an_older_and_a_newer_worker_tell_a_story_together(url: str, work: Work, tmp_path: Path) -> None:
    """A newer version widens the database under an older one. That asks, the newer examines, the older tells."""
    widened = "ALTER TABLE feeds ADD COLUMN mood text", "ALTER TABLE entries ADD COLUMN kept bigint NOT NULL DEFAULT 7"
    change(url, *widened)
    work.do(crawls(work)[0])
    known = (*migrations.revisions(), "9999")
    config = work.stages.config
    with mock.patch.object(migrations, "revisions", return_value=known), Database(url) as database:
        assert not join(database, config)
        with assemble(config, database, stop=Event()) as stages:
            newer = Work(stages=stages, owner="newer")
            Timer(1, newer.stop).start()
            newer.do(Part(task="examine"))
    work.do(Part(task="deliver", about="box"))
    assert len(list((tmp_path / "box").iterdir())) == 1
    assert work.over == ""
    with work.stages.database.read() as connection:
        assert connection.exec_driver_sql("SELECT polls, mood, kept FROM feeds, entries").all() == [(1, None, 7)]


def test_a_worker_that_starts_on_the_database_of_a_newer_version_is_refused(
    url: str, server: ScriptedServer, tmp_path: Path
) -> None:
    change(url)
    ran = tipsheet("worker", "--config", file(tmp_path, server, "/feed"), "--database", url)
    assert ran.code == 3
    assert "is of version 9999, which this Tipsheet does not know: a newer one wrote it" in ran.err


def test_a_worker_that_its_database_has_outgrown_ends_and_loses_nothing(
    url: str, work: Work, server: ScriptedServer, tmp_path: Path
) -> None:
    """The column in which it would write is gone: what it asked is due, and the newer one asks again."""
    (part,) = crawls(work)
    change(url, "ALTER TABLE feeds RENAME COLUMN body_hash TO hash_of_the_body")
    work.do(part)
    assert "a newer one wrote it; a statement of this one failed, and nothing of it was kept" in work.over
    assert work.stages.stop.is_set()
    with work.stages.database.write() as connection:
        left = connection.exec_driver_sql("SELECT polls, next_poll_at, claimed_by FROM feeds").all()
    assert left == [(0, None, None)]


def test_a_worker_whose_file_does_not_count_any_more_writes_nothing_and_ends(
    url: str, work: Work, server: ScriptedServer, tmp_path: Path
) -> None:
    work.file = mark_of(work.stages.config)
    parts = crawls(work)
    path = file(tmp_path / "new", server, "/feed")
    path.write_text(path.read_text().replace("name: ferries", "name: boats"))
    other = read_config(path, {})
    with Database(url) as database:
        with pytest.raises(StorageError, match="but its watches, packs, lists, recipients or settings are not theirs"):
            join(database, other)
        join(database, other, new_file=True)
    for part in parts:
        work.do(part)
    assert polls(work.stages.database) == [0]
    assert work.over.startswith("another feeds.yaml counts now")


def test_a_database_that_is_away_is_waited_for_and_a_wrong_one_is_not(
    url: str, server: ScriptedServer, tmp_path: Path
) -> None:
    config = file(tmp_path, server, "/feed")
    nowhere = make_url(url).set(database="nobody_made_it").render_as_string(hide_password=False)
    assert tipsheet("worker", "--config", config, "--database", nowhere).code == 3
    away = make_url(url).set(host="127.0.0.1", port=1, query={}).render_as_string(hide_password=False)
    waiting = start("worker", "--config", config, "--database", away)
    try:
        assert waiting.stderr is not None
        said = next(line for line in waiting.stderr if "database" in line)
    finally:
        waiting.terminate()
        waiting.communicate(timeout=10)
    assert "Connection refused" in said
    assert "asked_again_in" in said


def test_a_server_that_has_no_connection_left_is_waited_for(url: str, server: ScriptedServer, tmp_path: Path) -> None:
    """The role may have none; then it may have as many as it likes, and the worker that waits begins."""
    role = f"crowded_{make_url(url).database}"
    say(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
    crowded = make_url(url).set(username=role).render_as_string(hide_password=False)
    waiting = start("worker", "--config", file(tmp_path, server, "/feed"), "--database", crowded)
    try:
        assert waiting.stderr is not None
        said = next(line for line in waiting.stderr if "database" in line)
        say(f"ALTER ROLE {role} SUPERUSER")  # whom no limit holds
        assert next((line for line in waiting.stderr if "started" in line), "")
    finally:
        waiting.terminate()
        waiting.communicate(timeout=30)
        with Database(url) as database, database.write() as connection:
            connection.exec_driver_sql(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
            connection.exec_driver_sql(f"DROP ROLE {role}")
    assert "too many connections for role" in said
    assert "asked_again_in" in said


def test_a_pack_beside_the_file_and_a_list_are_part_of_it(url: str, server: ScriptedServer, tmp_path: Path) -> None:
    """Workers with different ones would tell different things."""
    path = file(tmp_path, server, "/feed")
    pack, listed = path.with_name("ours.yaml"), path.with_name("coast.csv")
    pack.write_text(packs.shipped(packs.names()[0]))
    listed.write_text("url\nhttp://127.0.0.1:1/\n")
    text = path.read_text().replace("watches: [", "watches: [{name: ours, pack: ours.yaml}, ")
    path.write_text(text.replace("feeds:\n", "feed_lists: [{file: coast.csv}]\nfeeds:\n"))
    whole = read_config(path, {})
    mark = mark_of(whole)
    pack.write_text(f"# ours\n{pack.read_text()}")
    assert mark_of(whole) == mark  # what it says is the same
    listed.write_text("url\nhttp://127.0.0.1:2/\n")
    assert mark_of(whole) != mark
    listed.write_text("url\nhttp://127.0.0.1:1/\n")
    assert mark_of(whole) == mark
    pack.write_text(pack.read_text().replace("name:", "name: other ", 1))
    assert mark_of(whole) != mark


def test_one_worker_follows_the_lists_for_all(work: Work, server: ScriptedServer, tmp_path: Path) -> None:
    path = file(tmp_path / "listed", server, "/feed")
    path.with_name("coast.csv").write_text(f"url\n{server.url('/a')}\n{server.url('/b')}\n")
    path.write_text(path.read_text().replace("feeds:\n", "feed_lists: [{file: coast.csv}]\nfeeds:\n"))
    config = read_config(path, {})
    work.stages.config, work.lists = config, config.lists_mark()
    chore = Part(task="chore", about="lists")
    assert chore in work.due()
    work.do(chore)
    assert chore not in work.due()
    work.do(Part(task="crawl", about=next(part.about for part in work.due() if part.task == "crawl")))
    assert {request.path for request in server.requests} == {"/feed", "/a", "/b"}
