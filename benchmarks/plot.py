"""The plot: patients a second against the number of patients, and of providers, as SVG written by hand.

Two panels with a few lines do not need a plotting library, and the same results give the same bytes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 28, 36, 84
_COLOURS = ("#0b6bcb", "#c2410c", "#0f766e", "#7c3aed")
_FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#222"'
_GRID, _AXIS = "#ddd", "#666"


@dataclass(frozen=True)
class Panel:
    """One pair of axes; the lower one may be logarithmic."""

    title: str
    below: str
    curves: Mapping[str, Points]
    logarithmic: bool = False


def svg(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    parts = [_panel(panel, number * _WIDTH) for number, panel in enumerate(panels)]
    width = _WIDTH * len(panels)
    size = f'width="{width}" height="{_HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" {size} {_FONT}>\n'
        f'<rect {size} fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _panel(panel: Panel, left: int) -> str:
    xs = [x for points in panel.curves.values() for x, _ in points]
    highest = max(y for points in panel.curves.values() for _, y in points)
    step = _step(highest)
    top = math.ceil(highest / step) * step
    scale = math.log10 if panel.logarithmic else float
    ticks = _decades(min(xs), max(xs)) if panel.logarithmic else _steps(max(xs))
    low, high = scale(min(xs) if panel.logarithmic else 0), scale(max(xs))
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def across(x: float) -> float:
        return _LEFT + width * (scale(x) - low) / (high - low or 1)

    def down(y: float) -> float:
        return _TOP + height * (1 - y / top)

    floor = down(0)
    parts = [f'<g transform="translate({left} 0)">', _text(_LEFT, 20, panel.title, "start", ' font-weight="600"')]
    for number in range(round(top / step) + 1):
        y = down(number * step)
        parts.append(_line(_LEFT, y, _LEFT + width, y, _AXIS if number == 0 else _GRID))
        parts.append(_text(_LEFT - 6, y + 4, f"{number * step:,.0f}", "end"))
    for x in ticks:
        parts.append(_line(across(x), floor, across(x), floor + 4, _AXIS))
        parts.append(_text(across(x), floor + 18, f"{x:,.0f}", "middle"))
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


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _step(highest: float) -> float:
    """A round distance of grid lines, for about five of them."""
    rough = highest / 5
    unit: float = 10 ** math.floor(math.log10(rough))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)


def _steps(high: float) -> list[float]:
    """0 and round numbers up to another."""
    step = _step(high)
    return [step * number for number in range(math.floor(high / step) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... between two numbers."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [x for power in powers for factor in (1, 2, 5) if low <= (x := factor * 10.0**power) <= high]
