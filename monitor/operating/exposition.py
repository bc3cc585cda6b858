"""Measures → the text that Prometheus and its kin read.

What lives here: the format. What must not: which measures there are (`measures`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One number, and what it is of."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is measured. A `counter` only grows, and its name ends in `_total`."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: tuple[Sample, ...]


def write(measures: Iterable[Measure]) -> str:
    """The measures as text; one without a sample is left out."""
    return "".join(f"{line}\n" for measure in measures if measure.samples for line in _lines(measure))


def _lines(measure: Measure) -> Iterator[str]:
    yield f"# HELP {measure.name} {_escaped(measure.help)}"
    yield f"# TYPE {measure.name} {measure.kind}"
    for sample in measure.samples:
        yield f"{measure.name}{_labels(sample.labels)} {_number(sample.value)}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value).replace(chr(34), chr(92) + chr(34))}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
