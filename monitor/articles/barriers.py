"""What stands between a reader and an article: a paywall, a consent page, a check for robots.

What lives here: a page's own words and marks → which of them it is. What must not: fetching, extracting. A page that
only looks like one is read as an article: what is recognised wrongly is lost.
"""

from __future__ import annotations

import re
from typing import Literal

Barrier = Literal["", "paywall", "consent", "challenge"]

WORDS: dict[Barrier, str] = {
    "paywall": "the page asks for a subscription: only its beginning was read",
    "consent": "the page asks for consent before it shows the article",
    "challenge": "the page checks whether a person is asking, and shows no article",
}

SHORT = 1_500  # code points of text; a longer one is an article, whatever stands around it
_HEAD = 200_000  # code points of markup that are searched

_CHALLENGE = re.compile(
    r"<title>\s*(?:just a moment|attention required|access (?:to this page has been )?denied|are you a robot"
    r"|verify(?:ing)? you are (?:a )?human|pardon our interruption|un momento|security check)"
    r"|cf-chl-|cf_chl_opt|/_Incapsula_Resource|px-captcha|captcha-delivery\.com|geo\.captcha"
    r"|enable javascript and cookies to continue|checking (?:if the site connection is secure|your browser before)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"<title>\s*(?:before you continue|we value your privacy|your privacy choices|antes de continuar|aviso de cookies)"
    r"|consent\.(?:yahoo|google|youtube)\.com"
    r"|(?:agree|accept|consent) (?:to|and) (?:continue|proceed) to (?:the )?(?:site|article)"
    r"|acepta(?:r)? (?:las )?cookies (?:para|y) (?:seguir|continuar)",
    re.IGNORECASE,
)
_NOT_FREE = re.compile(r"\"isAccessibleForFree\"\s*:\s*\"?(?:false|no)\b", re.IGNORECASE)
_PAYWALL = re.compile(
    r"subscribe (?:now )?to (?:continue|keep) reading|to continue reading this article|already a subscriber\b"
    r"|this (?:article|story|content) is (?:only )?(?:for|available to) (?:paying )?(?:subscribers|members)"
    r"|you(?:'|’)?ve (?:reached|read) your (?:limit|last) (?:of )?free|become a (?:subscriber|member) to read"
    r"|suscr[ií]bete para (?:seguir|continuar) leyendo|contenido exclusivo para suscriptores|ya (?:eres|soy) suscriptor"
    r"|para (?:seguir|continuar) leyendo,? (?:suscr|reg[ií]str)",
    re.IGNORECASE,
)


def barrier(markup: str, text: str) -> Barrier:
    """What the page puts before its article; `text` is what could be extracted of it."""
    head = markup[:_HEAD]
    if len(text) >= SHORT:
        return "paywall" if _NOT_FREE.search(head) and _PAYWALL.search(head) else ""
    if _CHALLENGE.search(head):
        return "challenge"
    if _CONSENT.search(head):
        return "consent"
    return "paywall" if _NOT_FREE.search(head) or _PAYWALL.search(head) else ""
