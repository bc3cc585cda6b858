"""Every action of the desk, once as it works and once as it is refused.

The table below names each address that changes something; one that it does not name fails here. Each row has the
newsroom to itself, at which people have worked already (`tests.worked_desk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import httpx
import pytest

from monitor.desk.app import addresses
from monitor.desk.place import Desk
from tests.worked_desk import (
    CODE,
    FEED,
    MARK,
    OLD_MARK,
    OPML,
    PASSWORD,
    QUESTION,
    SECRET,
    STOP,
    TWINS,
    WATCH,
    WEB,
    filled_in,
    headers_of,
)  # fmt: skip


class Try(NamedTuple):
    """A form as somebody sends it, and words of what is answered."""

    path: str
    typed: Mapping[str, object]
    answer: str
    by: str = "ana"  # "": nobody who is known


class Action(NamedTuple):
    works: Try
    refused: Try


NEW = "granite otter 1902 lamp"
NEW_FEED = {"mark": MARK, "name": "Harbor Radio", "url": "https://harbor.example/feed", "enabled": "true"}
NEW_WATCH = {"mark": MARK, "name": "rinks", "query": "hockey"}
NOBODY = {"name": "nobody"}

ACTIONS = {
    # ---- in and out
    "/login": Action(
        Try("/login", {"name": "ana", "password": PASSWORD}, "", by=""),
        Try("/login", {"name": "ana", "password": "not it"}, "Name, password or code is wrong.", by=""),
    ),
    "/logout": Action(Try("/logout", {}, "You are out."), Try("/logout", {}, "log in", by="")),
    "/confirm/{token}": Action(
        Try(f"/confirm/{QUESTION}", {}, "", by=""), Try("/confirm/odd", {}, "Nothing was changed.", by="")
    ),
    "/stop/{token}": Action(Try(f"/stop/{STOP}", {}, "", by=""), Try("/stop/odd", {}, "Nothing was changed.", by="")),
    "/resume/{token}": Action(
        Try(f"/resume/{STOP}", {}, "", by=""), Try("/resume/odd", {}, "Nothing was changed.", by="")
    ),
    # ---- what is said of stories
    "/stories/{story:int}/verdict": Action(
        Try("/stories/2/verdict", {"kind": "starred", "watch": WATCH, "version": 1}, "Starred."),
        Try("/stories/2/verdict", {"kind": "starred", "watch": WATCH}, "bo was faster"),
    ),
    "/stories/{story:int}/notes": Action(
        Try("/stories/2/notes", {"text": "Asked the agency."}, "The note is kept."),
        Try("/stories/999/notes", {"text": "Asked."}, "no story 999"),
    ),
    "/notes/{note:int}": Action(
        Try("/notes/1", {"text": "Asked twice.", "version": 1}, "The note is changed."),
        Try("/notes/1", {"text": "Asked twice."}, "bo was faster"),
    ),
    "/stories/{story:int}/assignment": Action(
        Try("/stories/2/assignment", {"assignee": "ana", "version": 1}, "It is ana's now."),
        Try("/stories/2/assignment", {"assignee": "ana"}, "bo was faster"),
    ),
    # ---- which reports tell one story
    "/stories/{story:int}/split": Action(
        Try("/stories/2/split", {"entries": 2, "why": "another leak", "version": 1}, "correction 2"),
        Try("/stories/2/split", {"entries": 2}, "bo was faster"),
    ),
    "/stories/{story:int}/merge": Action(
        Try("/stories/2/merge", {"other": 1, "version": 1}, "correction 2"),
        Try("/stories/2/merge", {"other": 999, "version": 1}, "999"),
    ),
    "/stories/{story:int}/move": Action(
        Try("/stories/2/move", {"entries": 2, "other": 1, "version": 1}, "correction 2"),
        Try("/stories/2/move", {"entries": 2, "other": 999, "version": 1}, "999"),
    ),
    "/corrections/{correction:int}/undo": Action(
        Try("/corrections/1/undo", {}, "Correction 1 is taken back."), Try("/corrections/9/undo", {}, "9")
    ),
    # ---- deliveries
    "/deliveries/retry": Action(
        Try("/deliveries/retry", {"ids": 2}, "1 delivery will be sent"), Try("/deliveries/retry", {"ids": 1}, "none of")
    ),
    "/deliveries/acknowledge": Action(
        Try("/deliveries/acknowledge", {"ids": 1}, "1 acknowledged"),
        Try("/deliveries/acknowledge", {"ids": 99}, "none of"),
    ),
    "/deliveries/rests/end": Action(
        Try("/deliveries/rests/end", {}, "The rests are over"),
        Try("/deliveries/rests/end", {}, "needs the role", by="rea"),
    ),
    "/deliveries/pauses/end": Action(
        Try("/deliveries/pauses/end", {"watch": WATCH}, "alerts again"),
        Try("/deliveries/pauses/end", {"watch": "rinks"}, "is not paused"),
    ),
    "/deliveries/test": Action(
        Try("/deliveries/test", {"recipient": "desk"}, "Delivered"),
        Try("/deliveries/test", {"recipient": "nobody"}, "expected one of desk"),
    ),
    # ---- feeds
    "/feeds/{feed:int}/refresh": Action(
        Try("/feeds/1/refresh", {}, "will be asked now"), Try("/feeds/2/refresh", {}, "is left alone")
    ),
    "/feeds/settings": Action(
        Try("/feeds/settings", NEW_FEED, "Harbor Radio: Written"),
        Try("/feeds/settings", NEW_FEED | {"every": "often"}, "expected a duration"),
    ),
    "/feeds/settings/remove": Action(
        Try("/feeds/settings/remove", {"name": FEED, "mark": MARK}, "is removed"),
        Try("/feeds/settings/remove", {"name": FEED, "mark": OLD_MARK}, "nothing was written"),
    ),
    "/feeds/find": Action(
        Try("/feeds/find", {"address": WEB}, "Harbor Radio"),
        Try("/feeds/find", {"address": "http://10.0.0.1/"}, "10.0.0.1"),
    ),
    "/feeds/lists/read": Action(
        Try("/feeds/lists/read", {"file": OPML}, "Harbor Radio"),
        Try("/feeds/lists/read", {"file": "hello"}, "the document holds no outline"),
    ),
    "/feeds/lists": Action(
        Try("/feeds/lists", {"document": OPML, "mark": MARK}, "1 feed added."),
        Try("/feeds/lists", {"document": TWINS, "mark": MARK}, "nothing is left to add"),
    ),
    # ---- watches, and the file
    "/settings/watch": Action(
        Try("/settings/watch", NEW_WATCH, "rinks: Written"),
        Try("/settings/watch", NEW_WATCH | {"query": "hockey AND ("}, "^"),
    ),
    "/settings/watch/try": Action(
        Try("/settings/watch/try", NEW_WATCH, ""),
        Try("/settings/watch/try", NEW_WATCH, "needs the role", by="bo"),
    ),
    "/settings/watch/form": Action(
        Try("/settings/watch/form", NEW_WATCH, "hockey"),
        Try("/settings/watch/form", NEW_WATCH, "needs the role", by="bo"),
    ),
    "/settings/watch/remove": Action(
        Try("/settings/watch/remove", {"name": "ferries", "mark": MARK}, "ferries is removed."),
        Try("/settings/watch/remove", {"name": "rinks", "mark": MARK}, "no watch of feeds.yaml"),
    ),
    "/settings": Action(
        Try("/settings", {"text": "{file}# ours\n", "mark": MARK}, "Written"),
        Try("/settings", {"text": "{file}odd: 1\n", "mark": MARK}, "odd"),
    ),
    # ---- the own account
    "/account/password": Action(
        Try("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW}, "The password is changed"),
        Try("/account/password", {"old": PASSWORD, "new": NEW, "again": ""}, "again: not what stands above"),
    ),
    "/account/clock": Action(
        Try("/account/clock", {"zone": "America/Bogota", "language": "es"}, "America/Bogota now"),
        Try("/account/clock", {"zone": "Mars", "language": "es"}, "expected a time zone"),
    ),
    "/account/sessions/end": Action(
        Try("/account/sessions/end", {}, "You are out everywhere."), Try("/account/sessions/end", {}, "log in", by="")
    ),
    "/account/code": Action(
        Try("/account/code", {"secret": SECRET, "code": CODE, "password": PASSWORD}, "A code is asked for"),
        Try("/account/code", {"secret": SECRET, "code": "000000", "password": PASSWORD}, "not the code"),
    ),
    "/account/code/off": Action(
        Try("/account/code/off", {"code_password": PASSWORD}, "The password is enough again.", by="bo"),
        Try("/account/code/off", {"code_password": "not it"}, "That is not your password.", by="bo"),
    ),
    "/account/keys": Action(
        Try("/account/keys", {"label": "sheet", "key_password": PASSWORD}, "enters with this token"),
        Try("/account/keys", {"label": "script", "key_password": PASSWORD}, "label: "),
    ),
    "/account/keys/revoke": Action(
        Try("/account/keys/revoke", {"label": "script"}, "opens nothing any more"),
        Try("/account/keys/revoke", {"label": "sheet"}, "sheet"),
    ),
    "/out/keys": Action(
        Try("/out/keys", {"watch": WATCH, "key_password": PASSWORD}, "/watch/tech%20and"),
        Try("/out/keys", {"watch": WATCH, "key_password": "not it"}, "That is not your password."),
    ),
    "/out/keys/withdraw": Action(
        Try("/out/keys/withdraw", {"label": "phone"}, "phone"), Try("/out/keys/withdraw", {"label": "sheet"}, "sheet")
    ),
    # ---- everybody's
    "/people": Action(
        Try("/people", {"name": "cleo", "password": NEW, "role": "reader"}, "cleo may enter as reader."),
        Try("/people", {"name": "bo", "password": NEW}, "there is an account bo already"),
    ),
    "/people/role": Action(
        Try("/people/role", {"name": "bo", "role": "admin"}, "bo is admin now."),
        Try("/people/role", {"name": "ana", "role": "reader"}, "the only admin"),
    ),
    "/people/password": Action(
        Try("/people/password", {"name": "bo", "password": NEW}, "bo enters with the new password"),
        Try("/people/password", {"name": "bo", "password": "short"}, "at least 12 characters"),
    ),
    "/people/code/off": Action(
        Try("/people/code/off", {"name": "bo"}, "bo enters with the password alone."),
        Try("/people/code/off", NOBODY, "nobody"),
    ),
    "/people/disable": Action(
        Try("/people/disable", {"name": "bo"}, "bo is out"), Try("/people/disable", {"name": "ana"}, "the only admin")
    ),
    "/people/enable": Action(
        Try("/people/enable", {"name": "bo"}, "bo may enter again."), Try("/people/enable", NOBODY, "nobody")
    ),
    "/people/remove": Action(
        Try("/people/remove", {"name": "bo"}, "bo is gone."), Try("/people/remove", {"name": "ana"}, "the only admin")
    ),
}


def send(desk: Desk, tried: Try) -> httpx.Response:
    """What a script of the page sends, or, for nobody who is known, what a form without one does."""
    typed = {name: filled_in(desk, value) for name, value in tried.typed.items()}
    path = str(filled_in(desk, tried.path))
    headers = headers_of(desk, tried.by)
    if "file" in typed:
        return httpx.post(desk.home + path, files={"file": ("feeds.opml", str(typed["file"]))}, headers=headers)
    return httpx.post(desk.home + path, data=typed, headers=headers, timeout=20)


def test_the_table_names_every_address_that_changes_something() -> None:
    assert {route.path for route, _ in addresses() if "POST" in (route.methods or ())} == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_is_refused_with_its_reason_and_then_works(worked: Desk, action: Action) -> None:
    refused = send(worked, action.refused)
    assert 400 <= refused.status_code < 500, refused.text
    assert action.refused.answer in refused.text
    done = send(worked, action.works)
    assert done.status_code in (200, 303), done.text
    assert action.works.answer in done.text
