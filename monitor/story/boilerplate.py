"""Boilerplate: what is struck out of a text before anybody looks for a credit in it.

What lives here: captions, disclosures, calls to subscribe, as patterns. What must not: the phrases of credit
(`credit_phrases`), the names of outlets.
"""

from __future__ import annotations

import re
from functools import cache

_AGENCIES = (
    "Reuters", "REUTERS", "AP", "AFP", "EFE", "Getty Images", "Getty", "Bloomberg", "Shutterstock", "NurPhoto", "Alamy",
    "EPA", "Europa Press", "UPI",
)  # fmt: skip
_AGENCY = f"(?:{'|'.join(_AGENCIES)})"
_PERSON = r"\b[A-ZÁÉÍÓÚÑ][\w.’'-]{1,30}"

# Each with pieces of text of which it holds one from each group, the rarest group first: few texts do, and only those
# are searched for it.
KINDS: tuple[tuple[tuple[tuple[str, ...], ...], str], ...] = (
    (
        (("Thomson Reuters",),),
        r"(?:Our Standards: ?)?(?:The )?Thomson Reuters(?: Trust Principles| Foundation| Corp(?:oration)?)?",
    ),
    (
        (("/",), ("(",), _AGENCIES),
        rf"\({_AGENCY}[^()]{{0,80}}/[^()]{{0,80}}\)|\([^()]{{0,80}}/ ?{_AGENCY}[^()]{{0,40}}\)",
    ),
    (
        (("/",), _AGENCIES),
        rf"\b{_AGENCY} ?/ ?{_PERSON}(?: {_PERSON}){{0,3}}|(?:{_PERSON} ){{1,3}}/ ?{_AGENCY}(?:/\w+)*",
    ),
    (
        ((" Photo", " photo", " File ", " file ", " via Getty", " Images", " images", " Foto", " foto"), _AGENCIES),
        rf"\b{_AGENCY} (?:[Pp]hoto|[Ff]ile [Pp]hoto|via Getty|[Ii]mages|[Ff]oto)\b[^.\n)]{{0,60}}",
    ),
    (((" Images",), ("via ",), _AGENCIES), rf"\bvia {_AGENCY} Images"),
    (
        (
            ("hoto", "mage", "icture", "llustration", "oto", "magen", "mágen", "redit", "rédit"),
            (":", "/", " by ", " courtesy of ", " cortes"),
        ),
        r"\b(?:[Pp]hoto(?:graph)?s?|[Ii]mages?|[Pp]icture|[Ii]llustration|[Ff]otos?|[Ff]otograf[íi]as?|[Ii]m[áa]gen(?:es)?"
        r"|[Cc]r[ée]ditos?|[Cc]redit)(?: credit| courtesy| de archivo)?(?: ?[:/]| by | courtesy of | cortes[íi]a de )"
        r"[^.\n)]{0,100}",
    ),
    (
        ((":",),),
        r"\b(?:Disclosure|Disclaimer|Editor['’]s note|Nota del editor|Related|Read more|Read next|Also read|See also"
        r"|Lea tambi[ée]n|Lee tambi[ée]n|Leer m[áa]s|Te puede interesar) ?:[^.\n]*",
    ),
    (
        (("ubscribe", "ign up", "ollow ", "uscr", "íguenos", "iguenos", "igue a"),),
        r"\b(?:[Ss]ubscribe|[Ss]ign up|[Ff]ollow (?:us|\w+ on)|[Ss]uscr[íi]b\w+|[Ss][íi]guenos|[Ss]igue a)\b[^.\n]*",
    ),
)


def strike(text: str) -> str:
    """The text with its boilerplate blanked, every other character where it was."""
    kinds = tuple(phrase for hints, phrase in KINDS if all(any(hint in text for hint in group) for group in hints))
    return _any_of(kinds).sub(lambda found: "\n" * len(found[0]), text) if kinds else text


@cache
def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(phrases))
