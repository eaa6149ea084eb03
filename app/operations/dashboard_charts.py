"""The dashboard's charts: bars of days or of weeks, whatever they are about."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.operations.dashboard_topics import Sorting, Topic
from app.operations.factor_census import FACTORS

DAY = timedelta(days=1)
WEEK = 7
WEEKS_OF_A_YEAR = 52
LONGEST_BY_DAY = 30


class Span(enum.StrEnum):
    """How far back to look, in days as addresses name them."""

    DAYS_7 = "7"
    DAYS_30 = "30"
    DAYS_90 = "90"
    DAYS_365 = "365"

    @property
    def days(self) -> int:
        """How many days a bar has: with more than a month to show, a week."""
        return 1 if int(self) <= LONGEST_BY_DAY else WEEK

    @property
    def bars(self) -> int:
        """How many bars there are. A part of a week makes a whole one, but no second year."""
        return min(-(-int(self) // self.days), WEEKS_OF_A_YEAR)

    def begin(self, today: date) -> date:
        """Return the first day of the oldest bar; the newest ends today."""
        return today - (self.days * self.bars - 1) * DAY

    def buckets(self, today: date) -> list[tuple[date, date]]:
        """Return the first and the last day of each bar."""
        first, days = self.begin(today), self.days
        begins = (first + number * days * DAY for number in range(self.bars))
        return [(begin, begin + (days - 1) * DAY) for begin in begins]


@dataclass(frozen=True)
class Bar:
    """A day or a week, and how much of each series; None where nobody looked."""

    begin: date
    end: date
    values: tuple[int, ...] | None

    @property
    def total(self) -> int:
        """How much that is together."""
        return sum(self.values or ())


@dataclass(frozen=True)
class Chart:
    """Bars of a few series, the oldest first. A share is shown as parts of all."""

    topic: Topic
    series: tuple[str, ...]
    bars: list[Bar]

    @property
    def is_share(self) -> bool:
        """Tell whether the parts matter, and not how much there is."""
        return self.topic is Topic.FACTORS

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to see."""
        return not any(bar.total for bar in self.bars)

    @property
    def total(self) -> int:
        """How much there is in all bars together."""
        return sum(bar.total for bar in self.bars)

    @property
    def highest(self) -> Bar:
        """The bar with the most; of equal ones the newest."""
        return max(reversed(self.bars), key=lambda bar: bar.total)


def of_counts(
    topic: Topic, sorting: Sorting, parts: Mapping[tuple[date, str], int], span: Span, today: date
) -> Chart:
    """Return the chart of how much of each series there was on each day."""
    series = tuple(dict.fromkeys(sorting.values()))
    bars = [
        Bar(begin, end, tuple(sum(parts.get((d, s), 0) for d in _days(begin, end)) for s in series))
        for begin, end in span.buckets(today)
    ]
    return Chart(topic, series, bars)


def of_factors(found: Mapping[date, Mapping[str, int]], span: Span, today: date) -> Chart:
    """Return the chart of who had which factor, as it was at the end of each bar."""
    bars = [
        Bar(begin, end, _latest(found, [*_days(begin, end)])) for begin, end in span.buckets(today)
    ]
    return Chart(Topic.FACTORS, FACTORS, bars)


def _latest(
    found: Mapping[date, Mapping[str, int]], days: Sequence[date]
) -> tuple[int, ...] | None:
    looked = next((found[day] for day in reversed(days) if day in found), None)
    return tuple(looked[each] for each in FACTORS) if looked else None


def _days(begin: date, end: date) -> Iterator[date]:
    for number in range((end - begin).days + 1):
        yield begin + number * DAY
