"""What machines ask of the desk: is the installation well, may one rely on it, and its measures.

What lives here: three addresses, and who may have the third. What must not: what is well (`monitor.operating`).

The first two tell anybody one word. They judge the whole installation by what it does, not the desk by its answering:
a program that lives and does nothing is not well. What they tell is worked out anew after some seconds, however often
somebody asks.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from monitor.desk.door import entrance
from monitor.desk.place import Desk
from monitor.desk.visit import Anybody, Visit
from monitor.model import Standing
from monitor.operating import exposition, verdict
from monitor.operating.measures import measures_of
from monitor.operating.verdict import Finding
from monitor.settings.config import Config
from storage import standing

router = APIRouter(include_in_schema=False)

FRESH = 10.0  # seconds


class _Known(NamedTuple):
    """What was found last."""

    standing: Standing
    findings: tuple[Finding, ...]
    config: Config


_kept: WeakKeyDictionary[FastAPI, _Known] = WeakKeyDictionary()  # by the server that answers
_lock = Lock()


@router.get("/healthz")
def healthz(visit: Anybody) -> Response:
    """503: something stands still."""
    return _word(well=verdict.is_healthy(_look(visit).findings))


@router.get("/readyz")
def readyz(visit: Anybody) -> Response:
    """503: something is slower than it should be."""
    return _word(well=verdict.is_ready(_look(visit).findings))


@router.get("/metrics")
def metrics(visit: Anybody) -> Response:
    """All measures, for whoever has a key, or asks from a place that the file allows."""
    if not visit.may("reader") and not _comes_from_near(visit):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "send a token, or ask from where desk.metrics_from allows it")
    known = _look(visit)
    measures = measures_of(known.standing, known.findings, known.config.recipients)
    return Response(exposition.write(measures), media_type=exposition.CONTENT_TYPE)


def _word(*, well: bool) -> Response:
    return PlainTextResponse("ok\n" if well else "not ok\n", HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)


def _look(visit: Visit) -> _Known:
    """How it stands. One at a time asks the database; who comes meanwhile is told the same."""
    with _lock:
        known = _kept.get(visit.request.app)
        if known is None or abs((visit.now - known.standing.now).total_seconds()) > FRESH:
            known = _kept[visit.request.app] = _look_anew(visit.desk, visit.now)
        return known


def _look_anew(desk: Desk, now: datetime) -> _Known:
    config = desk.settings.now()
    with desk.database.read() as connection:
        found = standing.read(connection, now=now, window=config.health.window)
    return _Known(found, verdict.judge(found, config.health), config)


def _comes_from_near(visit: Visit) -> bool:
    """From this machine itself, or a network that the file names. What was passed on counts as who is vouched for."""
    peer = visit.request.client.host if visit.request.client else ""
    passed_on = entrance.was_passed_on(visit.request.headers)
    if passed_on and visit.client == peer:  # by somebody on whose word nothing is built
        return False
    place = visit.desk.settings.now().desk
    try:
        client = ip_address(visit.client)
    except ValueError:
        return False
    named = any(client in ip_network(network) for network in (place.metrics_from if place else ()))
    return named or (client.is_loopback and not passed_on)
