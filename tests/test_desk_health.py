"""What machines ask of the desk: one word for anybody, the measures for whoever is allowed them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, update

from monitor.model import Feed
from storage import access_keys, accounts, facts
from storage.database import Database
from storage.schema import attempts, feeds, outbox
from tests import rows
from tests.browser import free_port, open_desk
from tests.conftest import NOON, Clock
from tests.engines import on_each
from tests.test_desk_doors import MINIMAL

MANY = tuple(Feed(url=f"https://ferry.example/{n}", name=f"Feed {n}", outlet="ferry.example") for n in range(20))
ROOT = Path(__file__).parents[1]


@pytest.fixture
def busy(database: Database, clock: Clock) -> Database:
    """An installation with an account, that has worked for a day and asks each of 20 feeds every half hour."""
    rows.remember(database, *MANY)
    with database.write() as connection:
        facts.began_at(connection, now=NOON - timedelta(days=1))
        accounts.add(connection, "ada", role="reader", password_hash="x", zone="UTC", language="en", now=NOON)
    asked(database, NOON)
    return database


def asked(database: Database, moment: datetime) -> None:
    again = moment + timedelta(minutes=30)
    with database.write() as connection:
        connection.execute(update(feeds).values(polled_at=moment, next_poll_at=again, polls=7))


@pytest.fixture
def feeds_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


@contextmanager
def browse(database: Database, feeds_yaml: Path, clock: Clock) -> Iterator[httpx.Client]:
    """The desk of this machine behind a web server on it; whoever asks comes from there."""
    with free_port() as port:
        home = f"http://127.0.0.1:{port}"
    where = {"port": port, "address": "https://desk.example", "trusted_proxies": ("127.0.0.1/32",)}
    with open_desk(database, feeds_yaml, clock, **where), httpx.Client(base_url=home, timeout=20) as client:
        yield client


@on_each
def test_a_program_that_lives_and_does_nothing_is_not_well(busy: Database, feeds_yaml: Path, clock: Clock) -> None:
    with browse(busy, feeds_yaml, clock) as desk:
        assert [desk.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
        assert desk.get("/healthz").text == "ok\n"
        clock.move(timedelta(hours=3))
        answer = desk.get("/healthz")
        assert (answer.status_code, answer.text) == (503, "not ok\n")
        asked(busy, clock())
        assert desk.get("/healthz").status_code == 503  # as it was found some seconds ago
        clock.move(timedelta(seconds=11))
        assert desk.get("/healthz").status_code == 200


@on_each
def test_what_is_slow_is_healthy_but_not_to_be_relied_upon(busy: Database, feeds_yaml: Path, clock: Clock) -> None:
    rows.keep(busy, rows.keyed("one"), now=NOON - timedelta(minutes=20))
    with browse(busy, feeds_yaml, clock) as desk:
        assert [desk.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]


def test_the_measures_are_for_a_token_and_for_places_that_the_file_names(
    busy: Database, feeds_yaml: Path, clock: Clock
) -> None:
    with busy.write() as connection:
        ada = accounts.find(connection, "ada")
        assert ada
        key = access_keys.add(connection, ada.id, "api", "prometheus", role="reader", now=NOON)
    with browse(busy, feeds_yaml, clock) as desk:

        def status(**headers: str) -> int:
            return desk.get(
                "/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()}
            ).status_code

        assert status() == 200  # from this machine itself
        assert status(x_forwarded_for="192.0.2.7") == 401
        assert status(x_forwarded_for="127.0.0.1, 192.0.2.7") == 401  # anybody may write that
        assert status(x_forwarded_for="127.0.0.1") == 401
        assert status(via="1.1 somebody") == 401  # for whom, nobody says
        assert status(x_forwarded_for="192.0.2.7", authorization=f"Bearer {key}") == 200
        assert status(x_forwarded_for="192.0.2.7", authorization="Bearer x") == 401
        feeds_yaml.write_text(f"{MINIMAL}desk: {{metrics_from: [192.0.2.0/24]}}\n", encoding="utf-8")
        assert status(x_forwarded_for="192.0.2.7") == 200
        assert status(x_forwarded_for="198.51.100.7") == 401


def told_once(database: Database) -> None:
    """An alert that went out, and the way it took."""
    published = NOON - timedelta(minutes=9)
    rows.keep(database, rows.keyed("one", published=published), now=NOON - timedelta(minutes=5))
    rows.claim(database, now=NOON)
    rows.record(database, rows.examined(1, rows.decision()), now=NOON)
    with database.write() as connection:
        connection.execute(update(outbox).values(state="sent", sent_at=NOON, due_at=None))
        connection.execute(insert(attempts).values(outbox_id=1, began_at=NOON, result="sent"))


def names(text: str) -> set[str]:
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


@on_each
def test_every_measure_is_documented_and_the_dashboard_asks_for_none_that_is_not_there(
    busy: Database, feeds_yaml: Path, clock: Clock
) -> None:
    told_once(busy)
    feeds_yaml.write_text(MINIMAL.replace("recipients: [{", "recipients: [{digest_at: '07:00', "), encoding="utf-8")
    with browse(busy, feeds_yaml, clock) as desk:
        told = names(desk.get("/metrics").text)
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked_for = set(re.findall(r"tipsheet_\w+", " ".join(queries)))
    assert len(asked_for) > 15
    assert asked_for <= told
    page = (ROOT / "docs" / "how-to.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(tipsheet_\w+)`", page)) == told
