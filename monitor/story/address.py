"""The address of an article, as a key that is equal for all its spellings.

What lives here: what can be read from the address alone. What must not: asking anybody where it leads.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

_TRACKER = re.compile(
    r"utm_|at_|mc_|ns_|pk_|piwik_|hsa_|ito|__|(?:cmp|cmpid|cid|icid|ncid|ocid|fbclid|gclid|dclid|msclkid|yclid|igshid|ref|refsrc"
    r"|ref_src|source|src|smid|smtyp|sr_share|share|spm|partner|feed|rss|ftag|li|guccounter|taid|soc_src|xtor|traffic_source"
    r"|output|outputtype|amp|print|printable|mobile|view|via|mod|sh|sref|srnd|leadsource|mbid|intcid|page|m)$",
    re.IGNORECASE,
)
_HOST_VARIANT = re.compile(r"^(?:www\d?|m|mobile|amp|touch|wap)\.(?=[^.]+\.)")
_PATH_VARIANT = re.compile(
    r"(?:/(?:amp|print|index\.(?:html?|php)|default\.aspx))+/?$|(?<=/)amp/|\.amp(?=\.html?$)|/+$"
)


def same_address(url: str) -> str:
    """A key that is equal for the spellings of one article's address: trackers, AMP, http, print and mobile views.

    "" for what is no http(s) address, and for a bare home page, which many entries give as their link.
    """
    try:
        parts = urlsplit(_unwrapped(url.strip()))
        host = _HOST_VARIANT.sub("", (parts.hostname or "").rstrip("."))
    except ValueError:
        return ""
    path = _PATH_VARIANT.sub("", parts.path)
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query) if not _TRACKER.match(pair[0])))
    if parts.scheme not in ("http", "https") or not host or not (path or query):
        return ""
    return f"{host}{path}?{query}" if query else f"{host}{path}"


_NEWS_LINK = re.compile(r"https?://news\.google\.com/(?:rss/|__i/rss/rd/)?articles/([\w-]+)")
_FIRST_ADDRESS = re.compile(rb"https?://[\x21-\x7e]+")
_AMP_CACHE = re.compile(r"https?://(?:www\.google\.\w+(?:\.\w+)?/amp|[\w-]+\.cdn\.ampproject\.org/[cv])/(s/)?(.+)")


def _unwrapped(url: str) -> str:
    """The address inside a Google News link or an AMP cache's, where it stands in it.

    A Google News link is base64 of a short message. Until 2024 that held the article's address, and links of that time
    are still about; today's hold a number that only Google can look up, and stay what they are.
    """
    if cached := _AMP_CACHE.match(url):
        return f"https://{cached[2]}"
    link = _NEWS_LINK.match(url)
    found = _FIRST_ADDRESS.search(_message(link[1])) if link else None
    return found[0].decode("ascii") if found else url


def _message(code: str) -> bytes:
    """What a link's code says; a length or a tag that looks like a letter ends an address in it."""
    try:
        said = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return b""
    return _of_length(said) if said.startswith(b"\x08\x13\x22") else said


def _of_length(said: bytes) -> bytes:
    """The first text of the message: its length, in seven bits a byte, and so many bytes."""
    length, shift, at = 0, 0, 3
    while at < len(said):
        byte = said[at]
        length, shift, at = length | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            break
    return said[at : at + length]
