"""Which factor a way in wants: of everything that somebody may have, and that may be asked."""

import itertools

import pytest

from app.clock import now
from app.models import (
    Demand,
    Factor,
    Interface,
    Organisation,
    OrganisationPolicy,
    OrganisationSettings,
    Passkey,
    Role,
)
from app.operations import administration, factors, memberships, totp_setup
from app.operations.factors import Held
from tests import factories
from tests.factories import VISITOR

NONE, PIN, CODE = Factor.NONE, Factor.PIN, Factor.CODE
PASSKEY, RECOVERY, ENROLMENT = Factor.PASSKEY, Factor.RECOVERY, Factor.ENROLMENT
PROGRAMS = [each for each in Interface if each is not Interface.PAGES]

# What is held, then what answers where nothing, any factor, or an app is demanded: on the pages,
# and where a program comes in. The first of each is the one that is asked for.
TABLE = """
-                    | none         | enrol        | enrol    | none     | enrol    | enrol
address              | none         | pin          | enrol    | none     | pin      | enrol
address pin          | pin          | pin          | enrol    | pin      | pin      | enrol
app                  | code         | code         | code     | code     | code     | code
app address          | code         | code         | code     | code     | code     | code
app address pin      | code pin     | code pin     | code     | code pin | code pin | code
key                  | key          | key          | key      | code     | code     | code
key address          | key          | key          | key      | code     | code     | code
key address pin      | key pin      | key pin      | key      | pin      | pin      | code
app key              | code key     | code key     | code key | code     | code     | code
app key address      | code key     | code key     | code key | code     | code     | code
app key address pin  | code key pin | code key pin | code key | code pin | code pin | code
"""
WORDS = {"none": NONE, "pin": PIN, "code": CODE, "key": PASSKEY, "enrol": ENROLMENT}


def held_by(words: str) -> Held:
    named = words.replace("key", "passkey").split()
    return Held(**{each: each in named for each in ("app", "passkey", "pin", "address")})


def rows() -> list[tuple[Held, list[tuple[Factor, ...]]]]:
    """Return what each row of the table says, in the order of its columns."""
    lines = [line.split("|") for line in TABLE.strip().splitlines()]
    return [(held_by(words), [_factors(cell) for cell in cells]) for words, *cells in lines]


def _factors(cell: str) -> tuple[Factor, ...]:
    return tuple(WORDS[word] for word in cell.split())


EVERY_HELD = [
    Held(app, passkey, pin, address)
    for app, passkey, pin, address in itertools.product([False, True], repeat=4)
    if address or not pin  # a PIN that is chosen has somewhere to go
]


def called(held: Held) -> str:
    """Return a test's name for what is held."""
    return "+".join(name for name, has in vars(held).items() if has) or "nothing"


def test_the_table_is_whole() -> None:
    assert sorted(called(held) for held, _ in rows()) == sorted(map(called, EVERY_HELD))


@pytest.mark.parametrize(("held", "cells"), rows(), ids=[called(held) for held, _ in rows()])
def test_what_answers_is_what_the_table_says(held: Held, cells: list[tuple[Factor, ...]]) -> None:
    on_pages = [factors.choices(held, demand, Interface.PAGES) for demand in Demand]

    assert on_pages == cells[:3]
    for interface in PROGRAMS:
        assert [factors.choices(held, demand, interface) for demand in Demand] == cells[3:]


@pytest.mark.parametrize("held", EVERY_HELD, ids=called)
@pytest.mark.parametrize("demand", Demand)
@pytest.mark.parametrize("interface", [Interface.PAGES, Interface.INTEDASHBOARD])
def test_another_factor_is_asked_for_where_it_is_good_and_nowhere_else(
    held: Held, demand: Demand, interface: Interface
) -> None:
    good = factors.choices(held, demand, interface)

    assert factors.due(held, demand, interface) is good[0]
    for chosen in Factor:
        proves_ones_mail = chosen is PIN and good == (NONE,) and held.address
        expected = chosen if chosen in good or proves_ones_mail else good[0]
        assert factors.due(held, demand, interface, chosen) is expected


