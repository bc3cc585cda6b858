"""What stands in the files of a SQLite database, to the byte: nothing that opens the desk, nothing that was deleted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from monitor.desk.door import second_factor
from monitor.desk.door.login import Door
from monitor.desk.door.people import new_secret
from storage import accounts, audit
from storage.database import Database
from tests.conftest import NOON, Clock
from tests.test_accounts import PASSWORD, begin_session, installed


def written(database: Database) -> bytes:
    """All that stands in the files of the database."""
    path = Path(str(database.url.database))
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def test_no_address_of_whoever_asks_is_kept(database: Database, clock: Clock) -> None:
    installed(database)
    door = Door(database, clock)
    for password in (PASSWORD, "wrong"):
        door.enter("ana", password, client="198.51.100.77")
    assert b"login refused" in written(database)
    assert b"198.51.100" not in written(database)


def test_what_opens_the_desk_is_not_in_the_database(database: Database) -> None:
    people = installed(database)
    secret = new_secret()
    code = second_factor.code_at(secret, second_factor.step_at(NOON))
    given = [
        PASSWORD,
        begin_session(people, "ana"),
        people.add_key("ana", "sheet"),
        people.add_key("ana", "mornings", "feed"),
        *people.ask_for_code("ana", secret, code),
    ]
    held = written(database)
    assert [one for one in given if one.encode() in held] == []
    assert b"sheet" in held


def test_what_is_removed_is_gone_from_the_files(database: Database) -> None:
    """Also while somebody else has the database open, as the program at work has."""
    people, secret = installed(database), new_secret()
    with Database(str(database.url)) as at_work:
        begin_session(people, "ana")
        people.add_key("ana", "canary-of-a-key")
        people.set_password("ana", "another ferry 1872")  # the hash before it must be gone as well
        token = begin_session(people, "ana")
        people.ask_for_code("ana", secret, second_factor.code_at(secret, second_factor.step_at(NOON)))
        with at_work.read() as connection:
            found = accounts.credentials(connection, "ana")
        assert found is not None
        canaries = [
            found.password_hash, secret, accounts.hash_of(token), "canary-of-a-key", "Europe/Madrid",
            *found.recovery_hashes,
        ]  # fmt: skip
        before = written(at_work)
        assert [one for one in canaries if one.encode() not in before] == []
        people.remove("ana")
        after = written(at_work)
    assert [one for one in canaries if one.encode() in after and one != "canary-of-a-key"] == []
    assert b"canary-of-a-key" in after  # in the audit log alone, and the name too
    with database.write() as connection:
        audit.forget(connection, before=NOON + timedelta(days=1))
    database.forget_traces()
    after = written(database)
    assert b"canary-of-a-key" not in after
    assert b"ana" not in after
