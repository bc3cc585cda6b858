"""Curves on two logarithmic axes, as SVG, for `matching_speed`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 84, 132, 28, 56  # margins; names stand at the right
COLOURS = ("#164e83", "#b45309", "#3f7d4f", "#8b3a62")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A name and its points (across, up), all above 0."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axes:
    """Decades → places."""

    across: tuple[int, int]
    up: tuple[int, int]

    def x(self, value: float) -> float:
        return LEFT + (log10(value) - self.across[0]) / (self.across[1] - self.across[0]) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (log10(value) - self.up[0]) / (self.up[1] - self.up[0]) * (HEIGHT - TOP - BOTTOM)


def log_log(curves: Sequence[Curve], *, across: str, up: str) -> str:
    """The picture. Each curve is named where it ends."""
    axes = _Axes(
        across=_decades([x for curve in curves for x, _ in curve.points]),
        up=_decades([y for curve in curves for _, y in curve.points]),
    )
    shapes = [
        *_grid(axes, across, up),
        *(shape for curve, colour in zip(curves, COLOURS, strict=False) for shape in _curve(curve, colour, axes)),
        *_names(curves, axes),
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *shapes,
        "</svg>\n",
    ])  # fmt: skip


def _decades(values: Sequence[float]) -> tuple[int, int]:
    return floor(log10(min(values))), ceil(log10(max(values)))


def _grid(axes: _Axes, across: str, up: str) -> Iterator[str]:
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    for decade in range(axes.across[0], axes.across[1] + 1):
        x = axes.x(10**decade)
        yield f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="#e2e8f0"/>'
        yield _text(x, bottom + 20, _number(decade), "middle")
    for decade in range(axes.up[0], axes.up[1] + 1):
        y = axes.y(10**decade)
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#e2e8f0"/>'
        yield _text(left - 8, y + 4, _number(decade), "end")
    yield _text((left + right) / 2, bottom + 44, across, "middle")
    yield _text(left - 8, top - 12, up, "start")


def _curve(curve: Curve, colour: str, axes: _Axes) -> Iterator[str]:
    places = [(axes.x(x), axes.y(y)) for x, y in curve.points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places)


def _names(curves: Sequence[Curve], axes: _Axes) -> Iterator[str]:
    """Each name at the end of its curve, one line apart where two would meet."""
    below = float("-inf")
    ends = [(axes.y(curve.points[-1][1]), axes.x(curve.points[-1][0]), curve.name, colour)
            for curve, colour in zip(curves, COLOURS, strict=False)]  # fmt: skip
    for y, x, name, colour in sorted(ends):
        below = max(y, below + 16)
        yield _text(x + 9, below + 4, name, "start", colour)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#1d2733") -> str:
    """Words on a rim of paper, so that a line behind them does not cross them out."""
    rim = 'stroke="#ffffff" stroke-width="4" paint-order="stroke"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {rim}>{escape(words)}</text>'


def _number(decade: int) -> str:
    return f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:g}"
