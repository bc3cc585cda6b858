"""A recipient says yes, no, and yes again: nobody is told against their will, and nothing is lost meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import httpx
import pytest

from alerts.consent import HOLDS, confirm_token, stop_token, who_confirms, who_stops
from alerts.discretion import reduced
from alerts.smtp import MailSender, compose_letter
from monitor.errors import DeliveryError
from monitor.model import Consent, Content
from monitor.pipeline import consent
from monitor.pipeline.consent import ask_new_addresses, silent_recipients
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.examine import Examine
from monitor.pipeline.owed import queue_digests
from monitor.pipeline.trial import send_test
from monitor.settings.config import Config
from monitor.story.outlets import shipped
from storage import audit, consents, decisions, outbox
from storage.database import Database
from tests.browser import open_desk
from tests.command import tipsheet
from tests.conftest import NOON, Clock
from tests.mail_sink import MailSink
from tests.newsroom import Phone, delivery, ledger, settings, tell
from tests.rows import keep, keyed
from tests.test_message import golden
from tests.test_smtp import WRITTEN

CONFIG = """
contact: https://desk.example/
owner: keeper
desk: {address: "https://desk.example"}
channels: [{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}]
recipients:
  - {name: desk, channel: mail, address: desk@desk.example, digest_at: "07:00"}
  - {name: mesa, channel: mail, address: mesa@desk.example, language: es}
  - {name: keeper, channel: mail, address: keeper@desk.example}
