"""Accepting an invitation, and what nobody gets by it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.errors import (
    AccountSuspended,
    AlreadyExists,
    NotActivated,
    PasswordRefused,
    ProofRequired,
    RegistrationClosed,
    TicketRefused,
    WrongPassword,
)
from app.models import (
    Account,
    AuditEvent,
    Factor,
    Interface,
    Invitation,
    KnownNetwork,
    Membership,
    Organisation,
    Passkey,
    Password,
    RecoveryCode,
    RecoverySheet,
    RememberedDevice,
    ResetTicket,
    Role,
    Seat,
    Session,
    TotpDevice,
    Verification,
)
from app.operations import (
    accounts,
    addresses,
    handing_over,
    invitations,
    joining,
    memberships,
    passwords,
    registration,
    removal,
    sessions,
    sign_in,
    tickets,
    totp_setup,
)
from app.operations.authority import Administrator
from app.operations.invitations import Verdict
from app.operations.invitees import Invitee
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, STRANGER, VISITOR
from tests.operations.administrators import account_admin, acting, member, superuser
from tests.operations.signing_in import opens, reason, signed_in, taken
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

ANN = "ann@example.org"
THEIRS = "the stranger's own choice"  # of somebody who registered the address first
BROWSER = "a secret that the stranger's browser keeps"


@pytest.fixture
def place() -> Organisation:
    return factories.organisation("Elm School")


@pytest.fixture
def chief(place: Organisation) -> Administrator:
    return account_admin(place)


def invited(
    who: Administrator, at: Organisation, role: Role = Role.STUDENT, address: str = ANN
) -> str:
    """Invite somebody; return the secret of the link, as the mail has it."""
    found = invitations.invite(who, at.id, role, Invitee(address, "Ann"), VISITOR)
    assert found is Verdict.INVITED
    return factories.ticket_in("invitation")


def join(secret: str, password: str = PASSWORD, name: str = "Ann Smith") -> None:
    joining.accept_new(secret, name, password, VISITOR)


def accept(secret: str) -> None:
    joining.accept_existing(secret, VISITOR)


def ann() -> Account:
    db.session().rollback()
    found = accounts.find(ANN)
    assert found
    return found


def roles_of(who: Account) -> list[tuple[str, Role]]:
    db.session().rollback()
    return [(m.organisation.name, m.role) for m in memberships.of(who.id) if m.organisation]


def count(table: type[db.Base]) -> int:
    db.session().rollback()  # to see what other threads did
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def accepted() -> list[AuditEvent]:
    mine = AuditEvent.what == "invitation_accepted"
    return list(db.session().scalars(select(AuditEvent).where(mine)))


# Somebody new


def test_whoever_has_no_account_makes_one(chief: Administrator, place: Organisation) -> None:
    secret = invited(chief, place, Role.TEACHER)
    found = joining.found(secret)
    assert found.makes_account
    assert found.sender.id == chief.account_id
    before = count(Session)

    join(secret, name="  Ann   Smith ")

    who = ann()
    assert (who.email, who.name) == (ANN, "Ann Smith")
    assert who.activated_at is not None
    assert roles_of(who) == [("Elm School", Role.TEACHER)]
    assert count(Session) == before  # nobody is signed in by it
    assert opens(who)


def test_it_is_written_down_who_accepted(chief: Administrator, place: Organisation) -> None:
    secret = invited(chief, place)
    join(secret)

    [event] = accepted()
    who = ann()
    [row] = db.session().scalars(select(Invitation))
    assert (event.account_id, event.by_account_id) == (who.id, who.id)
    assert event.organisation_id == place.id
    assert event.details["role"] == "Student"
    assert event.details["before"] == "none"
    assert (row.accepted_by_id, row.accepted_at is not None) == (who.id, True)


def test_the_address_s_spelling_is_the_invitation_s(
    chief: Administrator, place: Organisation
) -> None:
    join(invited(chief, place, address="Ann@EXAMPLE.org"))

    assert ann().email == "Ann@example.org"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "too_short"),
        ("ann@example.org", "made_of_context"),
        ("elm school", "made_of_context"),
        ("Zebediah", "made_of_context"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_stays_good(
    chief: Administrator, place: Organisation, password: str, problem: str
) -> None:
    secret = invited(chief, place)

    with pytest.raises(PasswordRefused) as refused:
        join(secret, password, "Zebediah")

    assert problem in refused.value.problems
    assert accounts.find(ANN) is None
    join(secret)


@pytest.mark.parametrize("portal_s", [None, 10])
def test_the_organisation_s_own_minimum_counts_before_anybody_belongs_to_it(
    portal_s: int | None, change_settings: Callable[..., None]
) -> None:
    change_settings(password_min_length=portal_s)
    strict = factories.organisation(passwordMinLength=30)
    secret = invited(account_admin(strict), strict)

    assert joining.found(secret).minimum == 30
    with pytest.raises(PasswordRefused) as refused:
        join(secret)
    assert refused.value.minimum == 30


def test_where_people_are_invited_the_invited_get_in_and_nobody_else(
    chief: Administrator, place: Organisation, change_settings: Callable[..., None]
) -> None:
    change_settings(registration="invited")

    join(invited(chief, place))

    assert opens(ann())
    with pytest.raises(RegistrationClosed):
        registration.register("eve@example.org", "Eve", PASSWORD, STRANGER)


# Somebody who has an account


def test_an_account_that_is_there_becomes_a_member(
    chief: Administrator, place: Organisation
) -> None:
    who = factories.account(ANN, name="Ann of old")
    secret = invited(chief, place)
    assert not joining.found(secret).makes_account
    before = count(Session)

    accept(secret)

    assert roles_of(who) == [("Elm School", Role.STUDENT)]
    assert (ann().name, count(Session)) == ("Ann of old", before)
    assert opens(who)
    assert accepted()[0].details["before"] == "in_use"


def test_what_it_has_open_stays_where_the_new_rules_are_met(
    chief: Administrator, place: Organisation
) -> None:
    who = factories.account(ANN)
    factories.membership(who)
    session = signed_in(who).session

    accept(invited(chief, place))

    kept = sessions.find_by_id(session.id)
    assert kept.account_proved_at is not None
    assert len(sessions.seats_of(kept)) == 1


def test_what_meets_the_new_rules_no_longer_is_withdrawn() -> None:
    who, careful = factories.account(ANN), factories.pin_organisation()
    factories.membership(who)
    session = signed_in(who).session

    accept(invited(account_admin(careful), careful))

    kept = sessions.find_by_id(session.id)
    assert kept.account_proved_at is None
    assert len(sessions.seats_of(kept)) == 1


def test_an_account_in_use_keeps_its_password_whoever_tries_to_make_it_anew(
    chief: Administrator, place: Organisation
) -> None:
    who = factories.account(ANN, name="Ann of old")
    factories.app_of(who)
    secret = invited(chief, place)

    with pytest.raises(AlreadyExists):
        join(secret, THEIRS, "Mallory")

    assert opens(who)
    assert not opens(who, THEIRS)
    assert ann().name == "Ann of old"
    assert count(TotpDevice) == 1
    accept(secret)


def test_an_account_that_was_activated_in_that_moment_keeps_its_password(
    chief: Administrator, place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration.register(ANN, "Ann", PASSWORD, VISITOR, browser=BROWSER)
    ticket = factories.ticket_in("activation")
    secret = invited(chief, place)

    def late(*_arguments: object) -> str:
        registration.activate_here(ticket, BROWSER, VISITOR)
        return "a hash that must not be kept"

    monkeypatch.setattr("app.operations.new_passwords.hashed", late)
    with pytest.raises(AlreadyExists):
        join(secret, THEIRS)

    assert opens(ann())
    accept(secret)


def test_there_is_nothing_to_accept_with_where_nobody_activated(
    chief: Administrator, place: Organisation
) -> None:
    secret = invited(chief, place)
    with pytest.raises(NotActivated):
        accept(secret)

    registration.register(ANN, "Ann", PASSWORD, VISITOR)
    with pytest.raises(NotActivated):
        accept(secret)

    assert roles_of(ann()) == []
    join(secret)


@pytest.mark.parametrize("activated", [True, False])
def test_a_suspended_account_joins_nothing(
    chief: Administrator, place: Organisation, *, activated: bool
) -> None:
    who = factories.account(ANN, activated=activated)
    who.suspended_at = now()
    factories.saved(who)
    secret = invited(chief, place)

    with pytest.raises(AccountSuspended):
        accept(secret)
    with pytest.raises(AccountSuspended):
        join(secret, THEIRS)

    assert roles_of(who) == []
    assert ann().suspended_at is not None
    assert joining.found(secret)  # it is spent by neither


def test_a_role_that_was_given_meanwhile_is_kept_once(
    chief: Administrator, place: Organisation
) -> None:
    who = factories.account(ANN)
    secret = invited(chief, place)
    factories.membership(who, place, Role.STUDENT)

    accept(secret)

    assert roles_of(who) == [("Elm School", Role.STUDENT)]


def test_an_account_whose_week_is_over_is_nobody_s(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    who = factories.account(ANN, name="Ann of old")
    former = who.id
    removal.schedule(signed_in(who).session, VISITOR)
    clock.advance(removal.GRACE - timedelta(minutes=1))
    secret = invited(acting(db.session().get_one(Account, chief.account_id), place), place)
    assert not joining.found(secret).makes_account
    clock.advance(timedelta(minutes=1))

    assert joining.found(secret).makes_account
    with pytest.raises(NotActivated):
        accept(secret)
    join(secret)

    assert ann().id != former
    assert opens(ann())


# The stranger who registered the address first


def stranger_registers(browser: str | None = BROWSER) -> str:
    """Register Ann's address as somebody else; return what their mail would have had in it."""
    registration.register(ANN, "Mallory", THEIRS, STRANGER, browser=browser)
    return factories.ticket_in("activation")


