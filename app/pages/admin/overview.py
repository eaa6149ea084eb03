"""Where administering begins: what happens here, in numbers, and how the portal is doing."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.models import Organisation
from app.operations import authority, condition, dashboard, organisation_choice
from app.operations.dashboard_charts import Chart, Span
from app.operations.dashboard_topics import Topic
from app.operations.rights import Action
from app.pages.admin import chart_words as words
from app.pages.admin import drawing
from app.pages.admin.seat import acting, can, granted, pages


@dataclass(frozen=True)
class Asked:
    """What an address asks for: how far back, and, of the portal, which one organisation."""

    span: Span
    place: Organisation | None

    def query(self, **changes: str) -> dict[str, Any]:
        """Return what belongs into the address of the same numbers, with changes."""
        place = {"organisation": str(self.place.id)} if self.place else {}
        return {"days": self.span.value, **place, **changes}

    @property
    def place_id(self) -> uuid.UUID | None:
        """The organisation's id."""
        return self.place.id if self.place else None


@pages.get("/")
@granted(Action.SEE_DASHBOARD)
def overview() -> ResponseReturnValue:
    """Show what happened lately, and what can be administered from this seat."""
    who, asked = acting(), _asked()
    shown = dashboard.show(who, asked.place_id, asked.span)
    at_one = not who.of_portal or asked.place is not None
    whole = who.of_portal and asked.place is None
    return render_template(
        "admin/overview.html",
        asked=asked,
        shown=shown,
        charts=[_shown(each, asked, at_one=at_one) for each in shown.charts],
        titles=words.TITLES_AT_ONE if at_one else words.TITLES,
        spans=[(span, words.SPANS[span]) for span in Span],
        change=words.change,
        choices=_choices(asked) if who.of_portal else [],
        is_fresh=dashboard.is_fresh(who),
        condition=condition.look(who) if whole and can(Action.SEE_CONDITION) else None,
        most=condition.MOST_COUNTED,
    )


@pages.get("/charts/<topic>.svg")
@granted(Action.SEE_DASHBOARD)
def chart(topic: str) -> ResponseReturnValue:
    """Draw one of its charts."""
    who, asked = acting(), _asked()
    known = {each.value: each for each in Topic}
    about = known.get(topic) or abort(404)
    found = dashboard.chart(who, about, asked.place_id, asked.span)
    return drawing.svg(found, str(words.TITLES[about]))


def _asked() -> Asked:
    """Read the address; an organisation's seat sees its own numbers, whatever that says."""
    try:
        span = Span(request.args.get("days") or Span.DAYS_30)
        named = request.args.get("organisation") if acting().of_portal else None
        place = uuid.UUID(named) if named else None
    except ValueError:
        abort(400)
    return Asked(span, authority.organisation(acting(), place) if place else None)


def _choices(asked: Asked) -> list[tuple[str, str]]:
    """Return the organisations to choose among: of too many, the one that is shown."""
    named = [(asked.place.id, asked.place.name)] if asked.place else []
    return [(str(place), name) for place, name in organisation_choice.by_name() or named]


def _shown(chart: Chart, asked: Asked, *, at_one: bool) -> dict[str, Any]:
    titles, about = (
        (words.TITLES_AT_ONE, words.ABOUT_AT_ONE) if at_one else (words.TITLES, words.ABOUT)
    )
    named = words.SERIES[chart.topic]
    return {
        "chart": chart,
        "title": titles[chart.topic],
        "about": about[chart.topic],
        "series": [named[each] for each in chart.series],
        "summary": words.NEVER if chart.is_empty else words.summary(chart),
        "url": url_for(".chart", topic=chart.topic.value, **asked.query()),
    }
