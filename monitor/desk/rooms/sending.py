"""What a person does about deliveries: send again, acknowledge, end a rest or a pause, send a test.

What must not live here: what follows from it (`pipeline`), and how the ledger looks (`deliveries`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Response
from starlette.exceptions import HTTPException

from alerts import channel as channels
from monitor.desk.answers import Done, Next, done
from monitor.desk.door.errands import count_errand
from monitor.desk.rooms.deliveries import listed_at, one_delivery
from monitor.desk.views import many, render
from monitor.desk.visit import Admin, Reviewer, Visit
from monitor.pipeline.resting import end_rests
from monitor.pipeline.storms import resume
from monitor.pipeline.trial import send_test
from monitor.settings.config import read_config
from storage import audit, outbox, reminders
from storage.audit import numbers

router = APIRouter(tags=["deliveries"])

Chosen = Annotated[
    list[int], Form(default_factory=list, description="The deliveries that are meant; at least one.", max_length=1_000)
]
_BY_WHOM = "by the running Tipsheet, or by the next `tipsheet once`"


@router.post("/deliveries/retry", response_model=Done)
def retry(visit: Reviewer, ids: Chosen, next: Next = "/deliveries") -> Response:  # noqa: A002 - the name of the field
    """Send again what failed or is uncertain, and at once what waits or is held. What was sent stays sent.

    An uncertain one may have arrived: its receiver may have it twice.
    """
    now = visit.now
    with visit.desk.database.write() as connection:
        again = outbox.retry(connection, ids, now=now)
        hurried = outbox.hurry(connection, ids, now=now)
        end_rests(connection)
        found = {*again, *hurried}
        if found:
            audit.append(connection, visit.name, "deliveries retried", subject=numbers(found), now=now)
    if not found:
        return _again(visit, ids, next, "none of these failed, is uncertain or waits: there is nothing to send")
    said = f"{many(len(found), 'delivery', 'deliveries')} will be sent {_BY_WHOM}."
    return done(visit, said + _left(set(ids) - found, "sent, or told in another, meanwhile"), next)


@router.post("/deliveries/acknowledge", response_model=Done)
def acknowledge(visit: Reviewer, ids: Chosen, next: Next = "/deliveries") -> Response:  # noqa: A002
    """Say that alerts were seen: nobody is reminded of them."""
    with visit.desk.database.write() as connection:
        known = reminders.acknowledge(connection, ids, now=visit.now)
        if known:
            audit.append(connection, visit.name, "alerts acknowledged", subject=numbers(known), now=visit.now)
    if not known:
        return _again(
            visit, ids, next, "none of these is an alert, an update or a reminder: there is nothing to acknowledge"
        )
    said = f"{len(known)} acknowledged: nobody is reminded any more."
    return done(visit, said + _left(set(ids) - set(known), "no alert, update or reminder that was sent"), next)


def _left(ids: Collection[int], because: str) -> str:
    """What is said of those that were chosen and left as they are."""
    return f" {many(len(ids), 'other was', 'others were')} left: {because}." if ids else ""


def _again(visit: Visit, ids: Sequence[int], go: str, fault: str) -> Response:
    """The page from which they were chosen, with the ticks and the fault; to a program the fault."""
    fault = fault if ids else "expected at least one delivery"
    status = HTTPStatus.CONFLICT if ids else HTTPStatus.UNPROCESSABLE_ENTITY
    if not visit.wants_page:
        raise HTTPException(status, fault)
    if alone := re.fullmatch(r"/deliveries/(\d{1,18})", go):
        page: object = one_delivery(visit, int(alone[1]))
        return render(visit, "delivery.html", status=status, page=page, fault=fault)
    page = listed_at(visit, urlsplit(go).query)
    return render(visit, "deliveries.html", status=status, page=page, fault=fault, chosen=ids)


@router.post("/deliveries/rests/end", response_model=Done)
def end_the_rests(visit: Reviewer, next: Next = "/deliveries") -> Response:  # noqa: A002
    """Somebody has mended it: channels on which nothing got through are tried again at once.

    A rest that a service asked for is kept.
    """
    with visit.desk.database.write() as connection:
        end_rests(connection)
        audit.append(connection, visit.name, "rests ended", now=visit.now)
    return done(visit, f"The rests are over: what waits is tried {_BY_WHOM}.", next)


@router.post("/deliveries/pauses/end", response_model=Done)
def end_pause(visit: Reviewer, watch: Annotated[str, Form()], next: Next = "/deliveries") -> Response:  # noqa: A002
    """End the pause of a watch that sent too many alerts: it alerts again, and what it found meanwhile is told."""
    with visit.desk.database.write() as connection:
        ended = resume(connection, watch, now=visit.now)
        if ended:
            audit.append(connection, visit.name, "watch resumed", subject=watch, now=visit.now)
    if not ended:
        raise HTTPException(409, f"the watch “{watch}” is not paused")
    return done(visit, f"{watch} alerts again. What it found meanwhile stands in the next digest.", next)


@router.post("/deliveries/test", response_model=Done)
def send_a_test(visit: Admin, recipient: Annotated[str, Form()]) -> Response:
    """Send a test message, now. It counts in the recipient's hour, and stands in the ledger with the answer."""
    config = read_config(visit.desk.settings.path, os.environ, lenient=True)
    to = config.recipients.get(recipient)
    if to is None:
        raise HTTPException(
            422, f"no recipient is called “{recipient}”; expected one of {', '.join(config.recipients)}"
        )
    count_errand(visit)
    with visit.desk.open_client(config) as client:
        sender = channels.open_sender(config.channels[to.channel], post=client.post)
        tried = send_test(visit.desk.database, to, sender, by=visit.name, clock=visit.desk.clock)
    outcome = {"sent": "Delivered", "uncertain": "Nobody knows whether it arrived"}.get(tried.state, "Not delivered")
    return done(visit, f"{outcome}: {tried.said}", f"/deliveries/{tried.delivery}")
