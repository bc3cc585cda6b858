"""The guard as an httpx transport: an httpx.Request goes out over our own connections, an httpx.Response comes back.

What lives here: the crossing between httpx's values and the wire. What must not: redirects, what an answer means, which
hosts may be asked (`network` judges each address as it is connected to).

httpx's own transport keeps a pool for a crowd and a timeout for each read; a poller needs neither. What a request must
carry besides is in its `extensions`:

    origin            whom it asks (addresses.Origin), already judged
    target            the request line's path and query, byte for byte as the URL is written (httpx would normalise it)
    connect_deadline  the moment, on the monotonic clock, by which there must be a connection
    deadline          the moment by which the answer must be there in full: no server can live on by dripping
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx

from monitor.net.connections import Connections, written
from monitor.net.network import GuardedNetwork


class GuardedTransport(httpx.BaseTransport):
    """One request, one answer whose body is still on the wire. Many threads may share it.

    Raises FetchError for no connection or no HTTP, TimeoutError at a deadline, OSError where the connection
    broke. So does reading the body.
    """

    def __init__(self, network: GuardedNetwork) -> None:
        self._connections = Connections(network)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        given = request.extensions
        question = written(request.method, given["target"], request.headers.raw, request.read())
        connection = self._connections.take(given["origin"], given["connect_deadline"])
        release = _once(lambda: self._connections.give_back(given["origin"], connection))
        try:
            answer = connection.ask(question, given["deadline"])
        except BaseException:
            release()
            raise
        body = _Body(answer.pieces, release)
        return httpx.Response(answer.status, headers=list(answer.headers), stream=body)

    def close(self) -> None:
        """Closes the connections that are kept alive."""
        self._connections.close()


class _Body(httpx.SyncByteStream):
    """What is still on the wire; closing it frees the connection, for the next question if it was read to its end."""

    def __init__(self, pieces: Iterator[bytes], release: Callable[[], None]) -> None:
        self._pieces = pieces
        self._release = release

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._release()


def _once(action: Callable[[], None]) -> Callable[[], None]:
    """A connection that was given back twice would be given out twice."""
    left = [action]
    return lambda: left.pop()() if left else None
