"""`tipsheet run` opens the desk beside its work, where feeds.yaml says so."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.browser import free_port
from tests.command import tipsheet
from tests.test_desk_doors import MINIMAL
from tests.test_run import running, where


def write(directory: Path, desk: str) -> None:
    (directory / "feeds.yaml").write_text(f"{MINIMAL.partition('feeds:')[0]}feeds: []\ndesk: {desk}\n")


def test_the_desk_is_open_while_it_runs_and_closed_afterwards(tmp_path: Path) -> None:
    with free_port() as port:
        home = f"http://127.0.0.1:{port}"
    write(tmp_path, f'{{listen: "127.0.0.1:{port}"}}')
    with running(tmp_path) as daemon:
        daemon.wait_for(lambda: daemon.logged("started"), "the start")
        assert daemon.logged("desk", open_at=home)
        assert httpx.get(f"{home}/day.json").json()["rows"] == []
        code, _ = daemon.stop()
    assert code == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(home)


def test_a_desk_that_strangers_could_open_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, '{address: "https://desk.example"}')
    ran = tipsheet("run", *where(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert "make an account first (`tipsheet users add NAME --role admin`)" in ran.err
