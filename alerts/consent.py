"""How a recipient says yes and no: links that prove themselves, and the words around them (pure).

What lives here: tokens, what they are worth at a moment, the question that a new address is asked, what the pages say.
What must not: what follows from an answer, and what is random: the secret is an argument.

A token tells nothing of whom it is for. Whoever has one reads what is sent to the address: that is the whole proof.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from alerts.cleaning import clean, subject_line
from alerts.languages.language import Language, language_of
from alerts.pages import render
from monitor.model import Consent, Message, Recipient

HOLDS = timedelta(days=7)  # for how long a question can be answered
_LENGTH = 18  # bytes of a token: 144 bits, which nobody guesses


def stop_token(secret: str, recipient: str, address: str) -> str:
    """Ends what an address receives; holds for good."""
    return _token(secret, "stop", recipient, address)


def confirm_token(secret: str, consent: Consent) -> str:
    """Confirms an address; each question has its own."""
    asked = consent.asked_at.isoformat() if consent.asked_at else ""
    return _token(secret, "confirm", consent.recipient, consent.address, asked)


def who_stops(secret: str, given: str, known: Iterable[Consent]) -> Consent | None:
    """Whose token for stopping this is."""
    return next((one for one in known if _same(stop_token(secret, one.recipient, one.address), given)), None)


def who_confirms(secret: str, given: str, known: Iterable[Consent], *, now: datetime) -> Consent | None:
    """Whose confirmation this is, while it holds."""
    holding = (one for one in known if one.asked_at and now - one.asked_at < HOLDS)
    return next((one for one in holding if _same(confirm_token(secret, one), given)), None)


def _token(secret: str, *parts: str) -> str:
    digest = hmac.digest(secret.encode(), "\0".join(parts).encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(digest[:_LENGTH]).decode()


def _same(token: str, given: str) -> bool:
    return hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))


# ---- the question ----------------------------------------------------------------------------------------------------


def compose_question(*, recipient: Recipient, link: str, key: str, now: datetime) -> Message:
    """What a new address is asked, before it receives anything else. `link` leads to the page with the answer."""
    language = language_of(recipient.language)
    facts = {
        "link": link,
        "host": urlsplit(link).hostname or "",
        "recipient": clean(recipient.name),
        "days": language.number(HOLDS.days),
    }
    return Message(
        key=key,
        kind="confirmation",
        subject=subject_line(language.words("Tipsheet: please confirm that you want its messages")),
        text=render("confirmation.txt", facts, language, stop=recipient.stop),
        html=render("confirmation.html", facts, language, stop=recipient.stop),
        data={"link": link},
        created_at=now,
        link=link,
        language=language.code,
        stop=recipient.stop,
    )


# ---- the pages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What a page for recipients says; the same for every token, so that it tells nothing of any."""

    heading: str
    sentence: str
    button: str = ""  # "": there is nothing to press


def to_confirm(language: Language) -> Leaf:
    return Leaf(
        heading=language.words("Do you want these messages?"),
        sentence=language.words("Tipsheet sends nothing to your address before you say so here."),
        button=language.words("Yes, send them"),
    )


def confirmed(language: Language) -> Leaf:
    return Leaf(
        heading=language.words("Thank you"),
        sentence=language.words("From now on you receive the messages. What came meanwhile is on its way, as one."),
    )


def to_stop(language: Language) -> Leaf:
    return Leaf(
        heading=language.words("No more of these messages?"),
        sentence=language.words("Alerts and digests end at once. You can come back by this same page."),
        button=language.words("Stop them"),
    )


def stopped(language: Language) -> Leaf:
    return Leaf(
        heading=language.words("Nothing more is sent to you"),
        sentence=language.words("Alerts and digests have ended. If that was a mistake, come back."),
        button=language.words("Send them again"),
    )


def resumed(language: Language) -> Leaf:
    return Leaf(
        heading=language.words("Welcome back"),
        sentence=language.words("From now on you receive the messages again."),
    )


def unknown(language: Language) -> Leaf:
    return Leaf(
        heading=language.words("This link holds no more"),
        sentence=language.words(
            "Nothing was changed. It may be cut off, or too old: a question can be answered for %(days)s days. Whoever "
            "looks after Tipsheet can ask again.",
            days=language.number(HOLDS.days),
        ),
    )
