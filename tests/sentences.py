"""Every sentence of Tipsheet's own that a reader is told, as it stands in the code and in the templates."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file

ROOT = Path(__file__).parents[1]
TAKE_A_SENTENCE = {"words", "counted", "dated", "Sentence"}  # as their first argument, and its plural as the second
IN_TEMPLATES = {"_": None, "ngettext": (1, 2)}

Key = tuple[str, str]  # a sentence, and its form for another number than one, or ""


def templates() -> list[Path]:
    found = sorted((ROOT / "alerts" / "templates").iterdir())
    return [path for path in found if path.suffix in {".html", ".txt", ".md"}]


def told() -> dict[Key, str]:
    """Sentence → where it stands."""
    return {key: where for where, key in (*_of_code(), *_of_templates())}


def _of_code() -> Iterator[tuple[str, Key]]:
    """By the syntax tree: a sentence inside an f-string is one, too."""
    for path in sorted([*ROOT.glob("alerts/**/*.py"), *ROOT.glob("monitor/pipeline/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in TAKE_A_SENTENCE:
                said = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                if said:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", (said[0], said[1] if len(said) > 1 else "")


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _of_templates() -> Iterator[tuple[str, Key]]:
    for path in templates():
        for line, found, _, _ in extract_from_file("jinja2.ext:babel_extract", path, keywords=IN_TEMPLATES):
            key = (found, "") if isinstance(found, str) else (found[0], found[1])
            yield f"{path.relative_to(ROOT)}:{line}", key
