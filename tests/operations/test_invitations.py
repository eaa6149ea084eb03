"""Inviting, sending again, withdrawing and listing: what administrators do and are told."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from app import db
from app.clock import now
from app.errors import (
    AlreadyExists,
    NotFound,
    OrganisationSuspended,
    OutOfReach,
    ProofRequired,
    ResendTooSoon,
    TicketRefused,
)
from app.models import Account, AuditEvent, Invitation, Membership, Organisation, Role
from app.operations import authority, invitation_list, invitations, joining, rights, sessions
from app.operations.authority import Administrator
from app.operations.invitation_list import State
from app.operations.invitations import Told, Verdict
from app.operations.invitees import Invitee
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.administrators import account_admin, acting, again, member, superuser
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

ANN = "ann@example.org"
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


@pytest.fixture
def place() -> Organisation:
    return factories.organisation("Elm School")


@pytest.fixture
def chief(place: Organisation) -> Administrator:
    return account_admin(place)


def invite(
    who: Administrator, at: Organisation, address: str = ANN, role: Role = Role.STUDENT
) -> Verdict:
    return invitations.invite(who, at.id, role, Invitee(address, "Ann"), VISITOR)


def rows() -> list[Invitation]:
    db.session().rollback()
    every = select(Invitation).order_by(Invitation.created_at, Invitation.email_key)
    return list(db.session().scalars(every))


def events() -> list[AuditEvent]:
    mine = AuditEvent.what.like("invit%")
    return list(db.session().scalars(select(AuditEvent).where(mine).order_by(AuditEvent.position)))


def fresh(who: Administrator) -> Administrator:
    """Return the administrator signed in anew."""
    account = db.session().get_one(Account, who.account_id)
    place = who.organisation_id and db.session().get_one(Organisation, who.organisation_id)
    return acting(account, place or None)


def test_somebody_is_invited_by_mail(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    assert invite(chief, place, "Ann@Example.org", Role.TEACHER) is Verdict.INVITED

    [row] = rows()
    assert (row.email, row.email_key, row.name) == ("Ann@example.org", ANN, "Ann")
    assert (row.role, row.organisation_id) == (Role.TEACHER, place.id)
    assert (row.invited_by_id, row.sends) == (chief.account_id, 1)
    assert row.expires_at == clock.time + WEEK
    [mail] = factories.mails("invitation")
    assert (mail.recipient, mail.account_id) == ("Ann@example.org", None)
    assert mail.expires_at == row.expires_at
    words = factories.words(mail)
    sender = db.session().get_one(Account, chief.account_id)
    assert words.pop("link").startswith("http://localhost:8000/invitation?ticket=")
    assert words == {"organisation": "Elm School", "by": sender.name, "role": "Teacher"}


def test_the_link_stands_in_no_table(chief: Administrator, place: Organisation) -> None:
    invite(chief, place)
    secret = factories.ticket_in("invitation")

    assert len(secret) >= 43
    for table in db.Base.metadata.sorted_tables:
        for row in db.session().execute(table.select()):
            assert not any(secret in str(value) for value in row), table.name


def test_everything_is_written_down_without_the_address(
    chief: Administrator, place: Organisation
) -> None:
    invite(chief, place)
    [row] = rows()
    invitations.send_again(chief, place.id, row.id, VISITOR)
    invitations.withdraw(chief, place.id, row.id, VISITOR)

    found = events()
    assert [each.what for each in found] == [
        "invited",
        "invitation_sent_again",
        "invitation_withdrawn",
    ]
    for each in found:
        assert (each.by_account_id, each.account_id) == (chief.account_id, None)
        assert (each.organisation_id, each.details["role"]) == (place.id, "Student")
        assert each.details["invitation"] == str(row.id)
        assert "ann" not in str(each.details)


@pytest.mark.parametrize("address", ["", "ann", "ann@", "a b@example.org", "ann@example.org, Ann"])
def test_what_is_no_address_is_told(
    chief: Administrator, place: Organisation, address: str
) -> None:
    assert invite(chief, place, address) is Verdict.NO_ADDRESS
    assert rows() == []


def test_whoever_has_the_role_here_is_not_invited_to_it(
    chief: Administrator, place: Organisation
) -> None:
    factories.membership(factories.account(ANN), place, Role.STUDENT)

    assert invite(chief, place) is Verdict.MEMBER
    assert invite(chief, place, role=Role.TEACHER) is Verdict.INVITED


def test_whoever_is_invited_is_not_invited_twice(chief: Administrator, place: Organisation) -> None:
    invite(chief, place)

    assert invite(chief, place, "ANN@EXAMPLE.ORG") is Verdict.WAITING
    assert len(rows()) == len(factories.mails("invitation")) == 1


@pytest.mark.parametrize("known", ["nobody", "active", "elsewhere", "waiting", "suspended"])
def test_nothing_that_is_told_says_whether_the_portal_knows_an_address(
    chief: Administrator, place: Organisation, known: str
) -> None:
    if known != "nobody":
        who = factories.account(ANN, activated=known != "waiting")
        if known == "elsewhere":
            factories.membership(who)
        if known == "suspended":
            who.suspended_at = now()
            factories.saved(who)

    assert invite(chief, place) is Verdict.INVITED

    [mail] = factories.mails()
    [row] = invitation_list.find(chief, place.id).rows
    assert (mail.kind, mail.account_id) == ("invitation", None)
    assert (row.name, row.accepted_by_id) == ("Ann", None)
    assert events()[-1].account_id is None


def test_an_invitation_elsewhere_is_nobody_s_business_here(
    chief: Administrator, place: Organisation
) -> None:
    other = factories.organisation()
    invite(account_admin(other), other)

    assert invite(chief, place) is Verdict.INVITED


def test_fifty_at_once_are_one_invitation(portal: Flask, place: Organisation) -> None:
    who, where = superuser(), place.id

    def ask(_: int) -> None:
        invitee = Invitee(ANN)
        found = invitations.invite(again(who), where, Role.STUDENT, invitee, VISITOR)
        if found is Verdict.WAITING:
            raise AlreadyExists

    ended = at_once(portal, ask, 8)

    assert ended == {WON: 1, "already_exists": 7}
    assert len(rows()) == len(factories.mails("invitation")) == 1


@pytest.mark.parametrize("role", [Role.ACCOUNT_ADMIN, Role.TEACHER, Role.STUDENT])
def test_roles_are_offered_up_to_ones_own(
    chief: Administrator, place: Organisation, role: Role
) -> None:
    assert invite(chief, place, role=role) is Verdict.INVITED


def test_an_account_admin_invites_no_superuser(chief: Administrator, place: Organisation) -> None:
    with pytest.raises(OutOfReach):
        invite(chief, place, role=Role.SUPERUSER)

    assert rows() == []


def test_superusers_belong_to_no_organisation_to_be_invited_to(place: Organisation) -> None:
    with pytest.raises(NotFound):
        invite(superuser(), place, role=Role.SUPERUSER)


def test_the_database_knows_no_invited_superuser(place: Organisation) -> None:
    with pytest.raises(IntegrityError):
        factories.invitation(place, role=Role.SUPERUSER)
    db.session().rollback()


def test_another_organisation_is_not_there(chief: Administrator, place: Organisation) -> None:
    other = factories.organisation()
    theirs = factories.invitation(other)
    ours = factories.invitation(place)

    for where in (other.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            invitations.invite(chief, where, Role.STUDENT, Invitee(ANN), VISITOR)
        with pytest.raises(NotFound):
            invitations.invite_many(chief, where, Role.STUDENT, ANN, VISITOR)
        with pytest.raises(NotFound):
            invitation_list.find(chief, where)
        for act in (invitations.send_again, invitations.withdraw):
            for which in (theirs.id, ours.id):
                with pytest.raises(NotFound):
                    act(chief, where, which, VISITOR)
    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(NotFound):
            act(chief, place.id, theirs.id, VISITOR)
    with pytest.raises(NotFound):
        invitation_list.one(chief, place.id, theirs.id)
    assert factories.mails() == []
    assert {state_of(each) for each in rows()} == {State.OPEN}


def test_every_act_asks_for_a_fresh_proof(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    row = factories.invitation(place)
    clock.advance(sessions.STEP_UP)

    with pytest.raises(ProofRequired):
        invite(chief, place)
    with pytest.raises(ProofRequired):
        invitations.invite_many(chief, place.id, Role.STUDENT, "", VISITOR)
    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(ProofRequired):
            act(chief, place.id, row.id, VISITOR)


def test_a_suspended_organisation_invites_nobody_and_withdraws_still(
    chief: Administrator, place: Organisation
) -> None:
    row = factories.invitation(place)
    place.suspended_at = now()
    factories.saved(place)
    who = superuser()

    with pytest.raises(OrganisationSuspended):
        invite(who, place)
    with pytest.raises(OrganisationSuspended):
        invitations.send_again(who, place.id, row.id, VISITOR)
    invitations.withdraw(who, place.id, row.id, VISITOR)

    assert [state_of(each) for each in rows()] == [State.WITHDRAWN]
    with pytest.raises(NotFound):  # the seat there is shut, too
        invite(again(chief), place)


def state_of(row: Invitation) -> State:
    return invitation_list.state_of(row)


# Lists


def test_a_list_is_told_line_by_line(chief: Administrator, place: Organisation) -> None:
    factories.membership(factories.account("mia@example.org"), place)
    invite(chief, place, "wim@example.org")
    text = (
        "Ann Smith <ann@example.org>\n"
        "\n"
        "bob@example.org, Bob\n"
        "mia@example.org\n"
        "wim@example.org\n"
        "nowhere\n"
        "ANN@example.org\n"
    )

    told = invitations.invite_many(chief, place.id, Role.STUDENT, text, VISITOR)

    assert told == [
        Told(Invitee("ann@example.org", "Ann Smith"), Verdict.INVITED),
        Told(Invitee("bob@example.org", "Bob"), Verdict.INVITED),
        Told(Invitee("mia@example.org"), Verdict.MEMBER),
        Told(Invitee("wim@example.org"), Verdict.WAITING),
        Told(Invitee("nowhere"), Verdict.NO_ADDRESS),
        Told(Invitee("ANN@example.org"), Verdict.WAITING),
    ]
    assert sorted(row.email for row in rows()) == [
        "ann@example.org",
        "bob@example.org",
        "wim@example.org",
    ]


def test_five_hundred_lines_and_no_more(
    chief: Administrator, place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invitations.MOST_LINES == 500
    monkeypatch.setattr(invitations, "MOST_LINES", 3)
    text = "\n".join(f"person{n}@example.net" for n in range(5))

    told = invitations.invite_many(chief, place.id, Role.STUDENT, text, VISITOR)

    assert [each.verdict for each in told] == [Verdict.INVITED] * 3 + [Verdict.BEYOND] * 2
    assert len(rows()) == 3


def test_a_list_of_superusers_is_refused_as_a_whole(
    chief: Administrator, place: Organisation
) -> None:
    with pytest.raises(OutOfReach):
        invitations.invite_many(chief, place.id, Role.SUPERUSER, f"{ANN}\nb@example.org", VISITOR)

    assert rows() == []


# Sending again, withdrawing


def test_sent_again_the_old_link_dies_and_another_week_begins(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    invite(chief, place)
    old = factories.ticket_in("invitation")
    clock.advance(timedelta(minutes=5))
    [row] = rows()

    invitations.send_again(chief, place.id, row.id, VISITOR)

    [row] = rows()
    assert (row.sends, row.sent_at, row.expires_at) == (2, clock.time, clock.time + WEEK)
    with pytest.raises(TicketRefused):
        joining.found(old)
    assert joining.found(factories.ticket_in("invitation")).invitation.id == row.id


def test_whoever_sends_it_again_stands_behind_it(chief: Administrator, place: Organisation) -> None:
    row = factories.invitation(place)  # of somebody whose account is gone
    assert invitation_list.unbacked(rows()) == {row.id}

    invitations.send_again(chief, place.id, row.id, VISITOR)

    assert invitation_list.unbacked(rows()) == set()
    assert rows()[0].invited_by_id == chief.account_id


def test_an_expired_one_can_be_sent_again(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    invite(chief, place)
    clock.advance(WEEK)
    [row] = rows()
    assert state_of(row) is State.EXPIRED

    invitations.send_again(fresh(chief), place.id, row.id, VISITOR)

    assert [state_of(each) for each in rows()] == [State.OPEN]


def test_an_expired_one_makes_room_for_another(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    invite(chief, place)
    clock.advance(WEEK)

    assert invite(fresh(chief), place) is Verdict.INVITED
    [row] = rows()
    assert row.created_at == clock.time


def test_a_withdrawn_one_opens_nothing_and_makes_room(
    chief: Administrator, place: Organisation
) -> None:
    invite(chief, place)
    [row] = rows()

    invitations.withdraw(chief, place.id, row.id, VISITOR)

    with pytest.raises(TicketRefused):
        joining.found(factories.ticket_in("invitation"))
    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(TicketRefused):
            act(chief, place.id, row.id, VISITOR)
    assert invite(chief, place) is Verdict.INVITED


def test_an_accepted_one_is_neither_sent_again_nor_withdrawn(
    chief: Administrator, place: Organisation
) -> None:
    invite(chief, place)
    joining.accept_new(factories.ticket_in("invitation"), "Ann", PASSWORD, VISITOR)
    [row] = rows()

    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(TicketRefused):
            act(chief, place.id, row.id, VISITOR)
    assert state_of(row) is State.ACCEPTED


def test_whoever_got_the_role_meanwhile_gets_no_further_mail(
    chief: Administrator, place: Organisation
) -> None:
    invite(chief, place)
    factories.membership(factories.account(ANN), place)
    [row] = rows()

    with pytest.raises(AlreadyExists):
        invitations.send_again(chief, place.id, row.id, VISITOR)


def test_nobody_sends_or_withdraws_what_is_above_them(
    chief: Administrator, place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = factories.invitation(place, role=Role.ACCOUNT_ADMIN)
    monkeypatch.setitem(rights.RANKS, Role.ACCOUNT_ADMIN, 9)  # a role that this seat is below
    monkeypatch.setattr(authority, "may_grant", lambda _who, role: rights.RANKS[role] < 9)

    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(OutOfReach):
            act(chief, place.id, row.id, VISITOR)


# Not too much mail


def test_three_mails_an_hour_from_one_organisation_to_one_address(
    chief: Administrator, place: Organisation, clock: Clock
) -> None:
    invite(chief, place)
    [row] = rows()
    for _ in range(2):
        invitations.send_again(chief, place.id, row.id, VISITOR)

    with pytest.raises(ResendTooSoon) as refused:
        invitations.send_again(chief, place.id, row.id, VISITOR)
    assert refused.value.retry_after == 3600
    assert rows()[0].sends == 3
    invitations.withdraw(chief, place.id, row.id, VISITOR)
    assert invite(chief, place) is Verdict.TOO_MANY_MAILS
    assert invite(chief, place, "bob@example.org") is Verdict.INVITED

    clock.advance(HOUR)
    assert invite(fresh(chief), place) is Verdict.INVITED


def test_a_refused_mail_leaves_the_link_before_it_good(
    chief: Administrator, place: Organisation
) -> None:
    invite(chief, place)
    [row] = rows()
    for _ in range(2):
        invitations.send_again(chief, place.id, row.id, VISITOR)

    with pytest.raises(ResendTooSoon):
        invitations.send_again(chief, place.id, row.id, VISITOR)

    assert joining.found(factories.ticket_in("invitation"))


def test_what_one_organisation_sends_is_not_counted_against_another(
    chief: Administrator, place: Organisation
) -> None:
    other = factories.organisation()
    rival = account_admin(other)
    invite(rival, other)
    for _ in range(2):
        invitations.send_again(rival, other.id, rows()[0].id, VISITOR)

    assert invite(chief, place) is Verdict.INVITED


def test_many_organisations_together_do_not_flood_an_address() -> None:
    who = superuser()

    verdicts = [invite(who, factories.organisation()) for _ in range(11)]

    assert verdicts == [Verdict.INVITED] * 10 + [Verdict.TOO_MANY_MAILS]


def test_the_limits_can_be_lifted_for_measuring(
    chief: Administrator, place: Organisation, change_settings: Callable[..., None]
) -> None:
    change_settings(rate_limits=False)
    invite(chief, place)
    [row] = rows()

    for _ in range(12):
        invitations.send_again(chief, place.id, row.id, VISITOR)

    assert rows()[0].sends == 13


# The list


def test_the_newest_stand_first_page_by_page(
    chief: Administrator, place: Organisation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation_list, "PAGE", 2)
    factories.invitation(factories.organisation(), "elsewhere@example.org")
    for name in "abcde":
        factories.invitation(place, f"{name}@example.org")
        clock.advance(timedelta(seconds=1))

    seen, after = [], None
    while True:
        found = invitation_list.find(chief, place.id, after=after)
        seen.append([each.email[0] for each in found.rows])
        after = found.next
        if after is None:
            break

    assert seen == [["e", "d"], ["c", "b"], ["a"]]


def test_a_filter_shows_one_state(chief: Administrator, place: Organisation, clock: Clock) -> None:
    old = factories.invitation(place, "expired@example.org")
    old.expires_at = clock.time
    withdrawn = factories.invitation(place, "withdrawn@example.org")
    withdrawn.withdrawn_at = clock.time
    accepted = factories.invitation(place, "accepted@example.org")
    accepted.accepted_at = clock.time
    factories.invitation(place, "open@example.org")
    for each in (old, withdrawn, accepted):
        factories.saved(each)

    for state in State:
        found = invitation_list.find(chief, place.id, state).rows
        assert [each.email for each in found] == [f"{state.value}@example.org"]
        assert {state_of(each) for each in found} == {state}


def test_a_page_takes_the_same_few_statements_however_many_stand_on_it(
    chief: Administrator, place: Organisation
) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        event.listen(db.db.engine, "before_cursor_execute", note)
        found = invitation_list.find(chief, place.id).rows
        invitation_list.unbacked(found)
        assert [each.invited_by and each.invited_by.shown_name for each in found]
        event.remove(db.db.engine, "before_cursor_execute", note)
        return len(seen)

    factories.invitation(place, by=member(Role.ACCOUNT_ADMIN, place))
    few = statements()
    for _ in range(10):
        factories.invitation(place, by=member(Role.ACCOUNT_ADMIN, place))
    db.session().expire_all()

    assert statements() <= few + 2  # the administrator's own rows, read again


# Who may still grant


def test_who_may_invite_today_is_asked_of_their_roles_today(place: Organisation) -> None:
    other = factories.organisation()
    able = {
        member(Role.SUPERUSER).id: {Role.ACCOUNT_ADMIN, Role.TEACHER, Role.STUDENT},
        member(Role.ACCOUNT_ADMIN, place).id: {Role.ACCOUNT_ADMIN, Role.TEACHER, Role.STUDENT},
        member(Role.ACCOUNT_ADMIN, other).id: set(),
        member(Role.TEACHER, place).id: set(),
        factories.account().id: set(),
    }

    for who, roles in able.items():
        found = {r for r in Role if authority.granting_today(place.id, r, {who})}
        assert found - {Role.SUPERUSER} == roles
    assert authority.granting_today(place.id, Role.STUDENT, {None}) == set()


@pytest.mark.parametrize("fact", ["suspended_at", "removal_due_at"])
def test_whoever_is_suspended_or_gone_grants_nothing(place: Organisation, fact: str) -> None:
    who = member(Role.ACCOUNT_ADMIN, place)
    assert authority.granting_today(place.id, Role.STUDENT, {who.id}) == {who.id}

    setattr(who, fact, now())
    factories.saved(who)

    assert authority.granting_today(place.id, Role.STUDENT, {who.id}) == set()


def test_no_row_is_written_by_looking(chief: Administrator, place: Organisation) -> None:
    invite(chief, place)
    before = db.session().scalar(select(func.count()).select_from(Membership))

    for _ in range(3):
        joining.found(factories.ticket_in("invitation"))

    assert db.session().scalar(select(func.count()).select_from(Membership)) == before
    assert [state_of(each) for each in rows()] == [State.OPEN]


def test_the_seat_s_own_administrator_is_who_invites(place: Organisation) -> None:
    boss = acting(member(Role.SUPERUSER))

    invite(boss, place)

    assert rows()[0].invited_by_id == boss.account_id
