"""Who may enter the desk, for how long, and what a request must show: tables of decisions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.desk.door.entrance import (
    LOGINS,
    ROLES,
    Limit,
    client_key,
    client_of,
    comes_from_here,
    cookie_name,
    csrf_fits,
    csrf_token,
    decide_login,
    entry_cookie,
    exit_cookie,
    lasts,
    lesser,
    local_path,
    login_name,
    may,
    name_fault,
    wait,
)
from monitor.model import Account, Session

NOON = datetime(2026, 2, 18, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def account(**fields: Any) -> Account:
    usual: dict[str, Any] = {
        "id": 1, "name": "ana", "role": "reviewer", "zone": "UTC", "language": "en", "disabled": False,
        "second_factor": False, "created_at": NOON,
    }  # fmt: skip
    return Account(**usual | fields)


# ---- who, and what they may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Ana", "ana"), (" ana ", "ana"), ("ＡＮＡ", "ana"), ("Nu\u0301ria", "núria"), ("STRASSE", "strasse")],
)
def test_a_name_is_the_same_from_any_keyboard(typed: str, name: str) -> None:
    assert login_name(typed) == name
    assert name_fault(name) == ""


@pytest.mark.parametrize("name", ["", "ana ruiz", "a/b", "ana\n", "x" * 65, "<b>", "ana\u202e"])
def test_what_is_no_name_is_said(name: str) -> None:
    assert "expected 1 to 64 letters" in name_fault(name)


def test_each_role_may_what_those_before_it_may() -> None:
    allowed = {(role, need) for role, need in product(ROLES, ROLES) if may(role, need)}
    assert allowed == {
        ("reader", "reader"),
        ("reviewer", "reader"), ("reviewer", "reviewer"),
        ("admin", "reader"), ("admin", "reviewer"), ("admin", "admin"),
    }  # fmt: skip
    assert not any(may(None, need) for need in ROLES)


def test_a_key_opens_what_both_it_and_its_owner_may() -> None:
    assert lesser("admin", "reader") == "reader"
    assert lesser("reviewer", "admin") == "reviewer"


@pytest.mark.parametrize(
    ("who", "password_fits", "code_fits", "why"),
    [
        (account(), True, False, ""),  # who has no second factor is asked for no code
        (account(second_factor=True), True, True, ""),
        (account(second_factor=True), True, False, "wrong code"),
        (account(second_factor=True), False, True, "wrong password"),
        (account(), False, True, "wrong password"),
        (account(disabled=True), True, True, "the account is disabled"),
        (None, False, True, "no such account"),
        (None, True, True, "no such account"),
    ],
)
def test_a_login_needs_all_of_it(who: Account | None, password_fits: bool, code_fits: bool, why: str) -> None:
    assert decide_login(who, password_fits=password_fits, code_fits=code_fits) == why


@pytest.mark.parametrize(
    ("began", "seen", "alive"),
    [
        (MINUTE, MINUTE, True),
        (6 * DAY, 11 * HOUR, True),
        (6 * DAY, 12 * HOUR, False),  # nobody used it
        (7 * DAY, MINUTE, False),  # used all week, and over all the same
        (-MINUTE, -MINUTE, True),  # a clock that was set back a little
        (-DAY, -DAY, False),  # a session of a clock that ran ahead would last for ever
    ],
)
def test_a_session_ends(began: timedelta, seen: timedelta, alive: bool) -> None:
    session = Session(account=account(), began_at=NOON - began, seen_at=NOON - seen)
    assert lasts(session, NOON) == alive


# ---- how often -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes_ago", "minutes_left"),
    [
        ([], 0),
        ([1, 2, 3, 4], 0),
        ([1, 2, 3, 4, 14], 1),
        ([0, 0, 0, 0, 0], 15),
        ([1, 2, 3, 4, 15], 0),  # the first is forgotten
        ([1, 2, 3, 4, 14, 14.5], 1),  # the sixth was counted by somebody else
        ([-60, -60, -60, -60, -60], 15),  # a clock that was set back closes nobody out for longer
    ],
)
def test_five_tries_in_a_quarter_of_an_hour(minutes_ago: list[float], minutes_left: float) -> None:
    tries = [NOON - ago * MINUTE for ago in minutes_ago]
    assert wait(tries, LOGINS, NOON) == minutes_left * MINUTE


@given(st.lists(st.integers(0, 3_000), max_size=60), st.integers(1, 6))
def test_whoever_waits_as_told_never_exceeds_the_limit_and_is_never_sent_away_again(
    gaps: list[int], tries: int
) -> None:
    limit, now, made = Limit(tries=tries, within=15 * MINUTE), NOON, list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        if left := wait(made, limit, now):
            assert wait(made, limit, now + left - timedelta(seconds=1)) > timedelta()
            now += left
            assert wait(made, limit, now) == timedelta()
        made.append(now)
        assert sum(now - at < limit.within for at in made) <= limit.tries


# ---- who asks --------------------------------------------------------------------------------------------------------

PROXIES = ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # a stranger's word on who he is
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # the first was written by whoever asks
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),  # the same as two headers
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),  # two proxies of ours
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::1", ["fe80::1%eth0"], "fe80::1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, <script>"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),  # somebody inside
        ("", ["198.51.100.1"], ""),  # no address: a socket in a file
    ],
)
def test_the_word_of_our_own_proxies_is_taken_and_no_other(peer: str, forwarded: list[str], client: str) -> None:
    assert client_of(peer, forwarded, PROXIES) == client
    assert client_of(peer, forwarded, ()) == peer


def test_a_client_is_counted_without_its_address() -> None:
    key = client_key("198.51.100.1", b"secret")
    assert "198" not in key
    assert client_key("198.51.100.1", b"secret") == key
    assert client_key("198.51.100.2", b"secret") != key
    assert client_key("198.51.100.1", b"another start") != key
    assert client_key("2001:db8::1", b"s") == client_key("2001:db8::ffff:1", b"s")  # one network, one client
    assert client_key("2001:db8:0:1::1", b"s") != client_key("2001:db8:0:2::1", b"s")


# ---- what a request must show ----------------------------------------------------------------------------------------


def test_a_forms_token_is_that_of_its_session() -> None:
    assert csrf_fits("session", csrf_token("session"))
    assert "session" not in csrf_token("session")
    for wrong in ("", csrf_token("another"), csrf_token("session")[:-1], "\ud800", "é"):
        assert not csrf_fits("session", wrong)


HOME = "https://desk.example"


@pytest.mark.parametrize(
    ("origin", "site", "ours"),
    [
        (HOME, "same-origin", True),
        (HOME, None, True),  # a browser of 2019
        (f"{HOME}:443", None, True),
        ("https://DESK.example", "same-origin", True),
        (None, "same-origin", True),
        ("null", "same-origin", True),  # our pages tell nobody where a reader came from
        (None, None, False),
        ("null", None, False),
        ("null", "cross-site", False),
        ("http://desk.example", None, False),
        ("https://desk.example:8443", None, False),
        ("https://desk.example.evil.example", None, False),
        ("https://evil.example", "same-origin", False),
        (HOME, "same-site", False),
        (HOME, "cross-site", False),
        ("https://desk.example:x", None, False),
        ("", "same-origin", False),
        (None, "none", False),
    ],
)
def test_a_change_comes_from_a_page_of_ours(origin: str | None, site: str | None, ours: bool) -> None:
    assert comes_from_here(home=HOME, origin=origin, fetch_site=site) == ours


@pytest.mark.parametrize("path", ["/", "/stories/12", "/search?q=ice%20NEAR%2F3&page=2#b", "/a//b", "/~ana"])
def test_a_path_of_ours_is_gone_to(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "stories", "//evil.example", "/\\evil.example", "\\\\evil.example", "/a\\b", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/ /evil.example", " //evil.example", "/\x00",
        "/é", "/" + "x" * 3000, "/a\r\nSet-Cookie: b=c",
    ],
)  # fmt: skip
def test_no_other_place_is_gone_to(path: str) -> None:
    assert local_path(path) == "/"
    assert local_path(path, "/day") == "/day"


@given(st.text(st.sampled_from("/\\\ta."), max_size=5).map("/{}".format) | st.text())
def test_whatever_is_wanted_no_browser_leaves_for_another_site(wanted: str) -> None:
    """As browsers read a link: blanks around it and line breaks within do not count, and a backslash is a stroke."""
    read = re.sub(r"[\t\r\n]", "", local_path(wanted).strip("".join(map(chr, range(33))))).replace("\\", "/")
    assert read.startswith("/")
    assert urlsplit(urljoin("https://desk.example/login", read)).netloc == "desk.example"


@pytest.mark.parametrize("secure", [True, False])
def test_a_cookie_is_for_this_host_alone(secure: bool) -> None:
    name, *flags = entry_cookie("token", secure=secure).split("; ")
    assert name == f"{cookie_name(secure=secure)}=token"
    assert set(flags) == {"Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax"} | ({"Secure"} if secure else set())
    assert cookie_name(secure=secure).startswith("__Host-") == secure
    assert f"{cookie_name(secure=secure)}=; Path=/; Max-Age=0" in exit_cookie(secure=secure)
