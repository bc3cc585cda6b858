"""Where the programs that `peers` compares with come from: a Python environment for each, or the system's own packages.

What lives here: making and finding them. What must not: how they are run.

Nothing of theirs comes into our environment. The newest version is taken, as somebody who installs it today would get.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

_PATIENCE = 900  # seconds for one installation


class NotInstalledError(Exception):
    """Why a program is absent from the comparison."""


def environment(cache: Path, package: str, *also: str) -> Path:
    """The directory of commands of an environment that holds a package, and others, from the Python package index.

    Made when it is not there yet. Raises NotInstalledError with pip's own last words.
    """
    home = cache / f"{package}-{sys.version_info.major}.{sys.version_info.minor}"
    mark, wanted = home / "complete", " ".join((package, *also))
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        print(f"installing {package} into {home}", file=sys.stderr, flush=True)
        _ask([sys.executable, "-m", "venv", "--without-pip", str(home)])
        _ask([*_pip(), "--python", str(home / "bin" / "python"), "install", "--quiet", package, *also])
        mark.write_text(wanted)
    return home / "bin"


def version(commands: Path, package: str) -> str:
    """What pip installed."""
    code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    return _ask([str(commands / "python"), "-c", code, package]).strip()


def system_command(name: str, package: str) -> str:
    """The path of a command that the system's package manager installs."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalledError(f"there is no command {name}; Debian: apt-get install {package}")
    return found


def system_version(package: str) -> str:
    """Debian's word on a package's version; "" on other systems."""
    if shutil.which("dpkg-query") is None:
        return ""
    asked = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _pip() -> list[str]:
    """pip beside us, or else beside the interpreter that our environment was made from."""
    for python in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            return [python, "-m", "pip", "--disable-pip-version-check"]
    raise NotInstalledError("there is no pip (Debian: apt-get install python3-pip)")


def _ask(command: list[str]) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise NotInstalledError(f"installing took longer than {_PATIENCE} s") from None
    if ran.returncode:
        words = [line for line in ran.stderr.splitlines() if line.strip()]
        raise NotInstalledError(words[-1].strip() if words else f"{command[0]} ended with {ran.returncode}")
    return ran.stdout
