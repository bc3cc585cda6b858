"""One field of a feed, as written, to the form in which it is kept.

What lives here: titles, texts and links, and the caps that they are held to. What must not: formats and dates.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

from monitor.model import ParsedEntry, Problem
from monitor.words.text import visible_text

MOST_ENTRIES = 2_000  # the figure Media Cloud lives with
LONGEST_FIELD = 1_048_576  # characters
LONGEST_TITLE = 65_536
LONGEST_BEGINNING = 2_000  # of a content that stands in for a summary
_LOOKED_AT = (2 * LONGEST_BEGINNING, 8 * LONGEST_BEGINNING, LONGEST_FIELD)  # characters of markup, the fewest first
LONGEST_NAME = 1_024  # an author, a tag, an id, the feed's language
LONGEST_LINK = 8_192
MOST_TAGS = 100

# A title that still shows one of these was escaped once more often than its format asks for.
_ESCAPED = re.compile(
    r"&(?:#\d{2,6}|#[xX][0-9A-Fa-f]{2,5}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip|[A-Za-z]acute|[Nn]tilde);"
)
_REFERENCE = re.compile(r"&[#A-Za-z][\w#]{0,40};", re.ASCII)  # with its semicolon: "R&notes" holds none
_INLINE = (
    "a|abbr|b|big|br|cite|code|del|em|font|h[1-6]|i|img|ins|mark|p|q|s|small|span|strike|strong|sub|sup|tt|u|wbr|div"
)
# A tag that ends, or that stands alone, is markup; a lone "<b>" may be what the title is about.
_MEANT = re.compile(rf"</(?:{_INLINE})\s*>|<(?:br|img|wbr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]*>")
# An address that joining, splitting and quoting would give back as it is: nearly all are.
_PLAIN_LINK = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[\w.~:@!$'()*+,;=%/-]*)?(?:\?[\w.~:@!$&'()*+,;=%/?-]+)?(?:#[\w.~:@!$&'()*+,;=%/?-]+)?",
    re.ASCII,
)
_UNSAFE_IN_LINK = re.compile(r"[\s<>\"\\^`{|}\x00-\x20\x7f]")


def title(value: str, losses: list[Problem], *, plain: bool = False) -> str:
    """A title as a reader sees it. `plain`: the format says it is text, so that "List<T>" keeps its brackets.

    Escaped markup is read again until none is left: one title in twelve feeds is escaped twice.
    """
    value = capped(value, LONGEST_TITLE, losses, "a title")
    shown = _plain_title(value) if plain else _visible(value)
    for _ in range(2):
        if not ("&" in shown and _ESCAPED.search(shown)) and not is_markup(shown):
            break
        shown = _plain_title(shown)
    return shown


def _plain_title(value: str) -> str:
    """Tags that anybody would mean as tags removed, references resolved, all else kept."""
    if _MEANT.search(value):
        return _visible(value)
    return " ".join(_REFERENCE.sub(lambda found: html.unescape(found[0]), value).split())


def text(value: str, losses: list[Problem]) -> str:
    """A summary as a reader sees it; one that was escaped twice as a whole is read again."""
    shown = _visible(capped(value, LONGEST_FIELD, losses, "a summary"))
    for _ in range(2):
        if not (shown.startswith(("<", "&lt;")) and is_markup(html.unescape(shown))):
            break
        shown = _visible(shown) or shown
    return shown


def beginning(markup: str) -> str:
    """The first words of a content as a reader sees them, for want of a summary; " …" stands for the rest."""
    for looked_at in _LOOKED_AT:
        head = markup[:looked_at]
        # Not up to the cut, but to the last tag before it: half a tag would show as text.
        shown = _visible(head if len(head) == len(markup) else head[: head.rfind("<")])
        if len(shown) > LONGEST_BEGINNING:
            cut = shown[: LONGEST_BEGINNING - 1]
            return (cut.rpartition(" ")[0] or cut[:-1]) + " …"
        if len(head) == len(markup):
            break
    return shown


def is_markup(value: str) -> bool:
    """Whether a text holds tags that anybody would mean as tags, whatever the feed calls it."""
    return "<" in value and _MEANT.search(value) is not None


@lru_cache(maxsize=4096)  # a feed's entries share most of theirs
def name(value: str) -> str:
    """An author, a tag: visible text of a sane length. Longer ones are no names, and cutting them loses nothing."""
    return _visible(value[: LONGEST_NAME * 4])[:LONGEST_NAME]


def tags(values: list[str]) -> tuple[str, ...]:
    """Names of categories, each once, in the feed's order."""
    return tuple(dict.fromkeys(tag for value in values[:MOST_TAGS] if (tag := name(value))))


def link(value: str, *, base: str) -> str:
    """An absolute http(s) URL, or "" for anything else."""
    if len(value) <= LONGEST_LINK and "&amp;" not in value and _PLAIN_LINK.fullmatch(value):
        return value
    value = "".join(value.split("\n")).strip().replace("&amp;", "&")  # which many templates escape twice
    if not value or len(value) > LONGEST_LINK:
        return ""
    try:
        absolute = urljoin(base, value)
        parts = urlsplit(absolute)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that opens no IPv6 address, a port of letters
        return ""
    return _UNSAFE_IN_LINK.sub(lambda found: quote(found[0]), absolute) if sound else ""


def capped(value: str, limit: int, losses: list[Problem], what: str) -> str:
    """`value` cut to `limit` characters; a cut is put on record."""
    if len(value) <= limit:
        return value
    losses.append(Problem(kind="capped", message=f"{what} of {len(value):,} characters was cut to {limit:,}"))
    return value[:limit]


def summed(losses: list[Problem]) -> Problem | None:
    """All that was lost, as the one problem that a feed shows: the first gives its kind, each is told once."""
    if not losses:
        return None
    told = dict.fromkeys(loss.message for loss in losses)
    more = f"; and {len(told) - 5} more" if len(told) > 5 else ""
    return Problem(kind=losses[0].kind, message="; ".join([*told][:5]) + more)


def first_entries(entries: list[ParsedEntry], total: int, losses: list[Problem]) -> tuple[ParsedEntry, ...]:
    """The entries that are kept of a feed that holds `total`."""
    if total > MOST_ENTRIES:
        losses.append(
            Problem(kind="capped", message=f"{total:,} entries in one feed; the first {MOST_ENTRIES:,} were read")
        )
    return tuple(entries[:MOST_ENTRIES])


def _visible(value: str) -> str:
    try:
        return visible_text(value)
    except RecursionError:  # thousands of nested elements: no reader sees the difference
        return " ".join(html.unescape(_MARKUP.sub(" ", value)).split())
