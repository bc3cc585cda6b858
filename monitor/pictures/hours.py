"""What comes at which hour of the day, as a row of bars.

What lives here: places and inks. What must not: what the numbers are of (`rhythm`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor.pictures.drawing import Box, Drawing, Label, Line

_WIDTH, _HEIGHT = 600.0, 148.0
_MARGIN, _BASE, _TALLEST = 8.0, 118.0, 96.0
_LABELLED = 6  # every so many hours


def hours(rates: Sequence[float], *, title: str, unit: str, zone: str) -> Drawing:
    """Twenty-four bars to one scale; `unit` is what they count, as in "items an hour", `zone` whose hours they are."""
    step, most = (_WIDTH - 2 * _MARGIN) / len(rates), max(rates)
    shapes: list[Box | Line | Label] = [Line(x1=_MARGIN, y1=_BASE, x2=_WIDTH - _MARGIN, y2=_BASE)]
    for hour, rate in enumerate(rates):
        shapes += _bar(hour, rate, step, most, unit)
    busiest = max(range(len(rates)), key=lambda hour: rates[hour])
    about = f"Most at {busiest} h {zone}: {rates[busiest]:.1f} {unit}; least: {min(rates):.1f}."
    shapes.append(Label(x=_WIDTH - _MARGIN, y=_BASE + 22, text=f"h {zone}", size=13, anchor="end", ink="faint"))
    return Drawing(width=_WIDTH, height=_HEIGHT, title=title, about=about, shapes=tuple(shapes))


def _bar(hour: int, rate: float, step: float, most: float, unit: str) -> Iterator[Box | Label]:
    height = max(1.5, _TALLEST * rate / most) if most else 1.5
    x = _MARGIN + step * hour
    hint = f"{hour}–{hour + 1} h: {rate:.2f} {unit}"
    yield Box(
        x=x + 2, y=_BASE - height, width=step - 4, height=height, ink="step3", radius=min(2, height / 2), hint=hint
    )
    if hour % _LABELLED == 0:
        yield Label(x=x + 2, y=_BASE + 22, text=str(hour), size=13, ink="faint")
