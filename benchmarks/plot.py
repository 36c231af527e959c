"""The plot: patients a second against the number of patients, and of providers, as SVG written by hand.

Two panels with a few lines do not need a plotting library, and the same results give the same bytes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 36, 84
_COLOURS = ("#0b6bcb", "#c2410c", "#0f766e", "#7c3aed")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.t{font-weight:600;font-size:13px}.g{stroke:#ddd}.a{stroke:#666}"
)


@dataclass(frozen=True)
class Panel:
    """One pair of axes; the lower one is logarithmic."""

    title: str
    below: str
    curves: Mapping[str, Points]


def svg(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    parts = [_panel(panel, number * _WIDTH) for number, panel in enumerate(panels)]
    width = _WIDTH * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}">\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect width="{width}" height="{_HEIGHT}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _panel(panel: Panel, left: int) -> str:
    xs = [x for points in panel.curves.values() for x, _ in points]
    highest = max(y for points in panel.curves.values() for _, y in points)
    step = _step(highest)
    top = math.ceil(highest / step) * step
    low, high = math.log10(min(xs)), math.log10(max(xs))
    span = high - low or 1.0
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def across(x: float) -> float:
        return _LEFT + width * (math.log10(x) - low) / span

    def down(y: float) -> float:
        return _TOP + height * (1 - y / top)

    floor = down(0)
    parts = [f'<g transform="translate({left} 0)">', _text(_LEFT, 20, panel.title, "start", ' class="t"')]
    for number in range(round(top / step) + 1):
        y = down(number * step)
        parts.append(f'<line class="g" x1="{_LEFT}" x2="{_LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{number * step:,.0f}", "end"))
    for x in _ticks(min(xs), max(xs)):
        parts.append(f'<line class="a" x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{floor}" y2="{floor + 4}"/>')
        parts.append(_text(across(x), floor + 18, f"{x:,.0f}", "middle"))
    parts.append(f'<line class="a" x1="{_LEFT}" x2="{_LEFT + width}" y1="{floor}" y2="{floor}"/>')
    parts.append(_text(_LEFT + width / 2, floor + 36, panel.below, "middle"))
    for number, (name, points) in enumerate(panel.curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in sorted(points))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        if len(points) <= 20:
            parts += [f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        at, line = _LEFT + (number % 2) * width / 2, floor + 54 + 17 * (number // 2)
        parts.append(f'<rect x="{at:.1f}" y="{line - 5}" width="14" height="3" fill="{colour}"/>')
        parts.append(_text(at + 19, line, name, "start"))
    return "\n".join([*parts, "</g>"])


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text{more} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _step(highest: float) -> float:
    """A round distance of grid lines, for about five of them."""
    rough = highest / 5
    unit: float = 10 ** math.floor(math.log10(rough))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)


def _ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... between two numbers; fewer where there are many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1,) if high / low > 10_000 else (1, 2, 5)
    return [x for power in decades for factor in factors if low <= (x := factor * 10.0**power) <= high]
