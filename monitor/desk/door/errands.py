"""What makes the server ask somebody else: looking for feeds, sending a test. Each person may do so now and then.

What must not live here: the limit (`entrance.ERRANDS`), and the errands themselves.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException

from monitor.desk.visit import Visit


def count_errand(visit: Visit) -> None:
    """One more; HTTPException 429 where it would be too many."""
    if wait := visit.desk.errands.take(f"person {visit.name}", now=visit.now):
        seconds = -(-wait // timedelta(seconds=1))
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"that was often: the next may be asked for in {seconds} s, so that nobody else is bothered through us",
        )
