"""Sentences that were written in English and kept, told in another language: reasons, evidence, what ails a feed.

What lives here: the sentences that other rooms write into the database, as patterns, and how one is found again in a
text. What must not: a translation; that is the catalogues'. What no pattern knows is told as it was kept: a reason in
another language is worth more than none.

A sentence's places hold names and numbers, which stay as they are, and here and there a sentence again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from alerts.languages.language import Language

_PLACE = re.compile(r"%\((\w+)\)s")
_SENTENCES = frozenset({"what"})  # places that hold a sentence again
_LISTS = frozenset({"names"})  # places that hold names, joined in English
_PLACES = {
    "n": r"[\d,.]+",
    "names": r"[^;]+?",
    "found": r"[^;]+?",
    "sense": r"[^;]+?",
    "outlet": r"[^;,]+?",
}  # else anything


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places, and its form for another number than one, which stands in it as %(n)s."""

    one: str
    many: str = ""


# The first that fits counts: what is special stands before what is general.
SENTENCES = (
    # why something matched
    Sentence("%(what)s and in the title"),
    Sentence("%(what)s and in the summary"),
    Sentence("%(what)s and in the text"),
    Sentence("%(names)s in the title"),
    Sentence("%(names)s in the summary"),
    Sentence("%(names)s in the text"),
    Sentence("also %(names)s"),
    Sentence("its feed is about %(names)s"),
    Sentence("read was only %(what)s"),
    Sentence("of its title the first %(length)s of %(all)s characters"),
    Sentence("of its summary the first %(length)s of %(all)s characters"),
    Sentence("of its text the first %(length)s of %(all)s characters"),
    Sentence("satisfies %(query)s"),
    Sentence("and for the watch “%(watch)s”: %(what)s"),
    Sentence("it matched when it was read; it has been edited since"),
    # why something did not
    Sentence("%(found)s: too weak together (%(score)s, a digest needs %(bar)s)"),
    Sentence("%(found)s: nothing of %(names)s"),
    Sentence("%(found)s: what it holds counts for nothing"),
    Sentence("“%(words)s” speaks of %(sense)s"),
    # who broke a story
    Sentence("nobody has told it yet"),
    Sentence("by its own account"),
    Sentence("by the account of %(names)s"),
    Sentence("documents: %(names)s"),
    Sentence("credited: %(what)s"),
    Sentence("%(n)s outlet credits it", "%(n)s outlets credit it"),
    Sentence("%(n)s outlet credits them", "%(n)s outlets credit them"),
    Sentence("%(n)s outlet links to it", "%(n)s outlets link to it"),
    Sentence("%(n)s outlet links to them", "%(n)s outlets link to them"),
    Sentence("%(n)s with %(names)s"),
    Sentence("%(n)s copy of %(agency)s", "%(n)s copies of %(agency)s"),
    Sentence("%(n)s min before any other; nobody is credited"),
    Sentence("%(outlet)s by %(n)s"),
    # what is wrong with watches
    Sentence(
        "The watch “%(watch)s” is held to the digest: it would have sent %(alerts)s alerts on %(day)s; more than "
        "%(most)s on one day are not read. Write busy: true in it if that is meant so."
    ),
    Sentence("The watch “%(watch)s” is not used: %(fault)s"),
    # what ails a feed
    Sentence("%(host)s answered %(status)s"),
    Sentence("%(host)s did not answer in full within %(limit)s"),
    Sentence("%(host)s broke off its answer or does not speak HTTP"),
    Sentence("%(host)s sent more than %(length)s kB of headers"),
    Sentence("%(host)s redirects more than %(times)s times"),
    Sentence("%(host)s redirects in a circle"),
    Sentence("%(host)s redirects from https to http"),
    Sentence("%(host)s redirects %(where)s"),
    Sentence("%(host)s sent an encoding that was not asked for: %(encoding)s"),
    Sentence("%(host)s announces a body larger than %(size)s MB"),
    Sentence("%(host)s is reached through Tor only; expected network.proxy to be set"),
    Sentence("%(host)s cannot be reached through the proxy: no answer in time"),
    Sentence("%(host)s cannot be reached through the proxy: %(why)s"),
    Sentence("%(host)s cannot be reached: %(why)s"),
    Sentence("%(url)s is not asked: %(why)s"),
    Sentence("is not public (%(kind)s)"),
    Sentence("is not an IP address"),
    Sentence("%(host)s is not public (%(kind)s)"),
    Sentence("%(host)s leads to %(address)s, which %(what)s"),
    Sentence("no secure connection to %(host)s: %(why)s"),
    Sentence("the name %(host)s was not resolved in time"),
    Sentence("the name %(host)s cannot be resolved: %(why)s"),
    Sentence("a host's name cannot be longer than %(length)s characters"),
    Sentence("the connection to the proxy broke"),
    Sentence("the connection to %(host)s broke"),
    Sentence("the proxy does not answer in time"),
    Sentence("the proxy does not answer: %(why)s"),
    Sentence("the proxy does not speak SOCKS 5"),
    Sentence("the proxy refused the user name or password"),
    Sentence("the proxy does not take a user name and password"),
    Sentence("the proxy wants a user name and password"),
    Sentence("the proxy hung up"),
    Sentence("the body is larger than %(size)s MB"),
    Sentence("the body is compressed more than %(times)s times over"),
    Sentence("the compressed body goes on after its end"),
    Sentence("the compressed body is damaged"),
    Sentence("the compressed body ends too early"),
    Sentence("the server sent a robot check instead of the feed: %(page)s"),
    Sentence("the server sent a robot check instead of the feed"),
    Sentence("the server sent a login page instead of the feed: %(page)s"),
    Sentence("the server sent a login page instead of the feed"),
    Sentence("the server sent a web page instead of the feed: %(page)s"),
    Sentence("the server sent a web page instead of the feed"),
    Sentence("the body is no RSS, Atom or JSON feed; it begins %(words)s"),
    Sentence("the body is declared as %(encoding)s, an encoding that is not read; expected UTF-8"),
    Sentence("the body is empty; expected a feed"),
    Sentence("the body has %(size)s bytes; at most %(most)s are read"),
    Sentence("the body begins like JSON and is broken or cut off: %(why)s"),
    Sentence("the body is JSON without a list of items; expected a JSON Feed"),
    Sentence("the body is JSON, and does not say that it is a JSON Feed (no version)"),
    Sentence("the body could not be read within %(seconds)s s"),
    Sentence("the body could not be read within the memory that it may take"),
    Sentence("the sitemap cannot be read as XML"),
    Sentence("this is an index of sitemaps; expected the news sitemap that it names"),
    Sentence("this is a sitemap of pages without news: entries; expected a news sitemap"),
    Sentence("the feed is cut off before its first entry"),
    Sentence("the feed cannot be read: %(why)s"),
    Sentence("the feed is broken, and its %(tags)s tags are too many to make sense of"),
    Sentence("the elements are nested too deeply to be read"),
    Sentence("the parser's process did not start"),
    Sentence("the parser's process gave no sensible answer: %(why)s"),
    Sentence("the parser's process died of this body (status %(status)s)"),
    Sentence("Tipsheet itself failed on this feed: %(why)s"),
    Sentence("no answer"),
)