def test_the_stranger_s_password_and_name_are_gone(
    chief: Administrator, place: Organisation
) -> None:
    stranger_registers()
    made = ann().id
    secret = invited(chief, place)
    assert joining.found(secret).makes_account

    join(secret)

    who = ann()
    assert (who.id, who.name, who.registered_at) == (made, "Ann Smith", None)
    assert reason(ANN, THEIRS, STRANGER) == "wrong_password"
    assert opens(who)
    assert accepted()[0].details["before"] == "never_activated"


def test_the_stranger_gets_no_session_and_keeps_none(
    chief: Administrator, place: Organisation
) -> None:
    ticket = stranger_registers()
    who = ann()
    reset = in_transaction(lambda: tickets.issue(ResetTicket, who).secret)
    before = count(Session)

    join(invited(chief, place))

    assert count(Session) == before
    for spend in (
        lambda: registration.activate_here(ticket, BROWSER, STRANGER),
        lambda: registration.activate_by_password(ticket, THEIRS, STRANGER),
        lambda: registration.activate(ticket, STRANGER),
        lambda: passwords.reset(reset, THEIRS, STRANGER),
        lambda: registration.ticket_for_code(ANN, factories.latest_words("activation")["code"]),
    ):
        with pytest.raises(TicketRefused):
            spend()
    assert count(Session) == before
    assert opens(ann())


