"""Which factors people have, looked at once a day, in batches."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.clock import now
from app.models import Account, DailyFactors, Organisation, Role
from app.operations import factor_census, purging, totp_setup
from tests import factories
from tests.authenticator import Authenticator
from tests.conftest import Clock
from tests.operations.test_races import at_once

pytestmark = pytest.mark.usefixtures("portal")

Shares = dict[uuid.UUID | None, tuple[int, int, int, int]]


def shares() -> Shares:
    """Return today's rows: how many have a passkey, an app, PINs, nothing."""
    db.session().rollback()
    row = DailyFactors
    rows = list(db.session().scalars(select(row).where(row.day == now().date())))
    assert len(rows) == len({each.organisation_id for each in rows})
    return {each.organisation_id: (each.passkey, each.app, each.pin, each.none) for each in rows}


def with_nothing(at: Organisation | None = None) -> Account:
    who = factories.account(password=None)
    if at is not None:
        factories.membership(who, at)
    return who


def with_app(at: Organisation | None = None) -> Account:
    who = with_nothing(at)
    factories.app_of(who)
    return who


def with_pin(at: Organisation | None = None) -> Account:
    who = with_nothing(at)
    who.pin_chosen_at = now()
    db.session().commit()
    return who


def with_passkey(at: Organisation | None = None) -> Account:
    who = with_nothing(at)
    factories.passkey_of(who, Authenticator())
    return who


def test_everybody_counts_once_by_the_strongest_factor() -> None:
    with_nothing()
    with_pin()
    both = with_pin()
    factories.app_of(both)
    all_three = with_app()
    for name in ("Blue key", "Red key"):
        factories.passkey_of(all_three, Authenticator(), name)

    assert factor_census.take_if_due()

    assert shares() == {None: (1, 1, 1, 1)}


def test_each_organisation_counts_its_own_members_once() -> None:
    x, y = factories.organisation(), factories.organisation()
    twice = with_app(x)
    factories.membership(twice, x, Role.TEACHER)
    factories.membership(twice, y, Role.TEACHER)
    with_nothing(y)
    factories.membership(with_pin(), None, Role.SUPERUSER)
    factories.organisation("Empty")

    factor_census.take_if_due()

    assert shares() == {None: (0, 1, 1, 1), x.id: (0, 1, 0, 0), y.id: (0, 1, 0, 1)}


def test_whoever_cannot_sign_in_does_not_count() -> None:
    factories.account(activated=False)
    suspended = with_app()
    suspended.suspended_at = now()
    db.session().commit()
    waiting = with_nothing()
    with db.transaction():
        totp_setup.pending_secret(db.session().merge(waiting))

    factor_census.take_if_due()

    assert shares() == {None: (0, 0, 0, 1)}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_batches_of_any_size_count_alike(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor_census, "BATCH", size)
    monkeypatch.setattr(factor_census, "ROWS", 1)
    x, y = factories.organisation(), factories.organisation()
    for make in (with_app, with_pin, with_nothing):
        make(x)
        make(y)

    factor_census.take_if_due()

    assert shares() == {None: (0, 2, 2, 2), x.id: (0, 1, 1, 1), y.id: (0, 1, 1, 1)}


def test_it_is_taken_once_a_day(clock: Clock) -> None:
    assert factor_census.take_if_due()
    with_app()
    assert not factor_census.take_if_due()
    assert shares() == {None: (0, 0, 0, 0)}

    clock.advance(timedelta(days=1))

    assert factor_census.take_if_due()
    assert shares() == {None: (0, 1, 0, 0)}


def test_many_at_once_take_it_once(portal: Flask) -> None:
    with_app(factories.organisation())
    taken: list[bool] = []

    at_once(portal, lambda _number: taken.append(factor_census.take_if_due()), 8)

    assert taken.count(True) == 1


def test_whoever_dies_over_it_leaves_it_to_others_an_hour_later(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = factories.organisation()
    with_app(place)
    with monkeypatch.context() as broken:
        write: Callable[..., None] = factor_census._write

        def die(rows: list[dict[str, object]], *, at_one: bool) -> None:
            if not at_one:
                raise KeyboardInterrupt
            write(rows, at_one=at_one)

        broken.setattr(factor_census, "_write", die)
        with pytest.raises(KeyboardInterrupt):
            factor_census.take_if_due()
    with_app(place)
    assert not factor_census.take_if_due()

    clock.advance(factor_census.EVERY)

    assert factor_census.take_if_due() or clock.time.hour == 0
    assert shares()[place.id] == (0, 2, 0, 0)


def test_an_old_census_goes_after_some_more_than_a_year(clock: Clock) -> None:
    factor_census.take_if_due()
    clock.advance(factor_census.KEPT)
    assert purging.purge()["daily_factors"] == 0

    clock.advance(timedelta(days=1))

    assert purging.purge()["daily_factors"] == 1
