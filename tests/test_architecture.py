"""The house rules that a program can check: who imports whom, how long things are, what stands nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("monitor", "storage", "alerts")

# From the bottom up: a module imports from its own floor's neighbours only where a name stands in the same string,
# and else from floors below. A module without a place here fails the test.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("monitor.errors", "monitor.model.*", "monitor.version"),
    # pure: no clock, no network, no database, no logging
    ("monitor.words.*", "alerts.languages.*"),
    ("monitor.watches.tree",),
    ("monitor.watches.query", "monitor.watches.page", "monitor.watches.pack", "monitor.watches.packs"),
    ("monitor.watches.evidence", "monitor.watches.routes"),
    ("monitor.watches.matching",),
    (
        "monitor.watches.*", "monitor.feeds.*", "monitor.rhythm.*", "monitor.articles.*", "monitor.story.*",
        "monitor.net.addresses",
    ),
    ("monitor.pictures.*",),
    (
        "monitor.review.*", "monitor.operating.*", "monitor.net.websub",
        "alerts.policy", "alerts.breaker", "alerts.quiet", "alerts.caps", "alerts.trouble",
        "alerts.note alerts.discretion alerts.consent alerts.message alerts.digest alerts.summary alerts.payload "
        "alerts.credit alerts.clock alerts.cleaning alerts.pages alerts.history alerts.markdown alerts.syndication",
    ),
    ("monitor.watches.backtest",),
    ("monitor.settings.*",),
    # the world: each knows one thing of it, and none knows the others
    (
        "monitor.clock",
        "monitor.net.*",
        "monitor.wire monitor.isolate",
        "storage.*",
        "alerts.channel alerts.posting alerts.smtp alerts.webhook alerts.chat alerts.slack alerts.discord alerts.teams "
        "alerts.mattermost alerts.ntfy alerts.telegram alerts.matrix alerts.feed_file alerts.folder alerts.apprise",
    ),
    ("monitor.pipeline.*",),
    ("monitor.desk.*",),
    ("monitor.run",),
    ("monitor.cluster.*",),
    ("monitor.demo.*",),
    ("monitor.cli.* monitor.__main__",),
)  # fmt: skip
WORLD = next(number for number, floor in enumerate(FLOORS) if "storage.*" in floor)
WORLDLY = {
    "asyncio", "h11", "http.client", "http.server", "httpcore", "httptools", "httpx", "logging", "random", "smtplib",
    "socket", "socksio", "sqlalchemy", "sqlite3", "subprocess", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
FORBIDDEN_NAMES = {"utils", "common", "helpers", "manager", "service", "base", "core"}


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, path


MODULES = dict(modules())
OURS = [name for name in MODULES if name not in PACKAGES and not name.startswith("storage.migrations.versions")]


def place(name: str) -> tuple[int, str]:
    """The floor of a module, and the group of neighbours that it may import. A name of its own beats its package's."""
    for fits in (name.__eq__, lambda pattern: pattern.endswith(".*") and f"{name}.".startswith(pattern[:-1])):
        for number, floor in enumerate(FLOORS):
            for group in floor:
                if any(fits(pattern) for pattern in group.split()):
                    return number, group
    raise AssertionError(f"{name} has no place in the house: give it a line in FLOORS, or a better home")


def is_pure(name: str) -> bool:
    return place(name)[0] < WORLD - 1


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, ours as far as the module itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


@pytest.mark.parametrize("name", OURS)
def test_imports_point_down(name: str) -> None:
    floor, group = place(name)
    for imported in imports(MODULES[name]):
        if imported.split(".")[0] not in PACKAGES or imported in PACKAGES:
            continue
        other_floor, other_group = place(imported)
        assert other_floor < floor or other_group == group, f"{name} imports {imported}, which is not below it"


@pytest.mark.parametrize("name", [name for name in OURS if is_pure(name)])
def test_the_pure_line_reaches_no_world(name: str) -> None:
    reached = {imported for imported in imports(MODULES[name]) if imported in WORLDLY}
    assert not reached, f"{name} is pure and imports {', '.join(sorted(reached))}"
    source = MODULES[name].read_text(encoding="utf-8")
    assert not re.search(r"datetime\.now\(|utcnow\(|date\.today\(", source), f"{name} is pure and reads a clock"


@pytest.mark.parametrize("package", ["storage", "alerts"])
def test_storage_and_alerts_know_nothing_of_monitor_but_values_and_pure_rooms(package: str) -> None:
    for name, path in MODULES.items():
        if name.startswith(package):
            for imported in imports(path):
                if imported.startswith("monitor") and imported not in {"monitor.errors", "monitor.model"}:
                    assert package == "alerts", f"{name} imports {imported}"
                    assert is_pure(imported), f"{name} imports {imported}, which knows the world"


def test_only_the_database_asks_which_engine_it_is_on() -> None:
    asking = [
        name
        for name, path in MODULES.items()
        if re.search(r"sqlalchemy\.dialects|dialect\.name|get_backend_name", path.read_text(encoding="utf-8"))
    ]
    assert asking == ["storage.database"]


def test_only_the_command_line_prints_exits_and_configures_logging() -> None:
    for name, path in MODULES.items():
        if not name.startswith("monitor.cli"):
            found = re.search(r"\bprint\(|sys\.exit\(|basicConfig\(", path.read_text(encoding="utf-8"))
            assert found is None, f"{name} has {found[0]}"


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_lives_in_it(name: str) -> None:
    source = MODULES[name].read_text(encoding="utf-8")
    assert not source.strip() or ast.get_docstring(ast.parse(source)), f"{name} has no docstring"
    assert source.count("\n") <= 400, f"{name} has {source.count(chr(10))} lines"
    assert not FORBIDDEN_NAMES & set(name.split("."))


@pytest.mark.parametrize("name", OURS)
def test_functions_are_short(name: str) -> None:
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{name}.{node.name} has {length} lines"


def test_no_absolute_path_and_no_registry_stands_in_a_requirements_file() -> None:
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            assert re.fullmatch(r"(-r requirements\.txt|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+)", line), (
                f"{path.name}: {line}"
            )
