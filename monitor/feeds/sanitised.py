"""The HTML of a feed, as written → HTML that can be shown; the only room that knows a sanitiser.

What lives here: the cleaning that every door does before it gives a content away. What must not: readings of feeds,
which keep contents as written: it is for whoever shows HTML to say what may be in it.
"""

from __future__ import annotations

import html

import nh3

from monitor.feeds import fields
from monitor.words.text import visible_text

# Nested in each other, as no real ones are, so many take the sanitiser two seconds, and 200,000 a minute and a half.
_MOST_TAGS = 30_000


def sanitised(content: str, *, base: str) -> str:
    """`content` without scripts and styles, every address in it absolute http(s): relative ones are joined to `base`.

    Of one with more than 30,000 tags its visible text is given, as HTML.
    """
    if "<" not in content and "&" not in content:
        return content.strip()
    if content.count("<") > _MOST_TAGS:
        return html.escape(visible_text(content), quote=False)
    return nh3.clean(
        content,
        url_schemes={"http", "https"},
        url_relative=lambda address: fields.link(address, base=base) or None,
    ).strip()
