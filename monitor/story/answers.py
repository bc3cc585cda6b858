"""Does a report carry the answer of somebody whom its story is about? "Microsoft says it sells through partners."

What lives here: a headline and the terms that matched in it → yes or no. What must not: which story it belongs to
(`grouping`), who is told (`alerts.policy`). A report that answers moves its story on, and is no mere copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.model import Document, Match

# A verb of speech right behind the name is what headlines of answers share, in English and in Spanish.
_SPEAKS = re.compile(
    r"""(?:\s+(?:spokes\w+|ceo|chief|portavoz|jefe))?\s+(?:has\s+|also\s+|ya\s+)?
    (?:answer(?:s|ed)|respond(?:s|ed)|repl(?:ies|ied)|den(?:ies|ied)|disput(?:es|ed)|reject(?:s|ed)|defend(?:s|ed)
      |confirm(?:s|ed)|apologi[sz](?:es|ed)|says?|said|insist(?:s|ed)|push(?:es|ed)\ back|declin(?:es|ed)\ to
      |contesta|respondió|responde|niega|negó|rechaza|rechazó|defiende|defendió|confirma|confirmó|asegura|aseguró|dice
      |dijo|sostiene)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_PREAMBLE = 12  # code points before the name: "Update: ", "El ", "Exclusive: "


def may_answer(title: str) -> bool:
    """False for a headline that is no answer, whatever matched in it."""
    return _SPEAKS.search(title) is not None


def is_answer(document: Document, matches: Sequence[Match]) -> bool:
    """True where the headline begins with a matched name that speaks."""
    return any(
        span.field == "title" and span.start <= _PREAMBLE and _SPEAKS.match(document.title, span.end)
        for match in matches
        for span in match.spans
    )