def test_the_stranger_cannot_register_it_again_either(
    chief: Administrator, place: Organisation
) -> None:
    stranger_registers()
    join(invited(chief, place))

    registration.register(ANN, "Mallory", THEIRS, STRANGER, browser=BROWSER)

    assert ann().name == "Ann Smith"
    assert reason(ANN, THEIRS, STRANGER) == "wrong_password"


def test_a_stranger_who_registers_after_the_page_was_opened_gets_no_further(
    chief: Administrator, place: Organisation
) -> None:
    secret = invited(chief, place)
    assert joining.found(secret).account is None
    stranger_registers()

    join(secret)

    assert reason(ANN, THEIRS, STRANGER) == "wrong_password"
    assert opens(ann())


def test_a_stranger_s_name_is_no_reason_to_refuse_a_password(
    chief: Administrator, place: Organisation
) -> None:
    registration.register(ANN, "correct horse battery", THEIRS, STRANGER)

    join(invited(chief, place), PASSWORD)

    assert opens(ann())


def test_nothing_that_hangs_on_a_waiting_account_stays(
    chief: Administrator, place: Organisation
) -> None:
    """However it came there: what a stranger had begun ends, and what they set up is gone."""
    who = factories.account(ANN, password=THEIRS)
    done = signed_in(who, THEIRS)
    addresses.ask(done.session, "mallory@example.org", STRANGER)
    handle = sign_in.verify_password(ANN, THEIRS, STRANGER).offers[0].handle
    for row in all_that_hangs_on(who):
        factories.saved(row)
    in_transaction(lambda: totp_setup.pending_secret(who))
    who.activated_at, who.pin_chosen_at = None, now()
    factories.saved(who)

    join(invited(chief, place))

    assert nothing_is_left_on(ann())
    for opened in (
        lambda: sessions.find(done.bearer),
        lambda: sign_in.proceed(handle, STRANGER),
        lambda: addresses.confirm(factories.ticket_in("new_address"), STRANGER),
    ):
        with pytest.raises(TicketRefused):
            opened()
    offers = sign_in.verify_password(ANN, PASSWORD, VISITOR).offers
    assert [each.factor for each in offers] == [Factor.NONE]


