"""What the dashboard shows: headlines and charts of one organisation, or of the whole portal.

Whose numbers they are is bound to the administrator's seat. Days are UTC's.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app import db
from app.clock import now
from app.models import Membership, Organisation
from app.operations import authority, daily_numbers
from app.operations import dashboard_charts as charts
from app.operations import dashboard_topics as topics
from app.operations.authority import Administrator
from app.operations.dashboard_charts import DAY, WEEK, Chart, Span
from app.operations.dashboard_topics import COUNTED, Topic
from app.operations.rights import Action


@dataclass(frozen=True)
class Headline:
    """How much of something there was today, in seven days up to today, and in those before."""

    topic: Topic
    today: int
    week: int
    week_before: int


@dataclass(frozen=True)
class Dashboard:
    """All that is shown; whole up to `as_of`, and last counted at `looked_at`."""

    headlines: list[Headline]
    charts: list[Chart]
    as_of: datetime
    looked_at: datetime | None


def show(administrator: Administrator, place: uuid.UUID | None, span: Span) -> Dashboard:
    """Return the dashboard of an organisation, or of the whole portal; raise NotFound."""
    place, today = _require(administrator, place), now().date()
    since = min(span.begin(today), today - (2 * WEEK - 1) * DAY)
    sortings = topics.sortings(place)
    counted = daily_numbers.read(place, since, {what for s in sortings.values() for what, _ in s})
    parts = {topic: topics.parts(counted.numbers, sorting) for topic, sorting in sortings.items()}
    shown = [charts.of_counts(t, sortings[t], parts[t], span, today) for t in COUNTED]
    shown.append(_factors(place, span, today))
    headlines = [_headline(topic, parts[topic], today) for topic in COUNTED]
    return Dashboard(headlines, shown, counted.as_of, counted.looked_at)


def chart(administrator: Administrator, topic: Topic, place: uuid.UUID | None, span: Span) -> Chart:
    """Return one of its charts; raise NotFound."""
    place, today = _require(administrator, place), now().date()
    if topic is Topic.FACTORS:
        return _factors(place, span, today)
    sorting = topics.sortings(place)[topic]
    counted = daily_numbers.read(place, span.begin(today), {what for what, _ in sorting})
    return charts.of_counts(topic, sorting, topics.parts(counted.numbers, sorting), span, today)


def is_fresh(administrator: Administrator) -> bool:
    """Tell whether there is nothing to look after yet: no organisation, or nobody but oneself."""
    if administrator.of_portal:
        return db.session().scalar(select(Organisation.id).limit(1)) is None
    here = Membership.organisation_id == administrator.organisation_id
    others = Membership.account_id != administrator.account_id
    return db.session().scalar(select(Membership.id).where(here, others).limit(1)) is None


def _require(administrator: Administrator, place: uuid.UUID | None) -> uuid.UUID | None:
    """Return whose numbers to show: an organisation's seat sees its own, whatever is asked."""
    authority.require(administrator, Action.SEE_DASHBOARD)
    if not administrator.of_portal:
        return administrator.organisation_id
    return None if place is None else authority.organisation(administrator, place).id


def _factors(place: uuid.UUID | None, span: Span, today: date) -> Chart:
    return charts.of_factors(daily_numbers.factors(place, span.begin(today)), span, today)


def _headline(topic: Topic, parts: Mapping[tuple[date, str], int], today: date) -> Headline:
    week, before = today - (WEEK - 1) * DAY, today - (2 * WEEK - 1) * DAY

    def much(begin: date, end: date) -> int:
        return sum(times for (day, _), times in parts.items() if begin <= day <= end)

    return Headline(topic, much(today, today), much(week, today), much(before, week - DAY))
