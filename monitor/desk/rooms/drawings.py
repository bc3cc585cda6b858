"""A drawing at an address, as SVG and as PNG.

What lives here: how a drawing becomes an answer. What must not: what is drawn (`monitor.pictures`).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import inspect
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

from monitor.pictures.drawing import STYLE, Drawing, to_svg

# A picture that is opened by itself is a document: of it, nothing runs or is loaded, and its one style is ours.
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; sandbox"
_FORMATS = {"svg": "image/svg+xml", "png": "image/png"}


def drawing(router: APIRouter, path: str, *, name: str) -> Callable[[Callable[..., Drawing]], Callable[..., Drawing]]:
    """Publish what a handler draws at `path.svg` and `path.png`. It takes the visit as `visit`, as all handlers do."""

    def publish(handler: Callable[..., Drawing]) -> Callable[..., Drawing]:
        for suffix, media_type in _FORMATS.items():
            content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
            router.get(
                f"{path}.{suffix}",
                response_class=Response,
                responses={200: {"content": content, "description": "The picture."}},
                name=f"{name}-{suffix}",
            )(_answering(handler, suffix))
        return handler

    return publish


def _answering(handler: Callable[..., Drawing], suffix: str) -> Callable[..., Response]:
    @functools.wraps(handler)
    def answer(**given: Any) -> Response:
        return picture_answer(handler(**given), suffix)

    signature = inspect.signature(handler, eval_str=True).replace(return_annotation=Response)
    answer.__signature__ = signature  # type: ignore[attr-defined]
    return answer


def picture_answer(drawn: Drawing, suffix: str) -> Response:
    """A drawing as "svg" or as "png"."""
    if suffix == "svg":
        return Response(to_svg(drawn), media_type=_FORMATS[suffix], headers={"Content-Security-Policy": POLICY})
    from monitor.pictures.raster import to_png  # here: an imaging library is loaded when somebody asks for pixels

    return Response(to_png(drawn), media_type=_FORMATS[suffix])