def nothing_is_left_on(who: Account) -> bool:
    tables = (*handing_over.GOES, KnownNetwork, RememberedDevice, Session, Verification)
    left = {table.__tablename__: held(table, who) for table in tables}
    return who.pin_chosen_at is None and set(left.values()) == {0}


def all_that_hangs_on(who: Account) -> list[db.Base]:
    soon = now() + timedelta(days=1)
    return [
        Passkey(account_id=who.id, credential_id="theirs", public_key=b"", name="Theirs"),
        RecoveryCode(account_id=who.id, digest="theirs"),
        RecoverySheet(account_id=who.id, sealed="theirs", expires_at=soon),
        RememberedDevice(
            account_id=who.id,
            digest="theirs",
            factor=Factor.PIN,
            expires_at=soon,
            address="198.51.100.7",
            user_agent="",
        ),
        Session(
            digest="theirs",
            account_id=who.id,
            interface=Interface.PAGES,
            address="198.51.100.7",
            user_agent="",
            idle_seconds=3600,
            expires_at=soon,
        ),
    ]


def held(table: type[db.Base], who: Account) -> int:
    mine = table.__table__.c.account_id == who.id
    return db.session().scalar(select(func.count()).select_from(table).where(mine)) or 0


def test_every_table_that_hangs_on_an_account_is_decided_upon() -> None:
    """If this fails, say what becomes of the new table when an account is handed over."""
    stays = {"memberships", "outgoing_mails", "invitations"}
    stays |= {"impersonations"}  # what was done is told, and opens nothing
    stays |= {"directory_entries"}  # of nobody who waits: a directory's people are activated
    otherwise = {"passwords", "sessions", "verifications", "remembered_devices", "known_networks"}
    goes = {table.__tablename__ for table in handing_over.GOES}
    hanging = {
        table.name
        for table in db.Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "accounts"
    }

    assert hanging == stays | otherwise | goes


def test_what_administrators_gave_a_waiting_account_stays(
    chief: Administrator, place: Organisation
) -> None:
    who, other = factories.account(ANN, activated=False), factories.organisation("Oak Academy")
    factories.membership(who, other, Role.TEACHER)
    factories.own_password(who, other)

    join(invited(chief, place))

    assert roles_of(who) == [("Elm School", Role.STUDENT), ("Oak Academy", Role.TEACHER)]
    own = select(Password).where(Password.organisation_id == other.id)
    assert db.session().scalars(own).one()
    offers = sign_in.verify_password(ANN, OWN_PASSWORD, VISITOR).offers
    assert [each.membership.organisation_id for each in offers if each.membership] == [other.id]


def test_the_owner_s_own_registration_is_replaced_by_what_the_mail_s_holder_chooses(
    chief: Administrator, place: Organisation
) -> None:
    """Who registered is not known; who has the mail is."""
    registration.register(ANN, "Ann", PASSWORD, VISITOR, browser=BROWSER)

    join(invited(chief, place), OWN_PASSWORD)

    assert opens(ann(), OWN_PASSWORD)
    with pytest.raises(WrongPassword):
        sign_in.verify_password(ANN, PASSWORD, VISITOR)


