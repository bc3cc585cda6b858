"""One feed of feeds.yaml as a form: added, renamed, tagged anew, put to rest, taken out.

What must not live here: how the file is written (`writing`), which lines that changes (`splice`), and where new feeds
are found (`finding`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from monitor.desk.answers import Done, Mark, done
from monitor.desk.pages import page
from monitor.desk.views import render
from monitor.desk.visit import Admin, Visit
from monitor.desk.writing import WRITTEN, FileText, by_field, look, must_be, write
from monitor.errors import ConfigError, FileChangedError, TipsheetError
from monitor.settings.feeds_file import twin
from monitor.settings.splice import Change, with_items, with_keys, without_item
from monitor.settings.yaml_file import Items, Keys, read_tree

router = APIRouter(tags=["settings"])

FeedName = Annotated[str, Query(description="Its name in feeds.yaml; empty: a new one.", max_length=200)]


class FeedForm(BaseModel):
    """A feed as it is typed. What is left empty goes without saying in the file."""

    mark: str = ""
    was: str = ""  # its name in the file; "" where it is new
    name: str = ""
    url: str = ""
    outlet: str = ""
    language: str = ""
    tags: str = ""  # parted by commas
    enabled: bool = False  # a box that is not ticked sends nothing
    every: str = ""
    max_delay: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEditor:
    """One feed as a form: what the file says, or what was typed, with what is wrong with it."""

    mark: str
    was: str
    typed: Mapping[str, Any]  # field → what stands in it
    faults: Mapping[str, str]  # field → what is wrong; "" → elsewhere in the file
    meanwhile: str  # what the file says of the feed now, where somebody else changed it; "" where nobody did


def feed_form(visit: Admin, name: FeedName = "") -> FeedEditor:
    """A feed of feeds.yaml, to be changed; or the form for a new one."""
    seen = look(visit)
    typed = _typed(_feeds(seen)[_must_have(seen, name)]) if name else FeedForm(enabled=True)
    return _editor(seen, typed.model_copy(update={"was": name}), {})


page(router, "/feeds/settings", template="feed_form.html", name="feed-form")(feed_form)


@router.post("/feeds/settings", response_model=Done)
def save_feed(visit: Admin, form: Annotated[FeedForm, Form()]) -> Response:
    """Write a feed to feeds.yaml: a new one, or the one that `was`. Refused is what `tipsheet check` refuses."""
    seen = look(visit)
    try:
        must_be(visit, form.mark)
        if other := _twin_of(seen, form):
            return _again(visit, seen, form, {"url": f"this feed is in the file already, as “{other}”"})
        text = _with_feed(seen, form)
        write(visit, text, mark=form.mark, action="feeds changed", subject=form.name, detail=form.url)
    except ConfigError as error:
        return _again(visit, seen, form, by_field(error.faults, "feeds", _index_of(seen, form.was)), error)
    except FileChangedError as error:
        return _again(visit, seen, form, {"": str(error)}, error, meanwhile=_lines_of(seen, form.was))
    return done(visit, f"{form.name}: {WRITTEN}", "/feeds")


@router.post("/feeds/settings/remove", response_model=Done)
def remove_feed(visit: Admin, name: Annotated[str, Form(max_length=200)], mark: Mark) -> Response:
    """Take a feed out of feeds.yaml. What it brought stays; a comment above it stays."""
    seen = look(visit)
    index = _must_have(seen, name)
    text = without_item(seen.path, seen.text, "feeds", index)
    try:
        write(visit, text, mark=mark, action="feeds changed", subject=name, detail="removed")
    except FileChangedError as error:  # the feed as it stands now, to be looked at before it is taken out
        form = _typed(_feeds(seen)[index]).model_copy(update={"was": name})
        return _again(visit, seen, form, {"": str(error)}, error)
    return done(visit, f"{name} is removed. {WRITTEN}", "/feeds")


def _change(form: FeedForm) -> Change:
    """The keys of the feed; what goes without saying is not written."""
    tags = [tag.strip() for tag in form.tags.split(",") if tag.strip()]
    return {
        "name": form.name.strip(), "url": form.url.strip(), "outlet": form.outlet.strip() or None,
        "language": form.language.strip() or None, "tags": tags or None, "enabled": None if form.enabled else False,
        "every": form.every.strip() or None, "max_delay": form.max_delay.strip() or None,
    }  # fmt: skip


def _with_feed(seen: FileText, form: FeedForm) -> str:
    if not form.was:
        return with_items(seen.path, seen.text, "feeds", [_change(form)])
    return with_keys(seen.path, seen.text, "feeds", _must_have(seen, form.was), _change(form))


def _typed(block: Mapping[str, Any]) -> FeedForm:
    """What the form shows of a feed of the file."""
    found = {key: str(block[key]) for key in FeedForm.model_fields if block.get(key) is not None}
    enabled = str(block.get("enabled") or "true").lower() in ("true", "yes", "on")
    tags = ", ".join(map(str, block.get("tags") or ()))
    return FeedForm.model_validate(found | {"tags": tags, "enabled": enabled})


def _twin_of(seen: FileText, form: FeedForm) -> str:
    """The name of another feed of the file with this address; "" for none."""
    blocks = (block for block in _feeds(seen) if isinstance(block, Keys))
    names = {twin(str(block.get("url", ""))): str(block.get("name", "")) for block in blocks}
    found = names.get(twin(form.url.strip()), "")
    return found if found != form.was else ""


def _feeds(seen: FileText) -> Items:
    found = read_tree(seen.path, seen.text).get("feeds")
    return found if isinstance(found, Items) else Items(dash=None)


def _index_of(seen: FileText, name: str) -> int:
    """Its place in the list; behind the last one where it is not there."""
    names = [block.get("name") if isinstance(block, Keys) else None for block in _feeds(seen)]
    return names.index(name) if name in names else len(names)


def _must_have(seen: FileText, name: str) -> int:
    index = _index_of(seen, name)
    if index >= len(_feeds(seen)):
        raise HTTPException(404, f"no feed of feeds.yaml is called “{name}”")
    return index


def _lines_of(seen: FileText, name: str) -> str:
    """The lines of a feed as they stand in the file."""
    listed, index = _feeds(seen), _index_of(seen, name)
    if index >= len(listed):
        return "(it is not there)"
    return "".join(seen.text.splitlines(keepends=True)[listed.lines[index] - 1 : listed.ends[index][0]])


def _editor(seen: FileText, form: FeedForm, faults: Mapping[str, str], meanwhile: str = "") -> FeedEditor:
    return FeedEditor(mark=seen.mark, was=form.was, typed=form.model_dump(), faults=faults, meanwhile=meanwhile)


def _again(
    visit: Visit,
    seen: FileText,
    form: FeedForm,
    faults: Mapping[str, str],
    error: TipsheetError | None = None,
    meanwhile: str = "",
) -> Response:
    """The form with what was typed and what is wrong with it; to a program the error."""
    if "text/html" not in visit.request.headers.get("accept", ""):
        raise error or HTTPException(409, "; ".join(faults.values()))
    editor = _editor(seen, form, faults, meanwhile)
    status = HTTPStatus.CONFLICT if isinstance(error, FileChangedError) else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(visit, "feed_form.html", status=status, page=editor)
