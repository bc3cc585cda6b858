"""The interface as it is described, held against the desk: what is said of every address is so.

One newsroom for all: what one example changes, the next may find.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import CHECKS as KNOWN
from schemathesis.core.result import Ok

from monitor.desk.app import addresses, make_app
from monitor.desk.door.entrance import ROLES
from monitor.desk.door.people import People
from monitor.desk.place import Desk
from monitor.desk.rooms.interface import addresses_of, description
from storage.database import Database
from tests.browser import open_desk
from tests.conftest import NOON
from tests.newsroom_desk import at_the_end
from tests.worked_desk import headers_of

REFERENCE = Path(__file__).parent.parent / "docs" / "interface.md"
EXAMPLES = 2  # of each address
ASKING_OTHERS = {"POST /feeds/find"}  # of the web: an address made up here may be somebody's
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@pytest.fixture(scope="module")
def asked(newsroom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    """A desk over a copy of the demo's newsroom, and a key of its admin."""
    place = tmp_path_factory.mktemp("interface") / "newsroom"
    shutil.copytree(newsroom, place)
    with Database(f"sqlite:///{place / 'tipsheet.db'}") as database:
        people = People(database=database, by="the keeper", now=NOON)
        people.add("ana", "juniper ferry 1871", "admin")
        people.add("bo", "juniper ferry 1871", "reviewer")
        key = people.add_key("ana", "the test", role="admin")
        with open_desk(database, place / "feeds.yaml", at_the_end(database)) as desk:
            yield desk, key


def test_every_answer_is_as_it_is_described(asked: tuple[Desk, str]) -> None:
    """No server error, no status, media type or shape that the description does not have, whatever is asked."""
    desk, key = asked
    assert wrong_answers(desk, lambda: bearer(key), GenerationMode.POSITIVE) == {}


def test_who_came_in_and_sends_what_is_not_as_described_is_answered_as_described(asked: tuple[Desk, str]) -> None:
    """A reviewer with a browser: what they may not do is refused, and no nonsense brings the desk down."""
    desk, _ = asked
    assert wrong_answers(desk, lambda: headers_of(desk, "bo"), GenerationMode.NEGATIVE) == {}


def wrong_answers(desk: Desk, who: Callable[[], dict[str, str]], mode: GenerationMode) -> dict[str, str]:
    """All that is wrong, by address; each is tried, and all is told. `who` gives the headers of somebody who is in."""
    described = httpx.get(f"{desk.home}/api/openapi.json", headers=who()).json()
    schema = openapi.from_dict(described)
    checks: list[Any] = list(KNOWN.get_by_names(CHECKS))
    found: dict[str, str] = {}
    operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(operations) == len([1 for methods in described["paths"].values() for _ in methods]) > 80
    with requests.Session() as session:
        for operation in operations:
            if operation.label in ASKING_OTHERS:
                continue
            session.headers.update(who())  # anew: one address ends all sessions

            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(mode))
            def ask(case: Case[Any]) -> None:
                case.call_and_validate(
                    base_url=desk.home, session=session, headers=dict(session.headers), checks=checks
                )

            try:
                ask()
            except BaseExceptionGroup as group:
                found[operation.label] = "; ".join(str(getattr(one, "message", one)) for one in group.exceptions)
            except Unsatisfiable:  # nothing that it takes could be wrong
                continue
    return found


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# ---- the reference ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    app = make_app(None)  # type: ignore[arg-type]  # what is described needs no desk
    return description(app)


def reference(described: dict[str, Any]) -> str:
    """The last section of docs/interface.md: every address, by what it is about."""
    rows = sorted(addresses_of(described, ""), key=lambda one: (one.group, one.path, one.method))
    pieces = ["## Every address"]
    for group, of_group in groupby(rows, key=lambda one: one.group):
        pieces += [f"\n### {group.capitalize()}\n", "| address | for | |", "|---|---|---|"]
        pieces += [f"| `{one.method} {one.path}` | {one.role} | {first_sentence(one.does)} |" for one in of_group]
    return "\n".join(pieces) + "\n"


def first_sentence(text: str) -> str:
    return text.partition(". ")[0].removesuffix(".") + "."


def test_the_reference_lists_every_address(described: dict[str, Any]) -> None:
    """GOLDEN=write writes it anew."""
    text = REFERENCE.read_text(encoding="utf-8")
    said, made = text[text.index("## Every address") :], reference(described)
    if os.environ.get("GOLDEN") == "write":
        REFERENCE.write_text(text.replace(said, made), encoding="utf-8")
    else:
        assert said == made, "GOLDEN=write writes the list anew"


def test_every_address_says_what_it_is_for_and_who_may(described: dict[str, Any]) -> None:
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    for name, operation in operations.items():
        assert operation["description"], name
        assert operation["tags"], name
        keyed = "{key}" in name
        assert bool(operation["security"]) != keyed, name
        assert operation["x-role"] in ({"whoever knows the address"} if keyed else set(ROLES)), name
    assert len({one["operationId"] for one in operations.values()}) == len(operations)


def test_what_is_published_is_described(described: dict[str, Any]) -> None:
    """All but pages, which are the same as their data, and what only a browser asks for."""
    published = {route.path_format for route, _ in addresses() if route.include_in_schema}
    assert published == set(described["paths"])


@pytest.mark.parametrize(
    ("address", "curl"),
    [
        ("GET /day/{day}.json", """curl -H "Authorization: Bearer $KEY" 'https://d.example/day/DAY.json'"""),
        ("GET /companies/pair.csv",
         """curl -H "Authorization: Bearer $KEY" 'https://d.example/companies/pair.csv?row=ROW&column=COLUMN'"""),
        ("POST /stories/{story}/verdict",
         """curl -H "Authorization: Bearer $KEY" -d 'kind=KIND' 'https://d.example/stories/STORY/verdict'"""),
        ("GET /out/{key}/search.{suffix}", "curl 'https://d.example/out/KEY/search.SUFFIX'"),
    ],
)  # fmt: skip
def test_an_example_has_what_is_needed(described: dict[str, Any], address: str, curl: str) -> None:
    (one,) = [one for one in addresses_of(described, "https://d.example") if f"{one.method} {one.path}" == address]
    assert one.curl == curl


def test_the_page_tells_what_an_address_takes(asked: tuple[Desk, str]) -> None:
    desk, key = asked
    page = httpx.get(f"{desk.home}/api", headers=bearer(key) | {"Accept": "text/html"}).text
    assert "<code>POST /stories/{story}/verdict</code>" in page
    assert "kept, starred, refused or open" in page
    assert "Bearer $KEY" in page
    rows = httpx.get(f"{desk.home}/api.json", headers=bearer(key)).json()["rows"]
    (judge,) = [row for row in rows if row["path"] == "/stories/{story}/verdict"]
    assert judge["role"] == "reviewer"
    assert {"name": "kind", "where": "form", "needed": True}.items() <= judge["parameters"][1].items()
    assert httpx.get(f"{desk.home}/api/openapi.json").status_code == 401
