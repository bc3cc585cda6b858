"""How lists look: a table where it fits, a block for each row where it does not, a line for each in a pipe."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from monitor.cli import paint

COLUMNS = ("feed", "why", "address")
ADDRESS = "https://www.ledger.example/section/harbor/rss.xml"
ROWS = [
    ("Harbor Ledger", "ledger.example answered 404 (Not Found), twelve times in a row, and nobody knows why", ADDRESS),
    ("Tidings\t2", "", "https://tidings.example/feed"),
]


def shown(monkeypatch: pytest.MonkeyPatch, width: int, *, terminal: bool = True) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system=None,
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    monkeypatch.setattr(paint, "out", console)
    paint.table("Feeds", COLUMNS, ROWS, empty="There is none.")
    return stream.getvalue()


@pytest.mark.parametrize("width", [95, 110, 200])
def test_a_table_leaves_addresses_whole(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = shown(monkeypatch, width).splitlines()
    assert any(line.rstrip().endswith(ADDRESS) for line in lines)
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "Tidings\\t2" in "".join(lines)


@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_that_is_too_narrow_gets_blocks(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    first, second = shown(monkeypatch, width).rstrip("\n").split("\n\n")
    assert first.splitlines() == [
        "feed     Harbor Ledger", f"why      {ROWS[0][1]}", f"address  {ADDRESS}",
    ]  # fmt: skip
    assert second.splitlines() == ["feed     Tidings\\t2", "address  https://tidings.example/feed"], "nothing to say"


def test_a_pipe_gets_a_line_for_each_row_whole_and_without_colour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(monkeypatch, 80, terminal=False) == ""
    assert capsys.readouterr().out == (
        f"feed\twhy\taddress\nHarbor Ledger\t{ROWS[0][1]}\t{ADDRESS}\nTidings\\t2\t\thttps://tidings.example/feed\n"
    )


def test_where_there_is_nothing_a_sentence_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    paint.table("Feeds", COLUMNS, [], empty="There is none.")
    assert capsys.readouterr().out == "There is none.\n"
