"""The desk's interface, described: as OpenAPI for programs, and as a page for whoever writes one.

What lives here: the description that FastAPI makes of all addresses, completed by who may and how errors look; and that
description as rows. What must not: any other address of the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from monitor.desk.pages import page
from monitor.desk.visit import Need, Reader
from monitor.version import VERSION

router = APIRouter(tags=["interface"])

Needs = Mapping[tuple[str, str], Need]  # (path, method in capitals) → whom it is for
Json = dict[str, Any]

_ABOUT = """\
Every list that the desk shows, and every action that it offers. A program shows a key that an account has made:
`Authorization: Bearer KEY`. It may what both the key and its owner may. Times are UTC in ISO 8601; days are those of
the account's time zone. Errors are `{"detail": "a sentence"}`."""
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of an account, for programs."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "__Host-tipsheet", "description": "A browser that has logged in."
    },
}  # fmt: skip
_PROBLEM = {
    "title": "Problem",
    "description": "Why it was not done.",
    "type": "object",
    "properties": {"detail": {"type": "string", "title": "Detail"}},
    "required": ["detail"],
}
_REFUSED = {
    "description": "It was refused, or failed.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_WORDS = {"key": "whoever knows the address", "": "anybody"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What an address takes."""

    name: str
    where: str  # path, query, form
    type: str  # in words
    needed: bool
    usual: str  # where it is not given
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a program can ask for, or have done."""

    group: str
    method: str
    path: str
    role: str  # the least that it needs
    does: str
    parameters: tuple[Parameter, ...]
    answers: tuple[str, ...]  # media types
    curl: str  # an example, for a shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Every address for programs."""

    home: str
    rows: tuple[Address, ...]

    @property
    def groups(self) -> Sequence[tuple[str, Sequence[Address]]]:
        return [(group, list(of_group)) for group, of_group in groupby(self.rows, attrgetter("group"))]


def interface(visit: Reader) -> Interface:
    """Every address for programs: what it takes, what it answers, and who may."""
    found = addresses_of(description(visit.request.app), visit.desk.home)
    return Interface(home=visit.desk.home, rows=tuple(sorted(found, key=attrgetter("group"))))


page(router, "/api", template="api.html", name="interface")(interface)


@router.get("/api/openapi.json", response_model=dict[str, Any])
def openapi(visit: Reader) -> JSONResponse:
    """This description, as OpenAPI 3.1."""
    return JSONResponse(description(visit.request.app))


# ---- FastAPI's description, completed --------------------------------------------------------------------------------


def description(app: FastAPI) -> Json:
    """The interface as OpenAPI, made once. `app.state.needs` says who may."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=VERSION, description=_ABOUT, routes=app.routes)
        app.openapi_schema = completed(made, app.state.needs)
    return app.openapi_schema


def completed(made: Json, needs: Needs) -> Json:
    """With who may, and with errors as the desk tells them, which are not FastAPI's."""
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    made["components"]["securitySchemes"] = _SCHEMES
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            need = needs[path, method.upper()]
            operation["x-role"] = need.role or _WORDS["key" if "{key}" in path else ""]
            operation["security"] = [{name: []} for name in _SCHEMES] if need.role else []
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _REFUSED
    return made


# ---- the description, as rows ----------------------------------------------------------------------------------------


def addresses_of(described: Json, home: str) -> Iterator[Address]:
    """Every address of an OpenAPI description of ours."""
    schemas = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parameters = (*_in_address(operation, schemas), *_in_form(operation, schemas))
            yield Address(
                group=operation.get("tags", ["other"])[0],
                method=method.upper(),
                path=path,
                role=operation["x-role"],
                does=" ".join(operation.get("description", "").split()),
                parameters=parameters,
                answers=tuple(operation["responses"].get("200", {}).get("content", {})),
                curl=_curl(home, method.upper(), path, parameters, with_key=bool(operation["security"])),
            )


def _in_address(operation: Json, schemas: Json) -> Iterator[Parameter]:
    for one in operation.get("parameters", ()):
        yield _parameter(one["name"], one["in"], one["schema"] | {"description": one.get("description", "")},
                         schemas, needed=one.get("required", False))  # fmt: skip


def _in_form(operation: Json, schemas: Json) -> Iterator[Parameter]:
    for body in operation.get("requestBody", {}).get("content", {}).values():
        form = _resolved(body["schema"], schemas)
        for name, schema in form.get("properties", {}).items():
            yield _parameter(name, "form", schema, schemas, needed=name in form.get("required", ()))


def _parameter(name: str, where: str, schema: Json, schemas: Json, *, needed: bool) -> Parameter:
    usual = schema.get("default")
    return Parameter(
        name=name, where=where, type=_type(schema, schemas), needed=needed,
        usual="" if usual is None else str(usual).lower() if isinstance(usual, bool) else str(usual),
        means=schema.get("description", ""),
    )  # fmt: skip


def _resolved(schema: Json, schemas: Json) -> Json:
    """A schema, or what it only refers to."""
    reference = schema.get("$ref", "") or next((one["$ref"] for one in schema.get("allOf", ()) if "$ref" in one), "")
    return schemas[reference.rpartition("/")[2]] if reference else schema


def _type(schema: Json, schemas: Json) -> str:
    """A type in words: "integer", "date", "kept, starred or refused", "list of integer"."""
    schema = _resolved(schema, schemas)
    if "enum" in schema:
        *some, last = map(str, schema["enum"])
        return f"{', '.join(some)} or {last}" if some else last
    if "anyOf" in schema:
        return " or ".join(_type(one, schemas) for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'], schemas)}"
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return "file"
    return str(schema.get("format", schema.get("type", "any")))


def _curl(home: str, method: str, path: str, parameters: Iterable[Parameter], *, with_key: bool) -> str:
    """A command for a shell, with what is needed; words in capitals are to be replaced."""
    for one in parameters:
        if one.where == "path":
            path = path.replace("{" + one.name + "}", one.name.upper())
    needed = {one.name: one.name.upper() for one in parameters if one.needed and one.where == "query"}
    key = ' -H "Authorization: Bearer $KEY"' if with_key else ""
    fields = "".join(
        f" -F '{one.name}=@FILE'" if one.type == "file" else f" -d '{one.name}={one.name.upper()}'"
        for one in parameters
        if one.where == "form" and one.needed
    )
    post = f" -X {method}" if method != "GET" and not fields else ""
    return f"curl{key}{post}{fields} '{home}{path}{'?' + urlencode(needed) if needed else ''}'"
