"""Charts as pictures: SVG of our own, shown by <img>, in the colours of light and dark.

Widths are percentages and heights pixels, so that a picture fills whatever room a page has while
its words keep their size. The one style sheet stands in the picture; its hash is all that the
picture's own policy allows.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, render_template
from flask_babel import format_decimal
from markupsafe import Markup

from app.operations.dashboard_charts import Bar, Chart
from app.pages.admin import chart_words

HEIGHT = 208
TOP, BOTTOM = 22, 180  # of the bars
GAP = 0.3  # of a bar's room
MOST_LABELS = 6
ROUND = (2, 4, 6, 8, 10, 12, 14, 16)  # what an axis may end at, times a power of ten


@dataclass(frozen=True)
class Part:
    """One rectangle: `x` and `width` in percent, the rest in pixels."""

    series: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class Label:
    """Words under a bar, at their start, middle or end; `second` ones go where it is narrow."""

    text: str
    x: float
    place: str
    second: bool


def svg(chart: Chart, title: str) -> Response:
    """Return a chart as a picture, whose policy allows nothing but its own style."""
    style = render_template("admin/chart.css")
    drawn = render_template(
        "admin/chart.svg",
        title=title,
        style=Markup(style),  # noqa: S704 (a file of our own)
        height=HEIGHT,
        lines=_lines(chart),
        parts=_parts(chart),
        labels=_labels(chart.bars),
        bottom=BOTTOM,
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; sandbox"
    headers = {"Content-Security-Policy": policy}
    return Response(drawn, mimetype="image/svg+xml", headers=headers)


def top_of(highest: int) -> int:
    """Return the round number that an axis up to `highest` ends at; its half is whole."""
    power = 1
    while ROUND[-1] * power < highest:
        power *= 10
    return next(each * power for each in ROUND if each * power >= highest)


def _parts(chart: Chart) -> list[Part]:
    top = top_of(chart.highest.total)
    room = 100 / len(chart.bars)
    parts: list[Part] = []
    for number, bar in enumerate(chart.bars):
        x, width = (number + GAP / 2) * room, room * (1 - GAP)
        whole = bar.total if chart.is_share else top
        parts += _stacked(bar, whole, (round(x, 3), round(width, 3)))
    return parts


def _stacked(bar: Bar, whole: int, across: tuple[float, float]) -> Iterator[Part]:
    """Yield the parts of one bar, the first series at the ground."""
    y = float(BOTTOM)
    for series, value in enumerate(bar.values or ()):
        height = (BOTTOM - TOP) * value / max(1, whole)
        y -= height
        if value:
            yield Part(series, *across, round(y, 1), round(height, 1))


def _lines(chart: Chart) -> list[tuple[float, str]]:
    """Return the height and the words of each line across."""
    if chart.is_share:
        names = ["0%", "50%", "100%"]
    else:
        top = top_of(chart.highest.total)
        names = [format_decimal(each) for each in (0, top // 2, top)]
    heights = (BOTTOM, (TOP + BOTTOM) / 2, TOP)
    return list(zip(heights, names, strict=True))


def _labels(bars: list[Bar]) -> list[Label]:
    """Name some of the bars, always the newest: where it is narrow, every second of these."""
    step = -(-len(bars) // MOST_LABELS)
    room = 100 / len(bars)
    labels = []
    for count, number in enumerate(range(len(bars) - 1, -1, -step)):
        middle = (number + 0.5) * room
        text = chart_words.day(bars[number].begin)
        labels.append(_label(text, middle, room, second=count % 2 == 1))
    return labels


def _label(text: str, middle: float, room: float, *, second: bool) -> Label:
    edge = 6  # percent: what begins or ends so near to the picture's edge is set against it
    if middle < edge:
        return Label(text, round(middle - room / 2, 3), "start", second)
    if middle > 100 - edge:
        return Label(text, round(middle + room / 2, 3), "end", second)
    return Label(text, round(middle, 3), "middle", second)
