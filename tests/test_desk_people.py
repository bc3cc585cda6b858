"""The people of a desk, for whoever looks after them; and the log of what was done."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import httpx
import pytest

from monitor.desk.place import Desk
from storage import accounts
from storage.database import Database
from tests.browser import open_desk
from tests.conftest import Clock
from tests.test_desk_account import NEW, OLD, Browsing, Enter, desk, enter, enters, quick
from tests.test_desk_doors import MINIMAL

__all__ = ["desk", "enter", "quick"]  # the fixtures


@pytest.fixture
def ana(enter: Enter) -> Browsing:
    browsing = enter("ana")
    browsing.go("/people")
    return browsing


def role_of(desk: Desk, name: str) -> str:
    with desk.database.read() as connection:
        account = accounts.find(connection, name)
    return account.role if account else "nobody"


def test_somebody_new_comes_in(desk: Desk, ana: Browsing) -> None:
    said = ana.send("/people", name=" Cleo ", password=NEW, role="reviewer", zone="America/Bogota")
    assert "cleo may enter as reviewer." in said
    assert "America/Bogota" in said
    assert enters(desk, "cleo", NEW)


@pytest.mark.parametrize(
    ("typed", "field", "fault"),
    [
        ({"name": "a b", "password": NEW}, "name", "expected 1 to 64 letters"),
        ({"name": "bo", "password": NEW}, "name", "there is an account bo already"),
        ({"name": "cleo", "password": "cleo"}, "password", "expected at least 12 characters"),
        ({"name": "cleo", "password": NEW, "zone": "Mars"}, "zone", "expected a time zone"),
    ],
)
def test_a_fault_stands_beside_its_field(ana: Browsing, typed: dict[str, str], field: str, fault: str) -> None:
    said = ana.send("/people", **{"role": "reader", "zone": "UTC"} | typed)
    assert ana.page.status_code == 422
    assert fault in (re.search(rf'id="fault-{field}">([^<]*)<', said) or ["", ""])[1]
    assert f'value="{typed["name"]}"' in said
    assert NEW not in said


def test_a_role_counts_from_the_next_request_on(enter: Enter, ana: Browsing) -> None:
    bo = enter("bo")
    assert bo.client.get("/people").status_code == 403
    ana.send("/people/role", name="bo", role="admin")
    assert bo.client.get("/people").status_code == 200


def test_somebody_is_put_out_let_in_again_and_removed(desk: Desk, enter: Enter, ana: Browsing) -> None:
    bo = enter("bo")
    ana.send("/people/disable", name="bo")
    assert not bo.is_in
    assert not enters(desk, "bo", OLD)
    ana.send("/people/enable", name="bo")
    assert enters(desk, "bo", OLD)
    ana.send("/people/password", name="bo", password=NEW)
    assert enters(desk, "bo", NEW)
    assert "bo is gone." in ana.send("/people/remove", name="bo")
    assert role_of(desk, "bo") == "nobody"


@pytest.mark.parametrize("way", ["role", "disable", "remove"])
def test_the_last_admin_stays(desk: Desk, ana: Browsing, way: str) -> None:
    said = ana.send(f"/people/{way}", name="ana", **({"role": "reader"} if way == "role" else {}))
    assert ana.page.status_code == 400
    assert "the only admin; expected another one first" in said
    assert role_of(desk, "ana") == "admin"


def test_the_log_is_read_page_by_page_and_as_a_table_for_spreadsheets(ana: Browsing) -> None:
    for zone in ("Asia/Tokyo", "Europe/Oslo", "Africa/Lagos"):
        ana.go("/account")
        ana.send("/account/clock", zone=zone, language="en")
    first = ana.client.get("/people/log.json", params={"limit": 2}).json()
    assert [row["detail"] for row in first["rows"]] == ["zone Africa/Lagos", "zone Europe/Oslo"]
    second = ana.client.get("/people/log.json", params={"limit": 2, "before": first["older"]}).json()
    assert second["rows"][0]["detail"] == "zone Asia/Tokyo"
    assert f"/people/log?before={first['older']}" in ana.go("/people/log?limit=2")
    rows = list(csv.DictReader(io.StringIO(ana.client.get("/people/log.csv").text)))
    assert [row["action"] for row in rows[-2:]] == ["account added", "account added"]
    assert {row["who"] for row in rows} >= {"ana", "the keeper"}


def test_an_open_desk_leads_to_the_first_account(database: Database, tmp_path: Path) -> None:
    """As long as there is none, whoever sits at the machine makes it; it is an admin's."""
    (tmp_path / "feeds.yaml").write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, tmp_path / "feeds.yaml", Clock()) as desk:
        browser = httpx.Client(base_url=desk.home, headers={"Accept": "text/html", "Origin": desk.home})
        assert '<a href="/people">Let others in</a>' in browser.get("/").text
        page = browser.get("/people").text
        assert "open to whoever sits at this machine, and to nobody else" in page
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))
        (role,) = re.findall(r'name="role" value="([^"]+)"', page)
        typed = {"csrf": csrf, "name": "ana", "password": "short", "role": role, "zone": "UTC"}
        assert 'id="fault-password"' in browser.post("/people", data=typed).text
        told = browser.post("/people", data=typed | {"password": NEW}, follow_redirects=True).text
        assert "Start the desk again: from then on it asks who comes." in told
        assert "The desk is still open to whoever sits at this machine." in told
        browser.close()
    with open_desk(database, tmp_path / "feeds.yaml", Clock()) as desk:
        assert httpx.get(f"{desk.home}/").status_code == 401
        assert enters(desk, "ana", NEW)


def test_a_log_that_ends_says_so(ana: Browsing) -> None:
    assert 'rel="next"' not in ana.go("/people/log")
    assert "Nothing was done." in ana.go("/people/log?before=1")
