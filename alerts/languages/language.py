"""A language as a value: what Tipsheet says in it, and how it writes a date, a number, a list.

What lives here: English as it stands in the code, and the catalogue of each other language, `CODE.po` beside this file.
What must not: a sentence of its own. English is the key: `words("No stories")` is looked up, and stays English where a
catalogue has nothing. A test reads the code and the templates and fails for a sentence that a catalogue lacks.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO

# Babel is loaded when it is used: most rounds of the program write no message.

# Latin America writes 12,345 and 3.5; Spain would not.
_LOCALES = {"en": "en_US", "es": "es_MX"}
CODES = tuple(_LOCALES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language. Texts are English with named places, as in `words("Sent to %(name)s", name="desk")`."""

    code: str
    locale: str  # as Babel names it
    catalogue: gettext.NullTranslations = field(repr=False)

    def words(self, text: str, **values: object) -> str:
        """What the English text says, with its places filled."""
        return self.catalogue.gettext(text) % values

    def counted(self, one: str, many: str, number: int, **values: object) -> str:
        """The form of a text that goes with a number, which stands in it as %(n)s."""
        return self.catalogue.ngettext(one, many, number) % (values | {"n": self.number(number)})

    def dated(self, pattern: str, moment: date) -> str:
        """A day, or a moment on the clock that it is given in, in the places of a CLDR pattern: "EEE d MMM, HH:mm"."""
        from babel.dates import format_date, format_datetime

        write = format_datetime if isinstance(moment, datetime) else format_date
        return write(moment, self.catalogue.gettext(pattern), locale=self.locale)

    def heading(self, day: date) -> str:
        """A day as what stands over a page: "Wednesday 4 March 2026", with a capital in every language."""
        said = self.dated("EEEE d MMMM y", day)
        return said[:1].upper() + said[1:]

    def number(self, value: float) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, locale=self.locale)

    def listed(self, names: Iterable[str]) -> str:
        """["A", "B", "C"] → "A, B and C"."""
        *most, last = list(names) or [""]
        return self.words("%(most)s and %(last)s", most=", ".join(most), last=last) if most else last


@cache
def language_of(code: str) -> Language:
    """The language of a code; English for one that is not known here, because understood is better than nothing."""
    known = code if code in _LOCALES else "en"
    return Language(code=known, locale=_LOCALES[known], catalogue=_catalogue(known))


def _catalogue(code: str) -> gettext.NullTranslations:
    """The catalogue of a language, made ready in memory from its source; English needs none."""
    if code == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with files(__package__).joinpath(f"{code}.po").open("rb") as source:
        read = read_po(source, locale=code)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


ENGLISH = language_of("en")
