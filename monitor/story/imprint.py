"""What a document is compared by, as bytes and back: so that a start need not read the documents of three days again.

What lives here: the form in which it is kept. What must not: how it is read from a document (`likeness`), or where it
is kept.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from dataclasses import fields

from monitor.model import Imprint
from monitor.story.likeness import Subject, Traits, Wording
from monitor.version import VERSION

RECIPE = f"{VERSION}/7"  # raise the number where `likeness` reads documents otherwise: older imprints are made anew
_LENGTH = struct.Struct("<I")


def imprint_of(traits: Traits) -> Imprint:
    """The length of a JSON text, that text, and the rows of numbers; an anchor is a run, and is kept as its place."""
    wording, subject = traits.wording, traits.subject
    rows = _rows_of(wording)
    places = {run: place for place, run in enumerate(wording.runs)}
    said = {
        "address": traits.address,
        "title": wording.title,
        "anchors": [places[anchor] for anchor in wording.anchors],
        "terms": dict(subject.terms),
        "names": list(subject.names),
        "headed": list(subject.headed),
        "language": subject.language,
        "rows": {name: len(row) for name, row in rows.items()},
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    numbers = b"".join(_little_endian(row).tobytes() for row in rows.values())
    return Imprint(recipe=RECIPE, value=_LENGTH.pack(len(text)) + text + numbers)


def traits_from(value: bytes) -> Traits:
    """The traits from which `imprint_of` made it, under the same recipe."""
    (length,) = _LENGTH.unpack_from(value)
    at = _LENGTH.size + length
    said = json.loads(value[_LENGTH.size : at].decode("utf-8", "surrogatepass"))
    rows = {}
    for name, count in said["rows"].items():
        row = array("I")
        row.frombytes(value[at : (at := at + count * row.itemsize)])
        rows[name] = _little_endian(row)
    anchors = tuple(rows["runs"][place] for place in said["anchors"])
    wording = Wording(anchors=anchors, title=said["title"], **rows)
    names = dict.fromkeys(said["names"], 1.0)
    subject = Subject(said["terms"], names, tuple(said["headed"]), said["language"])
    return Traits(said["address"], wording, subject)


def _rows_of(wording: Wording) -> dict[str, array[int]]:
    """Every row of numbers that a wording has, by its name."""
    values = {field.name: getattr(wording, field.name) for field in fields(wording)}
    return {name: value for name, value in values.items() if isinstance(value, array)}


def _little_endian(runs: array[int]) -> array[int]:
    """The same where this machine is; a database may move to another."""
    if sys.byteorder == "little":
        return runs
    turned = array("I", runs)
    turned.byteswap()
    return turned
