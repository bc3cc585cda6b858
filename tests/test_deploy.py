"""What ships for operating it: units, an image, a compose file. No engine runs here: linters and parsers judge them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from monitor.cli import tipsheet

DEPLOY = Path(__file__).parents[1] / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))
MOST_EXPOSED = 2.0  # of 10, as systemd counts; a service that says nothing has 9.6


def systemd_analyze(*args: str | Path) -> str:
    """What it says; the test is skipped where there is none."""
    path = shutil.which("systemd-analyze")
    if path is None:
        pytest.skip("no systemd-analyze on this machine")
    ran = subprocess.run([path, *map(str, args)], capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def linter(name: str) -> str:
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"{name} has no wheel for this machine")
    return str(path)


def test_every_unit_is_one_to_systemd() -> None:
    said = systemd_analyze("verify", "--man=no", *sorted([*SERVICES, *DEPLOY.glob("*.timer")]))
    faults = [line for line in said.splitlines() if "/opt/tipsheet/bin/tipsheet is not executable" not in line]
    assert faults == []


@pytest.mark.parametrize("service", SERVICES, ids=[path.stem for path in SERVICES])
def test_a_service_may_do_next_to_nothing(service: Path) -> None:
    said = systemd_analyze("security", "--offline=true", "--no-pager", service)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= MOST_EXPOSED


def test_every_timer_has_its_service() -> None:
    for timer in DEPLOY.glob("*.timer"):
        assert timer.with_suffix(".service") in SERVICES


def called() -> list[str]:
    """Every call of the program in a unit or in the image."""
    units = "\n".join(path.read_text(encoding="utf-8") for path in SERVICES)
    calls = re.findall(r"/opt/tipsheet/bin/(tipsheet .*?)[\"']?$", units, re.MULTILINE)
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    listed = re.findall(r"CMD (\[.*\])", image)
    words = [yaml.safe_load(found) for found in listed]
    return [*calls, *(shlex.join(one if one[0] == "tipsheet" else ["tipsheet", *one]) for one in words)]


@pytest.mark.parametrize("call", called())
def test_every_call_is_one_that_the_program_understands(call: str) -> None:
    _, name, *args = shlex.split(call.replace("$$(date +%%F)", "2026-02-18"))
    command = tipsheet.commands[name]
    assert isinstance(command, click.Command)
    with command.make_context(name, args, resilient_parsing=False):
        pass


def test_the_calls_were_found() -> None:
    assert len(called()) == 6


def test_the_image_is_what_hadolint_wants() -> None:
    ran = subprocess.run([linter("hadolint"), str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_image_runs_as_nobody_special_and_copies_what_the_package_is_made_of() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    (user,) = (line.removeprefix("USER ") for line in lines if line.startswith("USER "))
    assert user == "10001:10001"
    copied = {
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    assert {"monitor", "storage", "alerts", "feeds.yaml", "pyproject.toml", "README.md"} <= copied
    assert all((DEPLOY.parent / name).exists() for name in copied)


def test_the_compose_file_is_what_its_linter_wants() -> None:
    command = [linter("compose-lint"), str(DEPLOY / "compose.yaml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert not re.search(r"\b(HIGH|CRITICAL)\b", ran.stdout)


def test_every_container_is_shut_in() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    for name, service in composed["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "ports" not in service, name
        assert set(service["secrets"]) <= composed["secrets"].keys(), name
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source in composed["volumes"] or volume.endswith(":ro"), name
    assert composed["services"]["tipsheet-postgres"]["profiles"] == composed["services"]["database"]["profiles"]
