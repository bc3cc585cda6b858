"""What a body is that is no feed: a login page, a robot check, an error page, something else.

What lives here: the words that a reader of the feed's health will see, and the marks by which a page is known. What
must not: reading feeds. A page served with status 200 in a feed's place must never pass for "no news".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.errors import ParseError
from monitor.words.text import visible_text

_LOOKED_AT = 100_000  # characters: pages show what they are near their top
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|div|table|script|p|h1)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"just a moment\.\.\.|un momento…|cf-chl|cf_chl|challenge-platform|attention required! \| cloudflare|_incapsula_"
    r"|incapsula incident|px-captcha|perimeterx|captcha-delivery|datadome|g-recaptcha|h-captcha|hcaptcha"
    r"|awswafcookie|aws-waf|sucuri_cloudproxy|ddos protection by|checking your browser"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"<input[^>]{0,300}type\s*=\s*[\"']?password"
    r"|<title[^>]{0,100}>[^<]{0,100}(?:log ?in|sign ?in|iniciar sesi[oó]n|acceder|anmelden)",
    re.IGNORECASE,
)


def imposter(text: str, headers: Mapping[str, str]) -> ParseError:
    """The error that says what `text`, known not to be a feed, is instead."""
    page = text[:_LOOKED_AT]
    if challenged(headers) or _CHALLENGE.search(page):
        return ParseError("challenge", f"the server sent a robot check instead of the feed{_called(page)}")
    if _LOGIN.search(page):
        return ParseError("login", f"the server sent a login page instead of the feed{_called(page)}")
    if _HTML.search(page):
        return ParseError("html", f"the server sent a web page instead of the feed{_called(page)}")
    return ParseError("not-a-feed", f"the body is no RSS, Atom or JSON feed; it begins {page.strip()[:60]!r}")


def challenged(headers: Mapping[str, str]) -> bool:
    """Whether the server itself says that it put a robot check in the answer's place."""
    return any(name.lower() == "cf-mitigated" and "challenge" in value.lower() for name, value in headers.items())


def _called(page: str) -> str:
    found = _TITLE.search(page)
    words = visible_text(found[1])[:100] if found else ""
    return f": {words!r}" if words else ""
