"""Which outlets' articles a text links to, near its top.

What lives here: links in the HTML that a feed gave as an entry's text, as it was written: what a reader does not see of
it links to nothing, and a relative link leads to the outlet's own pages. What must not: what such a link is worth
(`attribution`), or fetching what it leads to.

Only a link to an article counts: an address with a path of some length, and not one of the outlet's own. Links further
down, and links to articles whose address says that they are old, lead to background.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from monitor.story.naming import passage
from monitor.story.outlets import Outlet, Outlets

_ANCHOR = re.compile(r"""<a\s[^<>]{0,2000}?href\s*=\s*["']?((?:https?:)?//[^"'\s>]{1,2000})""", re.IGNORECASE)
_UNSHOWN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_NO_ARTICLE = re.compile(
    r"^/(?:tags?|topics?|authors?|people|by|category|section|about|newsletters?|subscribe|search)/"
)
_SHORTEST_ARTICLE = 15  # characters of a path: "/2026/02/some-story"


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATED = re.compile(rf"/(20\d\d)[/-](\d\d?|{'|'.join(_MONTHS)})[/-]", re.IGNORECASE)
_OLD = 1  # months between two articles that is the most of news and its retelling


def linked_outlets(
    content: str, outlets: Outlets, publisher: Outlet | None, *, published: datetime | None
) -> list[Outlet]:
    """The outlets other than the publisher whose articles the first sentences of `content` link to, in order.

    `published` is when the text came out, for telling news from background.
    """
    if "href" not in content.lower():
        return []
    content = _UNSHOWN.sub("", content)
    top = passage(content)
    addresses = (found[1] for found in _ANCHOR.finditer(content) if top.near_top(found.start()))
    owners = (
        outlets.find(urlsplit(address).hostname or "") for address in addresses if _is_article(address, published)
    )
    return list({owner.domain: owner for owner in owners if owner and owner is not publisher}.values())


def _is_article(address: str, published: datetime | None) -> bool:
    try:
        path = urlsplit(address).path
    except ValueError:  # a bracket that opens no IPv6 address
        return False
    return len(path.rstrip("/")) >= _SHORTEST_ARTICLE and not _NO_ARTICLE.match(path) and not _is_old(path, published)


def _is_old(path: str, published: datetime | None) -> bool:
    """By the year and the month in the address: "/2026/02/", "/2026/feb/"."""
    dated = _DATED.search(path)
    if dated is None or published is None:
        return False
    month = dated[2].lower()
    number = int(month) if month.isdigit() else _MONTHS.index(month) + 1
    return (published.year - int(dated[1])) * 12 + published.month - number > _OLD
