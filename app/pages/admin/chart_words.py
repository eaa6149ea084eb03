"""What the dashboard's numbers are called, in words for people."""

from datetime import date
from typing import Any

from flask_babel import format_date, format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.operations.dashboard_charts import Bar, Chart, Span
from app.operations.dashboard_topics import Topic

TITLES = {
    Topic.SIGN_INS: _l("Sign-ins"),
    Topic.FAILURES: _l("Failed sign-ins"),
    Topic.NEWCOMERS: _l("New accounts"),
    Topic.LOCKS: _l("Locks"),
    Topic.FACTORS: _l("Second steps that people have"),
}
TITLES_AT_ONE = TITLES | {Topic.NEWCOMERS: _l("Roles given")}
SERIES = {
    Topic.SIGN_INS: {
        "second_step": _l("With a second step"),
        "password_alone": _l("By the password alone"),
    },
    Topic.FAILURES: {
        "wrong_password": _l("Wrong password"),
        "unknown_account": _l("No such account"),
        "wrong_code": _l("Wrong second step"),
        "shut": _l("Shut or locked, or not activated"),
    },
    Topic.NEWCOMERS: {
        "registered": _l("Registered"),
        "invited": _l("By invitation"),
        "added": _l("Added by an administrator"),
        "imported": _l("Imported"),
        "given": _l("By an administrator"),
    },
    Topic.LOCKS: {
        "account": _l("Of a whole account"),
        "membership": _l("By an organisation's own limit"),
    },
    Topic.FACTORS: {
        "passkey": _l("Passkey"),
        "app": _l("Authenticator app"),
        "pin": _l("PIN by mail"),
        "none": _l("None of their own"),
    },
}
ABOUT = {
    Topic.SIGN_INS: _l("Each session that was opened, on the pages and through every API."),
    Topic.FAILURES: _l("Tries that opened nothing, those that a lock turned away among them."),
    Topic.NEWCOMERS: _l("Where they came from; whether they are still there is not asked."),
    Topic.LOCKS: _l("Accounts that too many wrong tries locked for a while."),
    Topic.FACTORS: _l("The strongest one of each active account, looked at once a day."),
}
ABOUT_AT_ONE = ABOUT | {
    Topic.SIGN_INS: _l("Sign-ins to a role here, and switches to one."),
    Topic.FAILURES: _l("Of people who belong to this organisation alone, and at its second step."),
    Topic.NEWCOMERS: _l("Roles that people were given here; those of an import are left out."),
    Topic.LOCKS: _l("Roles that the limit of this organisation locked for a while."),
    Topic.FACTORS: _l("The strongest one of each active member, looked at once a day."),
}
SPANS = {
    Span.DAYS_7: _l("7 days"),
    Span.DAYS_30: _l("30 days"),
    Span.DAYS_90: _l("90 days, by week"),
    Span.DAYS_365: _l("A year, by week"),
}
NEVER = _l("Nothing in this time.")
FEW = 20  # a share of so little tells nothing


def summary(chart: Chart) -> str:
    """Tell in a sentence what a chart shows; for whoever does not see it, too."""
    if chart.is_share:
        return _share(chart)
    high, times = chart.highest, format_decimal(chart.total)
    most = _("the most, %(number)s, %(when)s", number=format_decimal(high.total), when=_when(high))
    return f"{_('%(number)s in all; ', number=times)}{most}."


def _share(chart: Chart) -> str:
    latest = next(bar for bar in reversed(chart.bars) if bar.values is not None)
    without = (latest.values or (0,))[-1]
    percent = round(100 * (latest.total - without) / max(1, latest.total))
    return ngettext(
        "Of %(num)s active account, %(percent)s%% have one of their own.",
        "Of %(number)s active accounts, %(percent)s%% have one of their own.",
        latest.total,
        number=format_decimal(latest.total),
        percent=percent,
    )


def _when(bar: Bar) -> str:
    if bar.begin == bar.end:
        return _("on %(day)s", day=day(bar.begin))
    return _("in the week from %(day)s", day=day(bar.begin))


def day(when: date) -> str:
    """Return a day without its year: 5 Mar."""
    return str(format_date(when, "d MMM"))


def change(now: int, before: int) -> Any:
    """Tell how a number compares with that of the week before."""
    if now == before:
        return _("as many as in those before")
    if before == 0:
        return _("none in those before")
    if before < FEW:
        return _("%(number)s in those before", number=format_decimal(before))
    percent = format_decimal(abs(round(100 * (now - before) / before)))
    if now > before:
        return _("%(percent)s%% more than in those before", percent=percent)
    return _("%(percent)s%% fewer than in those before", percent=percent)
