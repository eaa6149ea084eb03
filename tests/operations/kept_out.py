"""People who are kept out, each by one cause; and what the sign-in really says to them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update

from app import db
from app.clock import now
from app.errors import Refusal
from app.models import Account, Membership, Organisation, OrganisationSettings, Password
from app.operations import memberships, sign_in, sign_in_examination, sign_in_verdicts
from app.operations.authority import Administrator
from app.operations.sign_in_examination import Examination
from app.operations.sign_in_verdicts import Verdicts, Way
from app.operations.visitor import Visitor
from tests import factories
from tests.factories import PASSWORD, VISITOR
from tests.operations.administrators import again
from tests.operations.signing_in import fail, from_elsewhere


@dataclass
class Person:
    """Somebody who is a student at one place, and at another that stays open."""

    account: Account
    there: Membership
    open: Membership

    @property
    def place(self) -> Organisation:
        assert self.there.organisation
        return self.there.organisation


Befall = Callable[[Person], None]


def somebody() -> Person:
    who = factories.account(username="ann.s")
    there = factories.membership(who, factories.organisation("There"))
    return Person(who, there, factories.membership(who, factories.organisation("Zoo, open")))


def suspend_account(person: Person) -> None:
    person.account.suspended_at = now()
    factories.saved(person.account)


def deactivate(person: Person) -> None:
    person.account.activated_at = None
    factories.saved(person.account)


def lock_account(person: Person) -> None:
    fail(person.account.email, 10, from_elsewhere(1))


def end_the_week(person: Person) -> None:
    person.account.removal_due_at = now() - timedelta(minutes=1)
    factories.saved(person.account)


def lock_member(person: Person) -> None:
    with db.transaction() as session:
        place = session.get_one(Organisation, person.place.id)
        place.settings = OrganisationSettings(maxFailedSignInAttempts=2)
    fail(person.account.email, 2, from_elsewhere(2))


def suspend_place(person: Person) -> None:
    person.place.suspended_at = now()
    factories.saved(person.place)


def have_no_address(person: Person) -> None:
    """Leave the account without an address, which only the open place admits."""
    with db.transaction() as session:
        mine = update(Account).where(Account.id == person.account.id)
        session.execute(mine.values(email=None, email_key=None))
        place = session.get_one(Organisation, person.open.organisation_id)
        place.settings = OrganisationSettings(allowGenericUsers=True)


def have_no_password(person: Person) -> None:
    """Leave the account with nothing but a password of the open place's own."""
    with db.transaction() as session:
        session.execute(delete(Password).where(Password.account_id == person.account.id))
    assert person.open.organisation
    factories.own_password(person.account, person.open.organisation, PASSWORD)


def verdicts_on(who: Account) -> Verdicts:
    db.session().rollback()
    return sign_in_verdicts.of_whole(who, memberships.of(who.id))


def seen_by(administrator: Administrator, who: Account) -> Examination:
    db.session().rollback()
    return sign_in_examination.of(again(administrator), who.id)


def way_at(membership: Membership | None, found: Verdicts) -> Way:
    """Return the verdict on one membership, or on the account as a whole."""
    wanted = membership.id if membership else None
    [way] = [w for w in found.ways if (w.membership.id if w.membership else None) == wanted]
    return way


def reasons(refusals: list[Refusal]) -> list[str]:
    return [refusal.reason for refusal in refusals]


def told(who: Account, visitor: Visitor = VISITOR) -> dict[str, str]:
    """Try the right password; return what is said of each way in, nothing where it opens."""
    try:
        verified = sign_in.verify_password(identity_of(who), PASSWORD, visitor)
    except Refusal as refusal:
        return {"all": refusal.reason}
    said = {str(way.membership.id): way.refusal.reason for way in verified.refused}
    return said | {str(o.membership.id): "" for o in verified.offers if o.membership}


def identity_of(who: Account) -> str:
    return who.email or who.username or ""
