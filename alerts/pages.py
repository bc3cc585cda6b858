"""The templates, in each language: a page's name and what stands on it → its text.

What lives here: the environment of the templates, one for each language, and the filters that they use. What must not:
what is said on a page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.languages.language import Language, language_of


def render(name: str, facts: Mapping[str, object], language: Language, *, stop: str = "") -> str:
    """A page in a language. What a template is not given is an error. `stop` is where its reader says no to more."""
    return _environment(language.code).get_template(name).render(facts, language=language.code, stop=stop)


@cache
def _environment(code: str) -> Environment:
    made = Environment(
        loader=PackageLoader("alerts"),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.install_gettext_translations(language_of(code).catalogue, newstyle=True)  # type: ignore[attr-defined]
    made.filters["wrapped"] = _wrapped
    return made


def _wrapped(text: str, indent: str = "") -> str:
    """A paragraph of a plain-text mail; an address is never broken."""
    return textwrap.fill(
        text,
        width=72,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
