"""On what a report rests that is no outlet's."""

from __future__ import annotations

import pytest

from monitor.errors import ConfigError
from monitor.model import Document
from monitor.story.attribution import attribute
from monitor.story.document_sources import read_papers
from monitor.story.outlets import shipped


def sources(text: str) -> list[str]:
    return list(attribute(Document(id="x", title="", text=text, outlet="gazette.example"), shipped()).document_source)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Contracts uncovered by Tech Inquiry show the price.", ["Tech Inquiry"]),
        ("According to a report by the Brennan Center, arrests doubled.", ["Brennan Center for Justice"]),
        ("Records that Mijente and Just Futures Law obtained list it.", ["Mijente", "Just Futures Law"]),
        ("Documentos obtenidos por la ACLU muestran el uso.", ["ACLU"]),
        ("In a letter to the firm, Sen. Jane Roe asked for the list.", ["lawmakers' letter"]),
        ("Two senators wrote to the firm on Monday.", ["lawmakers' letter"]),
        ("La senadora Roe envió una carta a la empresa.", ["lawmakers' letter"]),
        ("A federal judge in Texas ruled that the searches were illegal.", ["court ruling"]),
        ("El juez federal ordenó apagar las cámaras.", ["court ruling"]),
        ("Files obtained by the ACLU led to it. A judge has ruled since.", ["ACLU", "court ruling"]),
        ("A lawyer of the ACLU spoke at the fair. The ACLU said no more.", []),
        ("He wrote a letter to his mother. The judge was on holiday.", []),
        ("The towers stand. They hum. They blink. In 2019 a judge ruled on them.", []),
    ],
)
def test_who_found_it_is_told_apart_from_outlets(text: str, found: list[str]) -> None:
    assert sources(text) == found


def test_a_group_that_found_documents_is_no_outlet() -> None:
    told = attribute(Document(id="x", title="", text="Files obtained by Tech Inquiry, says Axios."), shipped())
    assert told.document_source == ("Tech Inquiry",)
    assert "techinquiry.org" not in told.origin


@pytest.mark.parametrize(
    ("source", "line"),
    [("", 1), ("name\n", 1), ("name\twritten\nruling\n", 2), ("name\twritten\nruling\tjudge ruled\n\twhat\n", 3)],
)
def test_a_faulty_list_names_its_line(source: str, line: int) -> None:
    with pytest.raises(ConfigError) as raised:
        read_papers(source)
    assert [fault.line for fault in raised.value.faults] == [line]