def retold(text: str, language: Language) -> str:
    """A kept text in a language: as one sentence, or its sentences between "; " and ", "; else as it was kept."""
    if language.code == "en":
        return text
    return _sentence(text, language) or _parts(text, "; ", language) or _parts(text, ", ", language) or text


def _parts(text: str, joint: str, language: Language) -> str:
    """A text that is several sentences; "" where none of them is known. Of a list, all must be."""
    parts = text.split(joint)
    found = [_sentence(part, language) or (_parts(part, ", ", language) if joint == "; " else "") for part in parts]
    known = any(found) if joint == "; " else all(found)
    return joint.join(one or part for one, part in zip(found, parts, strict=True)) if known and parts[1:] else ""


def _sentence(text: str, language: Language) -> str:
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            values = _values(found.groupdict(), language)
            if not sentence.many:
                return language.words(sentence.one, **values)
            return language.counted(sentence.one, sentence.many, int(values.pop("n").replace(",", "")), **values)
    return ""


def _values(found: Mapping[str, str], language: Language) -> dict[str, str]:
    return {place: _value(place, text, language) for place, text in found.items()}


def _value(place: str, text: str, language: Language) -> str:
    if place in _SENTENCES:
        return retold(text, language)
    return _names(text, language) if place in _LISTS else text


def _names(text: str, language: Language) -> str:
    """Names as the rooms join them. One that holds "and" itself is left whole where its label shows where it ends."""
    joint = r"(?<=\)) {} " if ")" in text else " {} "
    joiners = {"near": language.words("near"), "and": language.words("and"), "or": language.words("or")}
    for english, said in joiners.items():
        text = re.sub(joint.format(english), f" {said} ", text)
    return re.sub(r"(\d+) more$", lambda found: language.words("%(n)s more", n=found[1]), text)


@cache
def _patterns() -> tuple[tuple[Sentence, re.Pattern[str]], ...]:
    forms = ((sentence, form) for sentence in SENTENCES for form in (sentence.one, sentence.many) if form)
    return tuple((sentence, re.compile(_pattern(form), re.DOTALL)) for sentence, form in forms)


def _pattern(form: str) -> str:
    parts = _PLACE.split(form)
    return "".join(_group(part) if number % 2 else re.escape(part) for number, part in enumerate(parts))


def _group(place: str) -> str:
    return f"(?P<{place}>{_PLACES.get(place, '.+?')})"
