"""A desk without accounts is for whoever sits at the machine, and for nobody else, by whatever way they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from monitor.desk.door.people import People
from monitor.desk.place import Desk
from monitor.desk.server import furnish
from monitor.errors import TipsheetError
from monitor.settings.config import DeskPlace
from storage.database import Database
from tests.browser import open_desk
from tests.conftest import NOON, Clock
from tests.test_desk_doors import MINIMAL


@pytest.fixture
def feeds_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


def place(**fields: object) -> DeskPlace:
    usual = {"host": "127.0.0.1", "port": 8090, "address": "", "trusted_proxies": ()}
    return DeskPlace(**usual | fields)  # type: ignore[arg-type]


def open_at(where: DeskPlace, database: Database, path: Path) -> Desk:
    return furnish(where, path=path, database=database, clock=Clock(), open_client=lambda _: nullcontext())  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "0.0.0.0"},
        {"host": "192.0.2.7"},
        {"host": "::"},
        {"address": "https://desk.example"},  # a web server on this machine comes by loopback, for everybody
        {"trusted_proxies": ("127.0.0.1/32",)},
        {"host": "0.0.0.0", "address": "http://127.0.0.1:8090"},
    ],
)
def test_where_others_could_come_it_opens_with_accounts_only(
    fields: dict[str, object], database: Database, feeds_yaml: Path
) -> None:
    with pytest.raises(TipsheetError, match=r"would be open to everybody .* make an account first"):
        open_at(place(**fields), database, feeds_yaml)


@pytest.mark.parametrize("fields", [{}, {"host": "::1"}, {"host": "localhost"}, {"address": "http://localhost:8090"}])
def test_on_this_machine_it_opens_without(fields: dict[str, object], database: Database, feeds_yaml: Path) -> None:
    assert open_at(place(**fields), database, feeds_yaml).open_to_all


@pytest.mark.parametrize("fields", [{"host": "192.0.2.7"}, {"address": "http://desk.example"}])
def test_passwords_do_not_cross_the_net_in_the_clear(
    fields: dict[str, object], database: Database, feeds_yaml: Path
) -> None:
    People(database=database, by="the keeper", now=NOON).add("ana", "juniper ferry 1871", "admin")
    with pytest.raises(TipsheetError, match="in the clear"):
        open_at(place(**fields), database, feeds_yaml)
    desk = open_at(place(address="https://desk.example", trusted_proxies=("127.0.0.1/32",)), database, feeds_yaml)
    assert not desk.open_to_all


@pytest.fixture
def alone(database: Database, feeds_yaml: Path) -> Iterator[Desk]:
    with open_desk(database, feeds_yaml, Clock()) as desk:
        yield desk


@pytest.mark.parametrize("trace", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "x-forwarded-host"])
def test_who_is_passed_on_by_a_web_server_does_not_sit_here(alone: Desk, trace: str) -> None:
    with httpx.Client(base_url=alone.home, headers={"Accept": "application/json"}) as client:
        assert client.get("/day.json").status_code == 200
        assert client.get("/day.json", headers={trace: "198.51.100.7"}).status_code == 401
