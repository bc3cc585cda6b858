"""Forms that change feeds.yaml: one watch, or the whole file.

What must not live here: how the file is written (`writing`) and which lines that changes (`splice`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from monitor.desk.answers import Done, Mark, done
from monitor.desk.pages import page
from monitor.desk.rooms.trying import try_on_the_archive
from monitor.desk.views import render
from monitor.desk.visit import Admin, Visit
from monitor.desk.writing import WRITTEN, FileText, by_field, look, must_be, write
from monitor.errors import ConfigError, FileChangedError, TipsheetError
from monitor.model import Level
from monitor.settings.splice import Change, with_items, with_keys, without_item
from monitor.settings.yaml_file import Items, Keys, read_tree
from monitor.watches import packs

router = APIRouter(tags=["settings"])

MAX_TEXT = 10_000_000  # characters of the whole file
_GONE = "No watch of this name stands there."


class WatchForm(BaseModel):
    """A watch as it is typed. What is left empty goes without saying in the file."""

    mark: str = ""
    was: str = ""  # its name in the file; "" where it is new
    name: str = ""
    query: str = ""
    pack: str = ""
    level: str = "alert"
    busy: bool = False
    urgent: bool = False
    remind: str = ""
    to: list[str] = []
    feeds: str = ""
    languages: str = ""
    must_match: list[str] = []
    must_not_match: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEditor:
    """One watch as a form: what the file says, or what was typed, with what is wrong with it."""

    mark: str
    was: str
    typed: Mapping[str, Any]  # field → what stands in it
    faults: Mapping[str, str]  # field → what is wrong; "" → elsewhere in the file
    meanwhile: str  # what the file says of the watch now, where somebody else changed it; "" where nobody did
    recipients: tuple[str, ...]
    packs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEditor:
    """The whole file as a form."""

    mark: str
    text: str
    faults: tuple[str, ...]
    meanwhile: str  # lines by which what was typed differs from what another wrote; "" where nobody did


# ---- one watch -------------------------------------------------------------------------------------------------------


def watch_form(
    visit: Admin,
    name: Annotated[str, Query(description="Its name; empty: a new one.")] = "",
    query: Annotated[str, Query(description="To begin with, instead of what the file says.")] = "",
    pack: Annotated[str, Query(description="The same for its pack.")] = "",
    level: Annotated[str, Query(description="The same for how loud it may be.")] = "",
    must_match: Annotated[list[str], Query(description="Examples to add.")] = [],  # noqa: B006 - FastAPI copies it
    must_not_match: Annotated[list[str], Query(description="Examples to add.")] = [],  # noqa: B006
) -> WatchEditor:
    """A watch of feeds.yaml, to be changed; or the form for a new one."""
    seen = look(visit)
    typed = WatchForm(**_typed(_block_of(seen, name)) if name else {}).model_dump()
    typed |= {"query": query, "pack": ""} if query else {"pack": pack, "query": ""} if pack else {}
    typed |= {"level": level} if level else {}
    typed["must_match"] = list(dict.fromkeys([*typed["must_match"], *must_match]))
    typed["must_not_match"] = list(dict.fromkeys([*typed["must_not_match"], *must_not_match]))
    return _editor(visit, seen, {**typed, "was": name}, {})


page(router, "/settings/watch", template="watch_form.html", name="watch-form")(watch_form)


@router.post("/settings/watch", response_model=Done)
def save_watch(visit: Admin, form: Annotated[WatchForm, Form()]) -> Response:
    """Write a watch to feeds.yaml: a new one, or the one that `was`. Refused is what `tipsheet check` refuses."""
    seen = look(visit)
    try:
        must_be(visit, form.mark)
        text = _with_watch(seen, form)
        write(visit, text, mark=form.mark, action="watch changed", subject=form.name, detail=_summary(seen.text, text))
    except ConfigError as error:
        return _again(visit, seen, form, error, by_field(error.faults, "watches", _index_of(seen, form.was)))
    except FileChangedError as error:
        theirs = _written_block(seen, form.was) if form.was else ""
        gone = {} if theirs else {"was": ""}  # saved again, it is written anew
        return _again(visit, seen, form.model_copy(update=gone), error, {"": str(error)}, meanwhile=theirs or _GONE)
    return done(visit, f"{form.name}: {WRITTEN}", "/watches")


@router.post("/settings/watch/try", response_class=RedirectResponse, status_code=303)
def try_watch(
    visit: Admin, form: Annotated[WatchForm, Form()], days: Annotated[int, Form(ge=1, le=365)] = 30
) -> Response:
    """What was typed, tried on the archive; nothing is written. The page carries all of it back to the form."""
    query = _lines(form.query)
    level: Level = "digest" if form.level == "digest" else "alert"
    pack = "" if query else form.pack.strip()
    if not _wants_page(visit):
        asked = {"query": query, "pack": pack, "level": level, "days": days}
        return RedirectResponse(f"/backtest?{urlencode(asked)}", 303)
    tried = try_on_the_archive(visit, query=query, pack=pack, level=level, days=days)
    return render(visit, "backtest.html", page=tried, draft=form.model_dump())


@router.post("/settings/watch/form", include_in_schema=False)
def form_again(visit: Admin, form: Annotated[WatchForm, Form()]) -> Response:
    """The form with what was typed before it was tried. Its mark is that of the file which was seen then."""
    seen = look(visit)
    editor = _editor(visit, seen, form.model_dump(), {})
    return render(visit, "watch_form.html", page=replace(editor, mark=form.mark or seen.mark))


@router.post("/settings/watch/remove", response_model=Done)
def remove_watch(visit: Admin, name: Annotated[str, Form()], mark: Mark) -> Response:
    """Take a watch out of feeds.yaml. What it found stays; a comment above it stays."""
    seen = look(visit)
    text = without_item(seen.path, seen.text, "watches", _must_have(seen, name))
    try:
        write(visit, text, mark=mark, action="watch changed", subject=name, detail="removed")
    except FileChangedError as error:  # the watch as it stands now, to be looked at before it is taken out
        form = WatchForm(**_typed(_block_of(seen, name))).model_copy(update={"was": name})
        return _again(visit, seen, form, error, {"": str(error)})
    return done(visit, f"{name} is removed. {WRITTEN}", "/watches")


def _with_watch(seen: FileText, form: WatchForm) -> str:
    if not form.was:
        return with_items(seen.path, seen.text, "watches", [_change(form, {})])
    index = _must_have(seen, form.was)
    return with_keys(seen.path, seen.text, "watches", index, _change(form, _watches(seen)[index]))


def _change(form: WatchForm, said: Mapping[str, Any]) -> Change:
    """The keys of the watch; what goes without saying is not written, nor taken out where the file says it."""
    return {
        **_renamed(form, said),
        "name": form.name.strip(),
        "query": _lines(form.query) or None,
        "pack": form.pack.strip() or None,
        "level": form.level if form.level != "alert" or "level" in said else None,
        "busy": form.busy if form.busy or "busy" in said else None,
        "urgent": form.urgent if form.urgent or "urgent" in said else None,
        "remind": form.remind.strip() or None,
        "to": form.to or None,
        "feeds": _parted(form.feeds) or None,
        "languages": _parted(form.languages) or None,
        "must_match": _examples(form.must_match) or None,
        "must_not_match": _examples(form.must_not_match) or None,
    }


def _renamed(form: WatchForm, said: Mapping[str, Any]) -> Change:
    """The names that it had before, where it gets another: what it found stays its own."""
    name, was = form.name.strip(), form.was
    if name in ("", was) or not was:
        return {}
    former = [*(one for one in said.get("formerly") or () if one not in (name, was)), was]
    return {"formerly": former}


def _typed(block: Keys) -> dict[str, Any]:
    """What the form shows of a watch of the file."""
    found: dict[str, Any] = {key: block[key] for key in WatchForm.model_fields if block.get(key) is not None}
    for key in ("feeds", "languages"):
        found[key] = ", ".join(map(str, found.get(key, ())))
    for key in ("busy", "urgent"):
        found[key] = str(found.get(key, "")).lower() in ("true", "yes", "on")
    return found


def _lines(text: str) -> str:
    """As typed, with the line ends of the file, not those of a form."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _examples(typed: Sequence[str]) -> list[str]:
    return [text for text in map(_lines, typed) if text]