watches: [{name: ferries, query: ferry, to: [desk, mesa]}]
feeds: []
"""
WITHOUT_ADDRESS = CONFIG.replace('{address: "https://desk.example"}', "{}")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ASKED = Consent(
    recipient="desk", address="desk@desk.example", state="waiting", since=NOON, asked_at=NOON, said_by=""
)  # fmt: skip
OTHERS = (
    replace(ASKED, recipient="mesa"),
    replace(ASKED, address="desk@other.example"),
)


# ---- what a link is worth --------------------------------------------------------------------------------------------


def test_a_link_is_that_of_one_recipient_at_one_address_for_one_purpose() -> None:
    known = [*OTHERS, ASKED]
    tokens = {stop_token("secret", one.recipient, one.address) for one in known}
    tokens |= {confirm_token("secret", one) for one in known}
    tokens |= {stop_token("another secret", ASKED.recipient, ASKED.address)}
    assert len(tokens) == 7
    assert all(re.fullmatch(r"[\w-]{24}", token) for token in tokens)
    assert who_stops("secret", stop_token("secret", "desk", "desk@desk.example"), known) == ASKED
    assert who_stops("secret", confirm_token("secret", ASKED), known) is None
    assert who_confirms("secret", stop_token("secret", "desk", "desk@desk.example"), known, now=NOON) is None


@pytest.mark.parametrize("given", ["", "x" * 24, "é", "\ud800", "../../etc/passwd", "a" * 100_000])
def test_what_is_no_token_is_nobodys(given: str) -> None:
    assert who_stops("secret", given, [ASKED]) is None
    assert who_confirms("secret", given, [ASKED], now=NOON) is None


@pytest.mark.parametrize(("later", "holds"), [(timedelta(), True), (HOLDS - MINUTE, True), (HOLDS, False)])
def test_a_question_can_be_answered_for_a_week(later: timedelta, holds: bool) -> None:
    found = who_confirms("secret", confirm_token("secret", ASKED), [ASKED], now=NOON + later)
    assert (found == ASKED) is holds


def test_a_later_question_ends_the_one_before() -> None:
    again = replace(ASKED, asked_at=NOON + DAY)
    assert who_confirms("secret", confirm_token("secret", ASKED), [again], now=NOON + DAY) is None


def test_the_letter_says_how_to_be_left_alone_and_a_mail_program_can_press_the_button() -> None:
    message = replace(WRITTEN, stop="https://desk.example/stop/c2l4dHkgZm91ciBiaXRzIQAA")
    letter = compose_letter(message, sender="Tipsheet <alerts@example.org>", recipient="reporter@example.net")
    golden("stoppable.eml", letter)
    headers = letter.partition(b"\r\n\r\n")[0].decode()
    assert re.search(r"(?m)^List-Unsubscribe:\s+<https://desk\.example/stop/c2l4dHkgZm91ciBiaXRzIQAA>\r$", headers)
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r" in headers
    in_the_clear = replace(message, stop="http://127.0.0.1:8090/stop/x")
    assert b"One-Click" not in compose_letter(in_the_clear, sender="a@b.example", recipient="c@d.example")


@pytest.mark.parametrize("content", ["title", "count"])
def test_a_channel_that_may_say_little_still_says_how_to_be_left_alone(content: Content) -> None:
    less = reduced(replace(WRITTEN, stop="https://desk.example/stop/x"), content)
    assert "https://desk.example/stop/x" in less.text
    assert 'href="https://desk.example/stop/x"' in less.html
    assert less.stop


# ---- yes -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path, CONFIG)


def standing(database: Database, name: str = "desk") -> Consent:
    with database.read() as connection:
        return next(one for one in consents.listing(connection) if one.recipient == name)


def link(phone: Phone, which: str, to: str = "desk") -> str:
    """The token of the latest link of one sort that somebody received."""
    texts = [message.text + message.html for taker, message in phone.took if taker == to]
    found: list[str] = re.findall(rf"https://desk\.example/{which}/([\w-]+)", "".join(texts))
    return found[-1]


def test_a_new_address_is_asked_once_and_hears_all_that_waited_as_one_message(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    tell(deliver, 3)
    for _ in range(2):  # a second round asks nobody again
        ask_new_addresses(deliver.database, deliver.config, clock=clock)
        list(deliver())
        clock.move(timedelta(hours=2))
    assert phone.kinds() == ["confirmation"]
    (_, question), *_ = phone.took
    assert "Ferry" not in question.text + question.html + question.subject
    assert {row.reason for row in ledger(deliver, "waiting")} == {"waits for its confirmation"}

    with deliver.database.write() as connection:
        consent.confirm(connection, deliver.config, standing(deliver.database), now=clock())
    list(deliver())
    assert phone.kinds() == ["confirmation", "more"]
    told = phone.took[-1][1].text
    assert all(f"Ferry s{number} waits" in told for number in range(3))
    assert f"https://desk.example/stop/{link(phone, 'stop')}" in told


def test_one_alert_that_waited_is_told_as_it_is(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    tell(deliver)
    list(deliver())
    with deliver.database.write() as connection:
        assert consent.confirm(connection, deliver.config, standing(deliver.database), now=clock()) == 1
    list(deliver())
    assert phone.kinds() == ["alert"]
    assert "https://desk.example/stories/1" in phone.took[-1][1].text


def test_the_question_is_asked_in_the_language_of_the_recipient(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    ask_new_addresses(deliver.database, deliver.config, clock=clock)
    list(deliver())
    asked = dict(phone.took)
    assert "¿Desea estos mensajes?" in asked["mesa"].text
    assert "Do you want these messages?" in asked["desk"].text


def test_who_received_something_before_there_was_a_question_is_not_asked(
    deliver: Deliver, phone: Phone, clock: Clock, tmp_path: Path
) -> None:
    with_address, deliver_before = deliver, replace(deliver, config=settings(tmp_path, WITHOUT_ADDRESS))
    tell(deliver_before)
    list(deliver_before())
    assert phone.kinds() == ["alert"]  # without a page to answer on, the file's word counts
    assert "/stop/" not in phone.took[0][1].text
    assert ask_new_addresses(with_address.database, with_address.config, clock=clock) == 2
    assert (standing(deliver.database).state, standing(deliver.database).said_by) == ("confirmed", "earlier messages")


def test_another_address_of_the_same_recipient_is_a_new_one(deliver: Deliver, clock: Clock, tmp_path: Path) -> None:
    ask_new_addresses(deliver.database, deliver.config, clock=clock)
    moved = settings(tmp_path, CONFIG.replace("mesa@desk.example", "mesa@casa.example"))
    assert ask_new_addresses(deliver.database, moved, clock=clock) == 1


def test_digests_begin_with_the_yes_and_miss_nothing(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    queue_digests(deliver.database, deliver.config, clock=clock)  # it begins to work
    ask_new_addresses(deliver.database, deliver.config, clock=clock)
    clock.move(DAY)
    assert queue_digests(deliver.database, deliver.config, clock=clock) == 0
    with deliver.database.write() as connection:
        consent.confirm(connection, deliver.config, standing(deliver.database), now=clock())
    assert queue_digests(deliver.database, deliver.config, clock=clock) == 1


# ---- no --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def confirmed(deliver: Deliver, clock: Clock) -> Deliver:
    """All three have said yes."""
    ask_new_addresses(deliver.database, deliver.config, clock=clock)
    with deliver.database.write() as connection:
        for one in consents.listing(connection):
            consent.confirm(connection, deliver.config, one, now=clock())
    return deliver


def stop(deliver: Deliver, clock: Clock) -> bool:
    with deliver.database.write() as connection:
        return consent.stop(connection, deliver.config, standing(deliver.database), now=clock())


def test_after_a_no_nothing_goes_and_the_owner_is_told_once(confirmed: Deliver, phone: Phone, clock: Clock) -> None:
    tell(confirmed)
    with confirmed.database.write() as connection:
        outbox.add_digest(connection, confirmed.config.recipients["desk"], day="today", now=clock())
    assert stop(confirmed, clock)
    assert not stop(confirmed, clock)
    list(confirmed())
    tell(confirmed, prefix="later")  # decided before the no was known
    list(confirmed())
    assert phone.kinds() == []
    assert phone.kinds("keeper") == ["notice"]
    assert "“desk” wants no more messages" in phone.took[0][1].text
    unsent = [row for row in ledger(confirmed, "folded") if row.kind in ("alert", "digest")]
    assert {row.reason for row in unsent} == {"desk wants no messages since 2026-02-18"}
    assert queue_digests(confirmed.database, confirmed.config, clock=clock) == 0


def test_after_a_no_nobody_can_send_a_test_either(confirmed: Deliver, phone: Phone, clock: Clock) -> None:
    stop(confirmed, clock)
    to = confirmed.config.recipients["desk"]
    with pytest.raises(DeliveryError, match="desk wants no messages since 2026-02-18"):
        send_test(confirmed.database, to, phone, by="editor", clock=clock)
    assert phone.took == []
    assert "test" not in [row.kind for row in ledger(confirmed, "folded")]


def test_decisions_say_why(confirmed: Deliver, clock: Clock) -> None:
    stop(confirmed, clock)
    keep(confirmed.database, keyed("a", "A ferry waits"), now=clock())
    examine = Examine(
        database=confirmed.database, config=confirmed.config, outlets=shipped(), clock=clock, stop=Event()
    )  # fmt: skip
    list(examine())
    with confirmed.database.read() as connection:
        said = {one.recipient: (one.action, one.reason) for one in decisions.decisions_of(connection, 1)}
    assert said["desk"] == ("nothing", "desk wants no messages since 2026-02-18")
    assert said["mesa"][0] == "alert"


def test_a_no_holds_where_the_desk_has_lost_its_address(confirmed: Deliver, clock: Clock, tmp_path: Path) -> None:
    stop(confirmed, clock)
    without = settings(tmp_path, WITHOUT_ADDRESS)
    assert list(silent_recipients(confirmed.database, without)) == ["desk"]


def test_a_no_is_taken_back(confirmed: Deliver, phone: Phone, clock: Clock) -> None:
    stop(confirmed, clock)
    with confirmed.database.write() as connection:
        assert consent.resume(connection, confirmed.config, standing(confirmed.database), now=clock())
    tell(confirmed)
    list(confirmed())
    assert phone.kinds() == ["alert"]
    with confirmed.database.read() as connection:
        said = [line.detail for line in audit.listing(connection)]
    assert said[:2] == ["receives messages again", "stopped its messages"]


# ---- the pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(confirmed: Deliver, config: Config, clock: Clock) -> Iterator[str]:
    with open_desk(confirmed.database, config.path, clock) as desk:
        yield desk.home


def token_of(database: Database, name: str = "desk") -> str:
    with database.write() as connection:
        return stop_token(consents.secret(connection), name, f"{name}@desk.example")


def test_a_scanner_that_opens_every_link_changes_nothing(home: str, confirmed: Deliver) -> None:
    token = token_of(confirmed.database)
    for path in (f"/stop/{token}", f"/confirm/{token}"):
        for ask in (httpx.get, httpx.head):
            assert ask(home + path).status_code in (200, 405)
    assert standing(confirmed.database).state == "confirmed"


def test_a_mail_program_says_no_for_its_reader_without_a_page(home: str, confirmed: Deliver) -> None:
    answer = httpx.post(f"{home}/stop/{token_of(confirmed.database)}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200  # RFC 8058: no way round
    assert standing(confirmed.database).state == "stopped"


def test_a_no_is_taken_while_feeds_yaml_has_a_fault(home: str, confirmed: Deliver, config: Config) -> None:
    config.path.write_text("channels: [")
    assert httpx.post(f"{home}/stop/{token_of(confirmed.database)}").status_code == 200
    assert standing(confirmed.database).state == "stopped"


def test_a_person_says_no_and_comes_back_by_the_same_link(home: str, confirmed: Deliver) -> None:
    with closing(httpx.Client(base_url=home, headers={"Accept": "text/html", "Origin": home})) as client:
        path = f"/stop/{token_of(confirmed.database)}"
        client.get(path)
        stopped = client.post(path).text
        assert "Nothing more is sent to you" in stopped
        (back,) = re.findall(r'action="(/resume/[\w-]+)"', stopped)
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', stopped))
        assert client.post(back).status_code == 403  # only a page of ours asks for that
        assert "Welcome back" in client.post(back, data={"csrf": csrf}).text
    assert standing(confirmed.database).state == "confirmed"


def test_the_link_of_a_question_confirms_once_and_an_older_one_takes_no_no_back(
    home: str, confirmed: Deliver, clock: Clock
) -> None:
    with confirmed.database.write() as connection:
        consents.say(connection, standing(confirmed.database), "waiting", by="", now=clock())
        token = confirm_token(consents.secret(connection), standing(confirmed.database))
    with closing(httpx.Client(base_url=home, headers={"Accept": "text/html", "Origin": home})) as client:
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', client.get(f"/confirm/{token}").text))
        assert client.post(f"/confirm/{token}").status_code == 403
        assert "Thank you" in client.post(f"/confirm/{token}", data={"csrf": csrf}).text
        assert standing(confirmed.database).state == "confirmed"
        stop(confirmed, clock)
        assert "Nothing more is sent" in client.post(f"/confirm/{token}", data={"csrf": csrf}).text
    assert standing(confirmed.database).state == "stopped"


def test_no_page_tells_whether_an_address_is_known(home: str, confirmed: Deliver) -> None:
    token = token_of(confirmed.database)
    for path in ("/stop/", "/confirm/"):
        pages = [httpx.get(home + path + one, headers={"Accept": "text/html"}).text for one in (token, "x" * 24)]
        bare = {re.sub(r"value=\"[^\"]*\"|data-csrf=\"[^\"]*\"", "", page).replace(token, "x" * 24) for page in pages}
        assert len(bare) == 1
        assert "desk@" not in bare.pop()
    assert httpx.post(f"{home}/stop/{'x' * 24}").status_code == 404


def test_the_pages_speak_the_language_of_the_browser(home: str) -> None:
    page = httpx.get(f"{home}/stop/x", headers={"Accept": "text/html", "Accept-Language": "es-MX,es;q=0.9"}).text
    assert '<html lang="es">' in page
    assert "¿Ya no desea estos mensajes?" in page


# ---- from end to end, and by hand ------------------------------------------------------------------------------------


def test_a_real_letter_holds_the_header_and_the_link(database: Database, config: Config, clock: Clock) -> None:
    with MailSink() as sink:
        sender = MailSender(
            host="127.0.0.1", port=sink.port, security="none", sender="tipsheet@desk.example", timeout=5
        )
        deliver = delivery(database, config, {"mail": sender}, clock)
        ask_new_addresses(database, config, clock=clock)
        list(deliver())
        with database.write() as connection:
            consent.confirm(connection, config, standing(database), now=clock())
        tell(deliver)
        list(deliver())
        letters = {
            letter.message["List-Id"].split()[1]: letter.message
            for letter in sink.letters
            if "desk@" in letter.recipients[0]
        }
    for letter in letters.values():
        assert letter["List-Unsubscribe"] == f"<https://desk.example/stop/{token_of(database)}>"
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert set(letters) == {"confirmations", "alerts"}
    text = letters["alerts"].get_body(("plain",))
    assert text
    assert f"https://desk.example/stop/{token_of(database)}" in text.get_content()


def test_by_hand(database: Database, config: Config, clock: Clock, tmp_path: Path) -> None:
    ask_new_addresses(database, config, clock=clock)
    where = ("--config", config.path, "--database", str(database.url))

    def state(name: str) -> str:
        rows = tipsheet("recipients", "--json", *where).objects
        return next(str(row["state"]) for row in rows if row["name"] == name)

    assert state("desk") == "waiting"
    assert tipsheet("recipients", "ask", *where, "desk").out == "desk is asked again.\n"
    assert tipsheet("recipients", "confirm", *where, "desk").out == "desk receives messages from now on; 0 waited.\n"
    assert state("desk") == "confirmed"
    with database.write() as connection:
        consent.stop(connection, config, standing(database), now=clock())
    assert state("desk") == "stopped"
    assert "desk\tmail\tdesk@desk.example\tstopped" in tipsheet("recipients", *where).out
    unwanted = tipsheet("alerts", "test", *where, "desk")
    assert (unwanted.code, unwanted.out) == (1, "")
    assert unwanted.err == f"not sent: desk wants no messages since {clock():%Y-%m-%d}\n"
    assert tipsheet("recipients", "resubscribe", *where, "desk").out == "desk receives messages again.\n"
    refused = tipsheet("recipients", "resubscribe", *where, "desk")
    assert (refused.code, refused.out) == (1, "")
    assert "desk has not stopped its messages" in refused.err
    assert tipsheet("recipients", "confirm", *where, "nobody").code == 2
