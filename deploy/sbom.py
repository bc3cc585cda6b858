"""What Tipsheet is made of, as a CycloneDX list (JSON, version 1.6): what requirements.txt pins, as it is installed.

    python deploy/sbom.py >tipsheet.cdx.json        or ./dev sbom

The same pins give the same bytes: no time and no random number stands in it. A pin that is not installed, or is
installed in another version, ends it with a sentence: a list that is wrong is worse than none.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
_EXPRESSION = re.compile(r"[A-Za-z0-9.+() -]+")  # of SPDX
_LONGEST = 100  # characters of a licence's name; some packages give its whole text


def main() -> int:
    """Print it."""
    try:
        sys.stdout.write(json.dumps(bill(HERE / "requirements.txt", version()), indent=2, ensure_ascii=False) + "\n")
    except (PackageNotFoundError, ValueError) as error:
        sys.stderr.write(f"sbom: {error}\n")
        return 1
    return 0


def version() -> str:
    """That of Tipsheet, as its module says it."""
    said = re.search(r'"([^"]+)"', (HERE / "monitor/version.py").read_text(encoding="utf-8").split("=", 1)[1])
    return said[1] if said else ""


def bill(pins: Path, of_version: str) -> dict[str, Any]:
    """The list. PackageNotFoundError for a pin that is not installed, ValueError for another version of it."""
    components = [component(name, pinned) for name, pinned in read_pins(pins)]
    tipsheet = {"type": "application", "name": "tipsheet", "version": of_version, "bom-ref": f"tipsheet@{of_version}"}
    content = json.dumps([tipsheet, components], sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": tipsheet},
        "components": components,
        "dependencies": [
            {"ref": tipsheet["bom-ref"], "dependsOn": sorted(one["bom-ref"] for one in components)},
        ],
    }


def read_pins(file: Path) -> Iterator[tuple[str, str]]:
    """(name, version) of each line. ValueError for one that is no pin."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if text := line.partition("#")[0].strip():
            name, equal, pinned = text.partition("==")
            if not equal or not re.fullmatch(r"[\w.-]+", name) or not re.fullmatch(r"[\w.!+-]+", pinned):
                raise ValueError(f"{file.name}, line {number}: expected NAME==VERSION, got {text}")
            yield name, pinned


def component(name: str, pinned: str) -> dict[str, Any]:
    """One library."""
    found = distribution(name)
    if found.version != pinned:
        raise ValueError(f"{name} {pinned} is pinned, {found.version} is installed")
    address = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{pinned}"
    about = {"type": "library", "bom-ref": address, "name": name, "version": pinned, "purl": address}
    licence = licence_of(found)
    return about | ({"licenses": [licence]} if licence else {})


def licence_of(found: Distribution) -> dict[str, Any]:
    """As the package says it: an expression of SPDX, else a name; nothing where it says none in one line."""
    facts = found.metadata
    if (expression := facts.get("License-Expression", "")) and _EXPRESSION.fullmatch(expression):
        return {"expression": expression}
    classes = [
        line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or () if line.startswith("License ::")
    ]
    said = (facts.get("License") or "").strip()
    name = said if said and "\n" not in said and len(said) <= _LONGEST else ", ".join(dict.fromkeys(classes))
    return {"license": {"name": name}} if name else {}


if __name__ == "__main__":
    sys.exit(main())