def _block_of(seen: FileText, name: str) -> Keys:
    block = read_tree(seen.path, seen.text)["watches"][_must_have(seen, name)]
    assert isinstance(block, Keys)  # noqa: S101 - it has a name
    return block


def _must_have(seen: FileText, name: str) -> int:
    index = _index_of(seen, name)
    if index >= len(_watches(seen)):
        raise HTTPException(404, f"no watch of feeds.yaml is called “{name}”")
    return index


def _index_of(seen: FileText, name: str) -> int:
    """Its place in the list; behind the last one where it is not there."""
    names = [item.get("name") if isinstance(item, Keys) else None for item in _watches(seen)]
    return names.index(name) if name in names else len(names)


def _watches(seen: FileText) -> Items:
    found = read_tree(seen.path, seen.text).get("watches")
    return found if isinstance(found, Items) else Items(dash=None)


def _editor(
    visit: Visit, seen: FileText, typed: Mapping[str, Any], faults: Mapping[str, str], meanwhile: str = ""
) -> WatchEditor:
    tree = read_tree(seen.path, seen.text)
    names = tuple(
        str(item["name"]) for item in tree.get("recipients") or () if isinstance(item, Keys) and "name" in item
    )
    return WatchEditor(
        mark=seen.mark, was=str(typed.get("was", "")), typed=typed, faults=faults, meanwhile=meanwhile,
        recipients=names, packs=tuple(packs.names()),
    )  # fmt: skip


