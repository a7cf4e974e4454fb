"""What a measurement found, and what it is held against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Round:
    """One pass: how many, in how many seconds."""

    count: int
    seconds: float

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.seconds


@dataclass(frozen=True, slots=True)
class Result:
    """A benchmark's figures: medians over rounds in which value and limit took turns."""

    name: str
    unit: str
    values: Sequence[Round]
    limits: Sequence[Round]
    more: Mapping[str, float] = field(default_factory=dict)

    def figures(self) -> dict[str, str | float | int]:
        """The figures by name; `ratio` is what counts, because machines differ."""
        value = median(one.rate for one in self.values)
        limit = median(one.rate for one in self.limits)
        return {
            "name": self.name,
            "value": round(value, 1),
            "unit": self.unit,
            "limit": round(limit, 1),
            "ratio": round(value / limit, 3),
            "n": sum(one.count for one in self.values),
            "seconds": round(sum(one.seconds for one in self.values), 3),
            **{name: round(figure, 2) for name, figure in self.more.items()},
        }

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.figures())


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