# Decided again


def test_an_invitation_dies_with_its_sender_s_right_to_send_it(place: Organisation) -> None:
    boss = member(Role.ACCOUNT_ADMIN, place)
    secret = invited(acting(boss, place), place)
    [role] = memberships.of(boss.id)
    role.role = Role.TEACHER
    factories.saved(role)

    refused_everywhere(secret)

    role.role = Role.ACCOUNT_ADMIN
    factories.saved(role)
    join(secret)


def test_a_superuser_who_is_none_any_more_invited_nobody(place: Organisation) -> None:
    boss = member(Role.SUPERUSER)
    member(Role.SUPERUSER)
    secret = invited(acting(boss), place)
    for each in memberships.of(boss.id):
        db.session().delete(each)
    db.session().commit()

    refused_everywhere(secret)


@pytest.mark.parametrize("fact", ["suspended_at", "removal_due_at"])
def test_an_invitation_dies_with_its_sender(place: Organisation, fact: str) -> None:
    boss = member(Role.ACCOUNT_ADMIN, place)
    secret = invited(acting(boss, place), place)
    setattr(boss, fact, now())
    factories.saved(boss)

    refused_everywhere(secret)


def test_an_invitation_whose_sender_s_account_is_gone_opens_nothing(place: Organisation) -> None:
    boss = member(Role.ACCOUNT_ADMIN, place)
    secret = invited(acting(boss, place), place)
    db.session().delete(db.session().get_one(Account, boss.id))
    db.session().commit()

    refused_everywhere(secret)


def test_an_invitation_opens_nothing_while_the_organisation_is_suspended(
    chief: Administrator, place: Organisation
) -> None:
    secret = invited(chief, place)
    place.suspended_at = now()
    factories.saved(place)

    refused_everywhere(secret)


def test_an_invitation_goes_with_its_organisation(
    chief: Administrator, place: Organisation
) -> None:
    secret = invited(chief, place)
    db.session().delete(db.session().get_one(Organisation, place.id))
    db.session().commit()

    refused_everywhere(secret)


