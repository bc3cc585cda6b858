"""Messages as files, and a digest as Markdown: whole, under a name that leads nowhere else, words that stay words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from alerts.cleaning import clean
from alerts.digest import NearMiss, compose_digest
from alerts.folder import FORMS, Folder, check, file_name
from alerts.markdown import as_markdown
from monitor.errors import DeliveryError
from monitor.model import Message, StoryReport
from tests.test_digest import DAY, ILL, QUIET
from tests.test_history import MONTH
from tests.test_languages import MESA
from tests.test_message import DESK, NOW, REPORT, SCRIPTS, alert, golden, hostile

NEAR = NearMiss(watch="Plate readers", title="A *ring*", outlet="Bay", link="https://bay.example/a_(b)", why="too weak")


def digest(*reports: StoryReport, near: Sequence[NearMiss] = (NEAR,), language: str = "en") -> Message:
    recipient = replace(DESK if language == "en" else MESA)
    return compose_digest(
        reports, recipient=recipient, health=ILL, day=DAY, key="digest:2026-03-04:desk:files", now=NOW, near=near,
        history=MONTH,
    )  # fmt: skip


def test_a_digest_as_markdown_is_the_one_that_somebody_has_looked_at() -> None:
    golden("digest.md", as_markdown(digest(REPORT, QUIET)))
    golden("digest-empty.md", as_markdown(digest()))
    assert "# Miércoles 4 de marzo de 2026" in as_markdown(digest(REPORT, language="es"))


@pytest.mark.parametrize(
    "words",
    [
        *SCRIPTS[::5],
        "# a",
        "[x](javascript:alert(1))",
        "![x](//e.example)",
        "- a\n- b",
        "1. a",
        "1) a",
        "= a",
        "***",
        "&lt;b&gt;",
    ],
    ids=ascii,
)
def test_the_words_of_strangers_are_no_marks(words: str) -> None:
    made = replace(hostile(words), lead=replace(hostile(words).lead, link="https://news.example/a)b<c"))
    page = MarkdownIt().render(as_markdown(digest(made, near=())))
    said = escape(" ".join(clean(words).split()), quote=False).replace('"', "&quot;")
    assert f"<blockquote>\n<p>{said}</p>" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "javascript:" not in " ".join(part for part in page.split('"') if part.startswith("javascript"))
    assert page.count("<h3>") == 1
    assert page.count("<h1>") == 1


def test_each_form_is_a_file_and_the_same_message_again_is_the_same_file(tmp_path: Path) -> None:
    sender = Folder(path=tmp_path, forms=tuple(FORMS))
    for _ in range(2):
        receipt = sender.send(digest(REPORT), "")
        assert str(tmp_path) in receipt
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"digest-2026-03-04-desk-files{ending}" for ending in (".html", ".json", ".md", ".txt")]
    page = (tmp_path / "digest-2026-03-04-desk-files.html").read_text()
    assert 'src="data:image/png;base64,' in page
    assert "cid:" not in page
    data = json.loads((tmp_path / "digest-2026-03-04-desk-files.json").read_text())
    assert data["type"] == "digest"
    assert [story["story"] for story in data["data"]["stories"]] == [17]


def test_an_alert_is_written_too(tmp_path: Path) -> None:
    Folder(path=tmp_path, forms=("markdown",)).send(alert(), "")
    (path,) = tmp_path.iterdir()
    assert path.read_text().startswith("# [Harbour police shared plate scans with ICE, records show")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("digest:2026-11-24:desk:files", "digest-2026-11-24-desk-files"),
        ("alert:17:plates:desk:files", "alert-17-plates-desk-files"),
        ("alert:17:mis temas:desk:files", "alert-17-mis-temas-desk-files-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("a" * 300, "a" * 100 + "-"),
        ("..", "-"),
    ],
)
def test_no_name_leads_out_of_the_folder_and_no_two_keys_share_one(key: str, name: str) -> None:
    made = file_name(key)
    assert made.startswith(name)
    assert "/" not in made
    assert file_name(f"{key}/") != made


def test_a_folder_that_is_not_there_is_a_fault_and_its_messages_wait(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert list(check({"path": str(gone), "forms": "html"})) == [f"path: there is no folder {gone}"]
    assert list(check({"path": str(tmp_path), "forms": "html"})) == []
    with pytest.raises(DeliveryError, match="cannot be written to") as caught:
        Folder(path=gone, forms=("html",)).send(alert(), "")
    assert caught.value.retry
