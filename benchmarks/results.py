"""What was measured: figures with all their samples, kept from run to run in a JSON file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec


@dataclass(frozen=True)
class Target:
    """What a figure should reach; ``wish`` is what it should try for."""

    at_least: float | None = None
    at_most: float | None = None
    wish: float | None = None

    def reached(self, value: float) -> bool:
        """Whether a value is good enough."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        limit = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return limit if self.wish is None else f"{limit}, better {self.wish:g}"


@dataclass(frozen=True)
class Figure:
    """One thing that was measured some times; ``missing`` says why it was not."""

    what: str
    unit: str
    samples: Sequence[float] = field(default_factory=list)
    target: Target | None = None
    note: str = ""
    missing: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return median(self.samples)

    @property
    def verdict(self) -> str:
        """Whether the target was reached, "" where there is none."""
        if self.target is None:
            return ""
        if not self.samples:
            return "not available"
        return "yes" if self.target.reached(self.value) else "NO"


@dataclass(frozen=True)
class Table:
    """Figures that do not stand in one line each."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Findings:
    """What one scenario found. ``curves`` are for the plot: points by name."""

    title: str
    method: Sequence[str] = field(default_factory=list)
    figures: Sequence[Figure] = field(default_factory=list)
    tables: Sequence[Table] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """Findings with when, on what, and how often they were made."""

    findings: Findings
    date: str
    repeat: int
    machine: dict[str, str]


def read(path: Path) -> dict[str, Recorded]:
    """The results of earlier runs by scenario, none where there is no file."""
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Recorded]) if path.exists() else {}


def write(path: Path, recorded: dict[str, Recorded]) -> None:
    """Keep the results, readable and in the same order each time."""
    raw = msgspec.json.encode(recorded, order="sorted")
    path.write_bytes(msgspec.json.format(raw, indent=1) + b"\n")


def per_second(number: float, seconds: Iterable[float]) -> list[float]:
    """How many a second, for each time it took."""
    return [number / one for one in seconds]


def ratios(above: Iterable[float], below: Iterable[float]) -> list[float]:
    """The ratio within each repetition: what slows the machine down slows both."""
    return [one / other for one, other in zip(above, below, strict=True)]
