"""What every form may carry, and what is answered to it: JSON to a script or a program, the next page to a form.

What must not live here: doing it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel

from monitor.desk.door import entrance
from monitor.desk.visit import SAID, Visit

Mark = Annotated[
    str, Form(description="Of feeds.yaml as it was read: `mark` of what was shown. Another's change is told.")
]
Next = Annotated[str, Form(description="Where a browser without a script goes afterwards: a path of the desk.")]


class Done(BaseModel):
    """What was done, in a sentence; and where to go now."""

    said: str
    next: str


def done(visit: Visit, sentence: str, go: str) -> Response:
    """It was done. `go` is the page to show now; what does not lie in the desk leads to the day."""
    go = entrance.local_path(go)
    if not visit.wants_page:
        return JSONResponse({"said": sentence, "next": go})
    answer = RedirectResponse(go, HTTPStatus.SEE_OTHER)
    answer.set_cookie(SAID, quote(sentence), max_age=60, httponly=True, samesite="lax", secure=visit.desk.secure)
    return answer
