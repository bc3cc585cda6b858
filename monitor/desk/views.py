"""How things are printed in a page: the templates, and what they may say of times, links and marked terms.

What must not live here: what a page says. All words from strangers pass through Jinja2's escaping; `Markup` is made in
this room only, of pieces that were escaped one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from alerts.cleaning import clean, safe_link
from monitor.desk.cards import anchor_of
from monitor.desk.visit import Visit

STATIC = Path(__file__).parent / "static"


def render(visit: Visit, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """The page. `visit` says in whose zone the times are, and what may be done from here."""
    html = _templates().get_template(template).render(visit=visit, **facts)
    return HTMLResponse(html, status_code=status)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("monitor.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "clean": clean,
        "clean_lines": lambda text: "\n".join(map(clean, text.splitlines())),
        "clock": _clock,
        "ago": _ago,
        "link": outward,
        "many": many,
        "mark": marked,
        "query": urlencode,
        "weekday": lambda day: f"{day:%A} {day.day} {day:%B %Y}",
    }
    templates.globals |= {"static": static_address, "anchor_of": anchor_of}
    return templates


@cache
def static_address(name: str) -> str:
    """The address of a file of ours, which changes with its content: browsers may keep it for good."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def many(count: int, one: str, more: str = "") -> str:
    """ "1 story", "3 stories"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def marked(text: str, marks: Sequence[Sequence[int]]) -> Markup:
    """A text with its terms in <mark>. `marks` are (start, end) in code points of `text`, sorted, not overlapping."""
    text = clean(text)
    out, at = list[str](), 0
    for start, end in marks:
        out += escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"
        at = end
    return Markup("".join([*out, escape(text[at:])]))  # noqa: S704 - of pieces that were escaped one by one


def outward(address: str, words: str = "") -> Markup:
    """A link to somebody else's page: http or https, or no link at all. What lies behind it learns nothing of us."""
    safe, host = safe_link(address)
    said = escape(clean(words or address))
    if not safe:
        return said
    named = f'<a href="{escape(safe)}" rel="noopener noreferrer" title="{escape(host)}">{said}</a>'
    return Markup(named)  # noqa: S704 - of pieces that were escaped one by one; `format` would cost a page its half


def _clock(moment: datetime | None, visit: Visit, *, seconds: bool = False) -> Markup:
    """A moment in the reader's zone: the hour alone for today, with the day before it for any other."""
    if moment is None:
        return Markup("")
    local = moment.astimezone(visit.zone)
    hour = local.isoformat(timespec="seconds")[11 : 19 if seconds else 16]
    said = hour if local.date() == visit.today else f"{_day(local, visit.today)}, {hour}"
    stamp = moment.astimezone(UTC).isoformat(timespec="seconds")
    return Markup(  # noqa: S704 - digits, and names of days and zones
        f'<time datetime="{stamp}" title="{local:%A %d %B %Y, %H:%M:%S %Z}">{said}</time>'
    )


def _day(moment: datetime, today: date) -> str:
    """A day in few letters, with its year where that is not this one."""
    return f"{moment:%a} {moment.day} {moment:%b}" + f" {moment:%Y}" * (moment.year != today.year)


def _ago(moment: datetime | None, visit: Visit) -> str:
    """How long ago, or in how long, in one word and a number."""
    if moment is None:
        return "never"
    away = visit.now - moment
    for unit, length in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if abs(away) >= length:
            count = abs(away) // length
            return f"{count} {unit} ago" if away > timedelta() else f"in {count} {unit}"
    return "just now" if away >= timedelta() else "in a moment"


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The date on the reader's wall."""
    return moment.astimezone(zone).date()
