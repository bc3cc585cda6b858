"""What a reader is told in another language than English: everything, with the same names and numbers in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from babel.messages import Message as Entry
from babel.messages.pofile import read_po
from jinja2 import Environment

from alerts.credit import origin_note, origin_sentence
from alerts.digest import compose_digest
from alerts.languages.kept import retold
from alerts.languages.language import CODES, ENGLISH, language_of
from alerts.message import compose_alert, compose_test
from alerts.note import as_text, note_of
from alerts.summary import compose_more, compose_notice, compose_reminder
from monitor.model import Document, Message, Sighting, Watch
from monitor.pipeline.arming import sentence_of
from monitor.watches import packs
from monitor.watches.backtest import Backtest, Line, too_busy
from monitor.watches.matching import Matcher, compile_watch
from monitor.watches.pack import read_pack
from tests.sentences import ROOT, templates, told
from tests.test_digest import DAY, ELSEWHERE, ILL, QUIET
from tests.test_message import DESK, NOW, REPORT, edited, golden

OTHERS = [code for code in CODES if code != "en"]
ES = language_of("es")
MESA = replace(DESK, name="mesa", language="es", zone="America/Mexico_City")
PLACE = re.compile(r"%\((\w+)\)s")


def catalogue(code: str) -> dict[tuple[str, str], Entry]:
    with files("alerts.languages").joinpath(f"{code}.po").open("rb") as source:
        return {_key(entry): entry for entry in read_po(source, locale=code) if entry.id}


def _key(entry: Entry) -> tuple[str, str]:
    return (entry.id, "") if isinstance(entry.id, str) else (entry.id[0], entry.id[1])


# ---- the catalogues --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_that_reaches_a_reader_is_in_the_catalogue_and_nothing_else(code: str) -> None:
    said, known = told(), catalogue(code)
    missing = [f"{where}: {key[0]!r}" for key, where in said.items() if key not in known]
    assert not missing, f"{code}.po lacks:\n" + "\n".join(missing)
    assert not [key[0] for key in known if key not in said], "nobody says these any more"


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_says_something_and_holds_the_same_places(code: str) -> None:
    for (one, many), entry in catalogue(code).items():
        assert not entry.fuzzy, one
        forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or [""])
        for form in forms:
            assert form.strip(), f"{one!r} has no {code}"
            assert places(form) == places(many or one), f"{one!r}: {form!r}"


def places(text: str) -> set[str]:
    """The places of a text. Its number may be said in words: "one message"."""
    return set(PLACE.findall(text)) - {"n", "num"}


def literals(source: str) -> Iterator[str]:
    """What a template prints of its own that is a word, outside of markup and style sheets."""
    data = "".join(text if kind == "data" else "\0" for _, kind, text in Environment().lex(source))
    shown = re.sub(r"<[^>]*>", "\n", data)
    return (word for word in re.findall(r"[^\W\d_]{2,}", shown) if word != "Tipsheet")


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_no_template_says_anything_in_one_language_only(path: object) -> None:
    source = str(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert list(literals(source)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Why it matched: {{ why }}</p>", ["Why", "it", "matched"]),
        ("{% if x %}Since then{% endif %}", ["Since", "then"]),
        ('<p class="quiet">{{ _("Since then") }} · {{ x }}</p>', []),
    ],
)
def test_the_check_of_templates_sees_a_word(source: str, found: list[str]) -> None:
    assert list(literals(source)) == found


def test_a_language_that_is_not_known_is_english() -> None:
    assert language_of("tlh").words("Since then") == "Since then"


def test_dates_numbers_and_lists_are_those_of_the_reader() -> None:
    assert ES.dated("EEEE d MMMM y", date(2026, 9, 4)) == "viernes 4 de septiembre de 2026"
    assert ENGLISH.dated("EEEE d MMMM y", date(2026, 9, 4)) == "Friday 4 September 2026"
    assert ES.number(12_345) == "12,345"
    assert [ES.listed(["A", "B", "C"]), ES.listed(["A"]), ES.listed([])] == ["A, B y C", "A", ""]
    assert ENGLISH.listed(["A", "B", "C"]) == "A, B and C"


# ---- sentences that were kept in English -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("ICE (agency) near Azure (company) in the title", "ICE (agency) cerca de Azure (company) en el título"),
        (
            "Immigration and Customs Enforcement (agency) and Azure (company) in the title and in the text; also raid "
            "(act) and 2 more; its feed is about technology",
            "Immigration and Customs Enforcement (agency) y Azure (company) en el título y en el texto; además raid "
            "(act) y 2 más; su fuente trata de technology",
        ),
        ("raid and farm in the summary", "raid y farm en el resumen"),
        ("satisfies NOT raid", "cumple NOT raid"),
        (
            "raid in the title; read was only of its text the first 200,000 of 250,000 characters",
            "raid en el título; solo se leyeron los primeros 200,000 de 250,000 caracteres de su texto",
        ),
        ("5 outlets credit it, 1 outlet links to it", "5 medios se la atribuyen, 1 medio enlaza a su nota"),
        ("1 outlet credits it, 2 with A and B", "1 medio se la atribuye, 2 junto con A y B"),
        ("credited: The Guardian by 6, WIRED by 2", "se la atribuyen a: The Guardian, por 6, WIRED, por 2"),
        ("11 copies of Associated Press", "11 copias de Associated Press"),
        (
            "Palantir (company): nothing of enforcement; “ice” speaks of the weather",
            "Palantir (company): nada de enforcement; “ice” remite a the weather",
        ),
        ("courier.example answered 503 (Service Unavailable)", "courier.example respondió 503 (Service Unavailable)"),
        ("10.0.0.1 is not public (private)", "10.0.0.1 no es público (private)"),
        ("the proxy wants a user name and password", "el proxy pide usuario y contraseña"),
        ("something that nobody has a pattern for", "something that nobody has a pattern for"),
    ],
)
def test_a_kept_sentence_is_told_in_the_reader_s_language(kept: str, said: str) -> None:
    assert retold(kept, ES) == said
    assert retold(kept, ENGLISH) == kept


def test_why_a_watch_is_held_is_said_in_the_reader_s_language() -> None:
    line = Line(at=NOW, level="alert", story="1", entry=1, title="", outlet="", link="", score=1, why="", folded=0)
    reason = too_busy(Backtest(watch="raids", since=NOW, until=NOW, entries=31, lines=(line,) * 31))
    assert retold(sentence_of("raids", reason), ES).startswith(
        "El tema “raids” queda limitado al resumen: habría enviado"
    )
    assert retold("The watch “raids” is not used: query: it ends", ES) == "El tema “raids” no se usa: query: it ends"


def errors() -> Iterator[tuple[str, str]]:
    """What the rooms that read feeds say of a fault, with something in each place; and where."""
    rooms = [*ROOT.glob("monitor/net/*.py"), *ROOT.glob("monitor/feeds/*.py"), ROOT / "monitor" / "isolate.py"]
    skipped = {"opml.py", "websub.py", "callback.py"}  # what they say is said in a terminal, or to a hub
    for path in sorted(path for path in rooms if path.name not in skipped):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"FetchError", "ParseError"}:
                said = _filled(node.args[1]) if len(node.args) > 1 else ""
                if said and said not in PIECES:
                    yield f"{path.name}:{node.lineno}", said


PIECES = {"12 12", "the proxy 12"}  # what stands in their places is told above


def _filled(argument: ast.expr) -> str:
    """An f-string with a number in each place; a place that is glued to a word begins with a colon of its own."""
    if not isinstance(argument, ast.JoinedStr):
        return str(argument.value) if isinstance(argument, ast.Constant) else ""
    said = ""
    for part in argument.values:
        said += str(part.value) if isinstance(part, ast.Constant) else ": 12" if said[-1:].isalpha() else "12"
    return said


@pytest.mark.parametrize(("where", "said"), list(errors()))
def test_what_ails_a_feed_is_said_in_the_reader_s_language(where: str, said: str) -> None:
    assert retold(said, ES) != said, where


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("raid AND farm", "raid y farm en el título"),
        ("raid NEAR/5 farm", "raid cerca de farm en el título"),
        ("raid AND dawn", "raid y dawn en el título y en el texto"),
        ("lang:en", "cumple lang:en"),
    ],
)
def test_what_the_matcher_gives_as_its_reason_is_known(query: str, said: str) -> None:
    compiled = compile_watch(Watch(name="raids", query=query), None, {})
    document = Document(id="1", title="A raid on the farm", text="It came at dawn.", language="en")
    (match,) = Matcher([compiled]).match(document)
    assert retold(match.why, ES) == said


SHIPPED = read_pack(packs.shipped("tech-and-immigration-enforcement"), "pack")


@pytest.mark.parametrize("example", SHIPPED.must_match)
def test_what_a_pack_gives_as_its_reason_is_known(example: str) -> None:
    compiled = compile_watch(Watch(name="beat", pack="beat"), SHIPPED, {})
    title, _, text = example.strip().partition("\n")
    (match,) = Matcher([compiled]).match(Document(id="1", title=title, text=text))
    assert re.search(r" en el (título|resumen|texto)", retold(match.why, ES))
    assert not re.search(r" in the |(?<=\)) (and|near) |; also |; its feed ", retold(match.why, ES))


# ---- messages --------------------------------------------------------------------------------------------------------

SEEN = Sighting(
    at=REPORT.first_seen, outlet="The Harbour Gazette", within=timedelta(minutes=4), dated_by="El Faro",
    dated_at=REPORT.first_seen - timedelta(minutes=9),
)  # fmt: skip
TOLD = replace(
    REPORT, evidence=("2 outlets credit it", SEEN), why="ICE (agency) near Northwind Cloud (company) in the summary"
)


def spanish() -> Iterator[tuple[str, Message]]:
    quiet = replace(QUIET, evidence=(SEEN,), why="plate scans in the text")
    ill = replace(ILL, failing=(("Bay Courier", "baycourier.example answered 503 (Service Unavailable)"),))
    yield "alert", compose_alert(TOLD, recipient=MESA, key="k", kind="alert", now=NOW)
    yield "update", compose_alert(edited("withdrawn"), recipient=MESA, key="k", kind="update", now=NOW)
    yield "digest", compose_digest([quiet, TOLD, ELSEWHERE], recipient=MESA, health=ill, day=DAY, key="k", now=NOW)
    yield "digest-empty", compose_digest([], recipient=MESA, health=ill, day=DAY, key="k", now=NOW)
    yield "more", compose_more([TOLD], total=1200, notices=(), recipient=MESA, key="k", now=NOW)
    yield "reminder", compose_reminder(TOLD, alert=7, sent_at=NOW, number=1, recipient=MESA, key="k", now=NOW)
    yield "notice", compose_notice("Nada sale.", subject="un aviso", recipient=MESA, key="k", now=NOW)
    yield "test", compose_test(recipient=MESA, key="k", now=NOW)


@pytest.mark.parametrize(("name", "made"), list(spanish()))
def test_the_pages_are_those_that_somebody_has_looked_at(name: str, made: Message) -> None:
    golden(f"{name}.es.txt", f"{made.subject}\n\n{made.text}\n----\n{as_text(note_of(made))}\n")
    assert made.language == "es"
    assert '<html lang="es">' in made.html


def test_the_words_of_others_stay_as_they_are() -> None:
    made = compose_alert(TOLD, recipient=MESA, key="k", kind="alert", now=NOW)
    for words in (REPORT.watch, REPORT.lead.title, *(teller.title for teller in REPORT.members)):
        assert words in made.text


def test_when_a_story_was_first_seen_is_said_by_the_reader_s_clock() -> None:
    # 08:20 in UTC
    assert "first seen here 03:20 EST (The Harbour Gazette, ± 4 min), but El Faro dates its report 03:11" in (
        origin_note(TOLD, DESK)
    )
    assert "a las 02:20 CST (The Harbour Gazette, ± 4 min), aunque El Faro fecha su nota a las 02:11" in (
        origin_note(TOLD, MESA)
    )
    early = replace(SEEN, at=datetime(2026, 3, 4, 5, 30, tzinfo=UTC), dated_at=datetime(2026, 3, 4, 4, 30, tzinfo=UTC))
    assert origin_note(replace(REPORT, evidence=(early,)), DESK).endswith("dates its report 23:30 on 3 Mar")
    looked = replace(SEEN, within=None, first_look=True, dated_at=None)
    told = [origin_note(replace(REPORT, evidence=(looked,)), one) for one in (DESK, MESA)]
    assert "(The Harbour Gazette, there when we first looked)" in told[0]
    assert "ya estaba" in told[1]
    made = compose_alert(TOLD, recipient=DESK, key="k", kind="alert", now=NOW)
    assert "± minutes: so long before, the feed was read without it" in made.text
    assert "± minutes" not in compose_alert(REPORT, recipient=DESK, key="k", kind="alert", now=NOW).text


def test_who_broke_a_story_is_said_of_one_and_of_several() -> None:
    assert origin_sentence(["El Faro"], "", ES) == "La dio a conocer primero El Faro."
    assert origin_sentence(["El Faro", "WIRED"], "", ES) == "La dieron a conocer primero El Faro y WIRED."
    assert origin_sentence([], "", ES) == "No se atribuye la primicia a nadie."