def test_a_right_that_is_lost_between_page_and_button_counts(
    place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = member(Role.ACCOUNT_ADMIN, place)
    secret = invited(acting(boss, place), place)

    def late(*_arguments: object) -> str:
        [role] = memberships.of(boss.id)
        role.role = Role.TEACHER
        factories.saved(role)
        return "a hash"

    monkeypatch.setattr("app.operations.new_passwords.hashed", late)
    with pytest.raises(TicketRefused):
        join(secret)

    assert accounts.find(ANN) is None
    [row] = db.session().scalars(select(Invitation))
    assert row.accepted_at is None


def refused_everywhere(secret: str) -> None:
    for act in (joining.found, accept, join):
        with pytest.raises(TicketRefused):
            act(secret)
    factories.account(ANN)
    with pytest.raises(TicketRefused):
        accept(secret)
    assert roles_of(ann()) == []
    db.session().delete(ann())
    db.session().commit()


def test_a_link_is_good_for_a_week(chief: Administrator, place: Organisation, clock: Clock) -> None:
    secret = invited(chief, place)
    clock.advance(Invitation.LIFETIME - timedelta(seconds=1))
    assert joining.found(secret)

    clock.advance(timedelta(seconds=1))

    refused_everywhere(secret)


def test_a_link_is_good_once(chief: Administrator, place: Organisation) -> None:
    secret = invited(chief, place)
    join(secret)

    for act in (joining.found, accept, join):
        with pytest.raises(TicketRefused):
            act(secret)


@pytest.mark.parametrize("secret", ["", "guessed", "\ud800", "x" * 500])
def test_what_is_no_secret_opens_nothing(
    chief: Administrator, place: Organisation, secret: str
) -> None:
    invited(chief, place)

    refused_everywhere(secret)


def test_neither_its_digest_nor_its_id_opens_it(chief: Administrator, place: Organisation) -> None:
    invited(chief, place)
    [row] = db.session().scalars(select(Invitation))

    for secret in (row.digest, str(row.id)):
        with pytest.raises(TicketRefused):
            joining.found(secret)


def test_an_invitation_is_no_other_ticket(chief: Administrator, place: Organisation) -> None:
    factories.account(ANN, activated=False)
    secret = invited(chief, place)

    with pytest.raises(TicketRefused):
        registration.activation_of(secret)
    with pytest.raises(TicketRefused):
        passwords.reset_of(secret)
    with pytest.raises(TicketRefused):
        sessions.find(secret)


def test_accepting_is_no_proof_of_who_somebody_is(
    chief: Administrator, place: Organisation
) -> None:
    who = factories.account(ANN)
    factories.membership(who, factories.organisation())
    session = taken(sign_in.verify_password(ANN, PASSWORD, VISITOR).offers[0]).session
    session.account_proved_at = None
    factories.saved(session)

    accept(invited(chief, place))

    with pytest.raises(ProofRequired):
        sessions.require_account(sessions.find_by_id(session.id))
    assert count(Seat) == 2  # the administrator's, and the one that was there


# At once


def test_of_fifty_at_once_one_makes_the_account(portal: Flask, place: Organisation) -> None:
    secret = invited(account_admin(place), place)

    ended = at_once(
        portal, lambda n: joining.accept_new(secret, f"Ann {n}", f"a fresh start, {n}", VISITOR)
    )

    assert ended == {WON: 1, "ticket_refused": 49}
    assert roles_of(ann()) == [("Elm School", Role.STUDENT)]
    assert len(accepted()) == count(Membership) - 1 == 1


def test_of_fifty_at_once_one_becomes_a_member(portal: Flask, place: Organisation) -> None:
    factories.account(ANN)
    secret = invited(account_admin(place), place)

    ended = at_once(portal, lambda _: joining.accept_existing(secret, VISITOR))

    assert ended == {WON: 1, "ticket_refused": 49}
    assert roles_of(ann()) == [("Elm School", Role.STUDENT)]


def test_a_stranger_who_registers_in_the_same_moment_wins_nothing(
    portal: Flask, place: Organisation
) -> None:
    secret = invited(account_admin(place), place)

    def both(number: int) -> None:
        if number % 2:
            registration.register(ANN, "Mallory", THEIRS, STRANGER, browser=BROWSER)
        else:
            joining.accept_new(secret, "Ann Smith", PASSWORD, VISITOR)

    ended = at_once(portal, both, 8)

    assert ended == {WON: 5, "ticket_refused": 3}
    assert ann().name == "Ann Smith"
    assert opens(ann())
    assert reason(ANN, THEIRS, STRANGER) == "wrong_password"


def test_a_stranger_who_is_registering_while_somebody_joins_does_not_replace_the_password(
    portal: Flask, place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger_registers()
    secret = invited(account_admin(place), place)
    decided = registration.is_someones

    def joins() -> None:
        with portal.app_context():
            join(secret)
            db.db.session.remove()

    joining_meanwhile = threading.Thread(target=joins)

    def decided_too_early(account: Account) -> bool:
        found = decided(account)
        joining_meanwhile.start()
        joining_meanwhile.join(timeout=0.5)  # it waits for us, or has happened
        return found

    monkeypatch.setattr(registration, "is_someones", decided_too_early)
    registration.register(ANN, "Mallory", "another of the stranger's", STRANGER)
    joining_meanwhile.join()

    assert opens(ann())
    assert ann().name == "Ann Smith"
    assert reason(ANN, "another of the stranger's", STRANGER) == "wrong_password"


def test_two_organisations_at_once_make_one_account(portal: Flask, place: Organisation) -> None:
    other, boss = factories.organisation("Oak Academy"), superuser()
    secrets = [invited(boss, place), invited(boss, other)]

    ended = at_once(portal, lambda n: join(secrets[n], f"a fresh start, {n}"), 2)

    assert ended[WON] >= 1
    assert set(ended) <= {WON, "already_exists"}
    assert count(Account) == 2
    assert len(roles_of(ann())) == ended[WON]


def in_transaction(act: Callable[[], str]) -> str:
    with db.transaction():
        return act()