@pytest.mark.parametrize("held", EVERY_HELD, ids=called)
@pytest.mark.parametrize("demand", Demand)
def test_whatever_answers_meets_all_that_is_asked(held: Held, demand: Demand) -> None:
    """Else a sign-in would end in a session that may do nothing."""
    asked = max(demand, held.floor)

    for interface in Interface:
        for factor in factors.choices(held, demand, interface):
            assert factor is ENROLMENT or factors.satisfies(factor, asked)


def test_a_recovery_code_and_a_passkey_are_worth_an_app() -> None:
    worth = {
        factor: max(demand for demand in Demand if factors.satisfies(factor, demand))
        for factor in Factor
    }

    assert worth == {
        NONE: Demand.NONE,
        ENROLMENT: Demand.NONE,
        PIN: Demand.ANY,
        CODE: Demand.APP,
        PASSKEY: Demand.APP,
        RECOVERY: Demand.APP,
    }


def place(*, mfa: bool = False, pin_allowed: bool = True, asked: str = "none") -> Organisation:
    everybody = dict.fromkeys(
        ("factorForStudents", "factorForTeachers", "factorForAccountAdmins"), asked
    )
    return Organisation(
        name="Elm School",
        settings=OrganisationSettings(mfaForStudents=mfa, mfaForTeachers=mfa),
        policy=OrganisationPolicy.model_validate({"pinAllowed": pin_allowed, **everybody}),
    )


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("mfa", [False, True], ids=["", "mfa"])
@pytest.mark.parametrize("asked", ["none", "any", "app"])
def test_where_pins_are_not_allowed_whatever_is_asked_is_an_app(
    role: Role,
    mfa: bool,  # noqa: FBT001 (a test's case)
    asked: str,
) -> None:
    with_pins = place(mfa=mfa, asked=asked).demand_on(role)
    without = place(mfa=mfa, asked=asked, pin_allowed=False).demand_on(role)

    has_mfa = mfa and role in {Role.STUDENT, Role.TEACHER}
    by_policy = Demand.NONE if role is Role.SUPERUSER else Demand[asked.upper()]
    assert with_pins is max(by_policy, Demand.ANY if has_mfa else Demand.NONE)
    assert without is (Demand.APP if with_pins else Demand.NONE)


@pytest.mark.usefixtures("portal")
def test_an_administrator_can_forbid_pins() -> None:
    made = factories.pin_organisation()

    administration.change_settings(made, {"pinAllowed": "false"}, VISITOR)

    assert made.demand_on(Role.STUDENT) is Demand.APP


@pytest.mark.usefixtures("portal")
def test_what_an_account_has_is_read_from_its_rows() -> None:
    who = factories.account()
    assert factors.of(who) == held_by("address")

    totp_setup.pending_secret(who)
    assert factors.of(who) == held_by("address")  # a secret that waits is no factor
    factories.app_of(who)
    assert factors.of(who) == held_by("address app")
    who.pin_chosen_at = now()
    factories.saved(Passkey(account=who, credential_id="c", public_key=b"k", name="A key"))
    assert factors.of(who) == held_by("address app key pin")
    assert factors.of(factories.account()) == held_by("address")


@pytest.mark.usefixtures("portal")
def test_a_chosen_pin_without_an_address_is_no_factor() -> None:
    who = factories.account(None, username="generic.jane")
    who.pin_chosen_at = now()

    assert factors.of(who) == held_by("")


@pytest.mark.usefixtures("portal")
def test_the_account_as_a_whole_asks_the_strictest_of_the_live_memberships() -> None:
    who, strict = factories.account(), factories.organisation(factorForStudents="app")
    for at in (factories.organisation(), factories.pin_organisation(), strict):
        factories.membership(who, at)

    assert factors.strictest_demand(memberships.of(who.id)) is Demand.APP
    administration.suspend_organisation(strict, VISITOR)
    assert factors.strictest_demand(memberships.of(who.id)) is Demand.ANY
    assert factors.strictest_demand([]) is Demand.NONE
