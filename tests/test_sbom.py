"""The list of what Tipsheet is made of holds every pin, each as it is installed, and is the same each time."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
SBOM = runpy.run_path(str(HERE / "deploy/sbom.py"))


def test_it_names_every_pin_and_says_the_same_each_time() -> None:
    first, second = (
        subprocess.run([sys.executable, "deploy/sbom.py"], cwd=HERE, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert first == second
    told = json.loads(first)
    pins = [line for line in (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines() if line]
    assert [f"{one['name']}=={one['version']}" for one in told["components"]] == pins
    assert (told["bomFormat"], told["specVersion"], told["metadata"]["component"]["name"]) == (
        "CycloneDX", "1.6", "tipsheet",
    )  # fmt: skip
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told["serialNumber"])
    refs = [one["bom-ref"] for one in told["components"]]
    assert sorted(refs) == told["dependencies"][0]["dependsOn"]
    assert len(set(refs)) == len(refs)
    unsaid = [one["name"] for one in told["components"] if not one.get("licenses")]
    assert len(unsaid) <= 3, f"whose licence nobody can read: {unsaid}"


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ("httpx>=0.28\n", "line 1: expected NAME==VERSION, got httpx>=0.28"),
        ("# a comment\nhttpx==0.0.1\n", "httpx 0.0.1 is pinned, "),
        ("no-such-library-of-ours==1\n", "no-such-library-of-ours"),
    ],
)
def test_a_list_that_would_be_wrong_is_none(tmp_path: Path, pins: str, said: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(pins, encoding="utf-8")
    with pytest.raises((ValueError, ModuleNotFoundError), match=re.escape(said)):
        SBOM["bill"](file, "1")
