"""A message as the bytes that left, to be kept: the letter of a mail, the JSON of a webhook, the HTML.

What must not live here: the formats (`alerts.smtp`, `alerts.webhook`). None of these is a page of ours: a browser is
told to keep the file, and would run nothing in it if it did not.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from alerts.discretion import reduced
from alerts.smtp import compose_letter
from alerts.webhook import body_of
from monitor.desk.rooms.deliveries import find
from monitor.desk.visit import Reviewer, Visit
from monitor.model import Message
from monitor.settings.yaml_file import load_tree
from storage.deliveries import Delivery

router = APIRouter(tags=["deliveries"])


@router.get("/deliveries/{delivery:int}/message.eml", response_class=Response)
def letter(visit: Reviewer, delivery: int) -> Response:
    """The letter as the mail server was handed it, for a delivery by mail."""
    found = find(visit, delivery)
    channel = _channel(visit, found)
    if channel.get("kind") != "email":
        raise HTTPException(404, f"delivery {delivery} went by {found.row.channel}, which is no mail")
    message = _as_sent(found, channel)
    body = compose_letter(message, sender=str(channel.get("from", "")), recipient=found.address)
    return _file(body, "message/rfc822", f"tipsheet-{delivery}.eml")


@router.get("/deliveries/{delivery:int}/message.json", response_class=Response)
def data(visit: Reviewer, delivery: int) -> Response:
    """What a webhook is handed: the message as JSON, byte for byte."""
    found = find(visit, delivery)
    return _file(body_of(_as_sent(found, _channel(visit, found))), "application/json", f"tipsheet-{delivery}.json")


@router.get("/deliveries/{delivery:int}/message.html", response_class=Response)
def markup(visit: Reviewer, delivery: int) -> Response:
    """The HTML of the message."""
    found = find(visit, delivery)
    return _file(
        _as_sent(found, _channel(visit, found)).html.encode("utf-8", "replace"),
        "text/html; charset=utf-8",
        f"tipsheet-{delivery}.html",
    )


def _channel(visit: Visit, found: Delivery) -> dict[str, Any]:
    """The block of its channel in feeds.yaml, without secrets; empty where it has left the file."""
    blocks = load_tree(visit.desk.settings.path).get("channels") or ()
    return next((block for block in blocks if isinstance(block, dict) and block.get("name") == found.row.channel), {})


def _as_sent(found: Delivery, channel: dict[str, Any]) -> Message:
    """As much of the message as its channel carries by the file of today."""
    if found.message is None:
        raise HTTPException(404, f"delivery {found.row.id} has no words yet: they are written at the first attempt")
    content = channel.get("content")
    return reduced(found.message, content if content in ("title", "count") else "full")


def _file(body: bytes, kind: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(body, media_type=kind, headers=headers)