def _again(
    visit: Visit, seen: FileText, form: WatchForm, error: TipsheetError, faults: Mapping[str, str], meanwhile: str = ""
) -> Response:
    """The form with what was typed and what is wrong with it; to a program the error."""
    if not _wants_page(visit):
        raise error
    editor = _editor(visit, seen, form.model_dump(), faults, meanwhile)
    status = HTTPStatus.CONFLICT if isinstance(error, FileChangedError) else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(visit, "watch_form.html", status=status, page=editor)


def _written_block(seen: FileText, name: str) -> str:
    """The lines of a watch as they stand in the file."""
    index = _index_of(seen, name)
    listed = _watches(seen)
    if index >= len(listed):
        return ""
    return "".join(seen.text.splitlines(keepends=True)[listed.lines[index] - 1 : listed.ends[index][0]])


# ---- the whole file --------------------------------------------------------------------------------------------------


def whole_file(visit: Admin) -> FileEditor:
    """feeds.yaml as it stands. Secrets are not in it, only where they are found."""
    seen = look(visit)
    return FileEditor(mark=seen.mark, text=seen.text, faults=(), meanwhile="")


page(router, "/settings", template="settings.html", name="settings")(whole_file)


@router.post("/settings", response_model=Done)
def save_file(visit: Admin, mark: Mark, text: Annotated[str, Form(max_length=MAX_TEXT)]) -> Response:
    """Write the whole file. Refused is what `tipsheet check` refuses, with the lines; the file is untouched then."""
    seen = look(visit)
    typed = _with_line_ends_of(seen.text, text)
    try:
        write(
            visit, typed, mark=mark, action="settings changed", subject="feeds.yaml", detail=_summary(seen.text, typed)
        )
    except (ConfigError, FileChangedError) as error:
        if not _wants_page(visit):
            raise
        changed = isinstance(error, FileChangedError)
        editor = FileEditor(
            mark=seen.mark, text=text, faults=tuple(str(error).split("\n")),
            meanwhile=_difference(seen.text, typed) if changed else "",
        )  # fmt: skip
        return render(visit, "settings.html", status=409 if changed else 422, page=editor)
    return done(visit, WRITTEN, "/settings")


def _with_line_ends_of(old: str, typed: str) -> str:
    """A form sends every line with the ends of Windows, and none behind the last one of a file that has it."""
    text = typed.replace("\r\n", "\n")
    text += "\n" if old.endswith("\n") and not text.endswith("\n") else ""
    return text.replace("\n", "\r\n") if "\r\n" in old else text


def _difference(theirs: str, ours: str) -> str:
    lines = unified_diff(theirs.splitlines(), ours.splitlines(), "as it stands", "as you typed it", lineterm="", n=2)
    return "\n".join(lines)


def _summary(old: str, new: str) -> str:
    """The lines that differ, for the log of what was done."""
    lines = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def _wants_page(visit: Visit) -> bool:
    return "text/html" in visit.request.headers.get("accept", "")
