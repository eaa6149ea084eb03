"""Sending refused mail again: what is good still, and nothing else."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app import db
from app.clock import now
from app.errors import NotFound, ProofRequired
from app.models import Account, AuditEvent, EmailedPin, OutgoingMail, ResetTicket, Role
from app.operations import invitations, mail_again, sessions, sign_in, tickets
from app.operations.authority import Administrator
from app.operations.invitees import Invitee
from app.operations.mail_again import Obstacle
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, again, superuser
from tests.operations.signing_in import mailed_pin, waiting_for
from tests.operations.test_account_list import counted
from tests.operations.test_races import at_once

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def who() -> Administrator:
    made = superuser()
    factories.forget_mails()
    return made


def refuse() -> uuid.UUID:
    """Let the newest mail that waits be refused; return its id."""
    mail_id = factories.mails()[-1].id
    values = {"failed_at": now(), "attempts": 1, "last_error": "RCPT TO: 550 5.1.1"}
    with db.transaction() as session:
        session.execute(update(OutgoingMail).where(OutgoingMail.id == mail_id).values(values))
    return mail_id


def send(who: Administrator, mail_id: uuid.UUID) -> Obstacle | None:
    return mail_again.send_again(who, mail_id, VISITOR)


def waits(mail_id: uuid.UUID) -> bool:
    db.session().rollback()
    row = db.session().get_one(OutgoingMail, mail_id, populate_existing=True)
    return row.failed_at is None and row.sent_at is None and row.next_try_at <= now()


def events() -> list[AuditEvent]:
    db.session().rollback()
    told = select(AuditEvent).where(AuditEvent.what == "mail_sent_again")
    return list(db.session().scalars(told))


def a_reset_of(ann: Account) -> uuid.UUID:
    with db.transaction():
        assert tickets.mail(ResetTicket, ann)
    return refuse()


def test_a_refused_mail_waits_again_and_it_is_recorded_for_whom(who: Administrator) -> None:
    ann = factories.account("ann@example.org")
    mail_id = a_reset_of(ann)

    assert send(who, mail_id) is None

    assert waits(mail_id)
    [event] = events()
    assert (event.account_id, event.by_account_id) == (ann.id, who.account_id)
    assert factories.told(event) == {"kind": "reset", "mail": str(mail_id)}


def test_what_waits_or_was_sent_is_not_sent_again(who: Administrator) -> None:
    for state in ("waiting", "sent"):
        mail = factories.mail(state=state)
        assert send(who, mail.id) is Obstacle.NOT_REFUSED
    assert events() == []


def test_of_several_at_once_one_sends_it_again(who: Administrator, portal: Flask) -> None:
    mail_id = factories.mail(state="failed").id

    told: list[Obstacle | None] = []

    at_once(portal, lambda _: told.append(send(again(who), mail_id)), 4)

    assert Counter(told) == {None: 1, Obstacle.NOT_REFUSED: 3}
    assert len(events()) == 1


@pytest.mark.parametrize("kind", ["pin", "reset", "password_changed"])
def test_what_is_too_old_is_not_sent_again(who: Administrator, clock: Clock, kind: str) -> None:
    mail = factories.mail(kind, state="failed", expires_at=now() + timedelta(minutes=5))
    clock.advance(timedelta(minutes=5))

    assert send(who, mail.id) is Obstacle.TOO_OLD
    assert not waits(mail.id)


def test_mail_whose_words_are_forgotten_is_not_sent_again(who: Administrator) -> None:
    mail = factories.mail(state="failed", sealed=None)

    assert send(who, mail.id) is Obstacle.TOO_OLD


def test_mail_that_was_sealed_under_a_key_that_is_gone_is_not_sent_again(
    who: Administrator,
) -> None:
    spoilt, good = factories.mail(state="failed"), factories.mail(state="failed")
    db.session().execute(text("UPDATE outgoing_mails SET sealed = 'spoilt'"))
    good.sealed = factories.mail().sealed  # of another mail: bound to its own row
    db.session().commit()

    assert send(who, spoilt.id) is send(who, good.id) is Obstacle.UNREADABLE


def test_a_pin_is_sent_again_until_another_takes_its_place(
    who: Administrator, clock: Clock
) -> None:
    ann = factories.account("ann@example.org")
    factories.membership(ann, factories.pin_organisation())
    handle = waiting_for(ann)
    first = refuse()
    assert send(who, first) is None
    refuse()

    clock.advance(timedelta(seconds=61))
    sign_in.resend(handle, VISITOR)
    second = refuse()

    assert send(who, first) is Obstacle.USED_UP
    assert send(who, second) is None


def test_a_pin_that_was_answered_is_not_sent_again(who: Administrator) -> None:
    ann = factories.account("ann@example.org")
    factories.membership(ann, factories.pin_organisation())
    handle = waiting_for(ann)
    pin = mailed_pin()
    mail_id = refuse()
    sign_in.answer(handle, pin, VISITOR)

    assert db.session().scalar(select(EmailedPin)) is None
    assert send(who, mail_id) is Obstacle.USED_UP


def test_a_pin_without_tries_is_not_sent_again(who: Administrator) -> None:
    ann = factories.account("ann@example.org")
    factories.membership(ann, factories.pin_organisation())
    waiting_for(ann)
    mail_id = refuse()
    db.session().execute(text("UPDATE pending_sign_ins SET tries_left = 0"))
    db.session().commit()

    assert send(who, mail_id) is Obstacle.USED_UP


def test_a_link_that_another_replaced_is_not_sent_again(who: Administrator) -> None:
    ann = factories.account("ann@example.org")
    first, second = a_reset_of(ann), a_reset_of(ann)

    assert send(who, first) is Obstacle.USED_UP
    assert send(who, second) is None


def test_an_invitation_that_was_withdrawn_is_not_sent_again(who: Administrator) -> None:
    place = factories.organisation()
    sent = []
    for address in ("ann@example.org", "bob@example.org"):
        invitations.invite(who, place.id, Role.STUDENT, Invitee(address, ""), VISITOR)
        sent.append(refuse())
    ann = db.session().scalar(text("SELECT id FROM invitations WHERE email = 'ann@example.org'"))
    invitations.withdraw(who, place.id, uuid.UUID(str(ann)), VISITOR)

    assert [send(who, each) for each in sent] == [Obstacle.USED_UP, None]
    assert [each.account_id for each in events()] == [None]


def test_mail_does_not_follow_to_an_address_that_is_not_the_account_s_any_more(
    who: Administrator,
) -> None:
    ann = factories.account("ann@example.org")
    reset, news = a_reset_of(ann), factories.mail(to=ann, state="failed").id
    former = factories.mail("address_changed", ann, state="failed").id
    ann.email = ann.email_key = "new@example.org"
    factories.saved(ann)

    assert send(who, reset) is send(who, news) is Obstacle.ELSEWHERE
    assert send(who, former) is None, "it tells the former address of the change"


def test_news_without_a_link_is_sent_again_and_whoever_is_gone_is_told_so(
    who: Administrator,
) -> None:
    gone = factories.mail("account_removed", "ann@example.org", state="failed")

    assert send(who, gone.id) is None


def test_it_asks_for_a_fresh_proof_and_a_superuser(who: Administrator, clock: Clock) -> None:
    mail = factories.mail(state="failed")
    with pytest.raises(NotFound):
        send(account_admin(factories.organisation()), mail.id)
    with pytest.raises(NotFound):
        send(who, uuid.uuid4())
    clock.advance(sessions.STEP_UP)

    with pytest.raises(ProofRequired):
        send(again(who), mail.id)
    assert not waits(mail.id)


def test_what_keeps_mail_back_is_found_out_by_so_many_statements_however_much_it_is(
    who: Administrator,
) -> None:
    def statements(people: int) -> int:
        place = factories.organisation()
        for _ in range(people):
            ann = factories.account()
            a_reset_of(ann)
            factories.mail("pin", ann, state="failed")
            address = f"{uuid.uuid4().hex}@example.org"
            invitations.invite(again(who), place.id, Role.STUDENT, Invitee(address, ""), VISITOR)
            refuse()
        mails = db.session().scalars(select(OutgoingMail)).all()
        with counted() as sent:
            mail_again.obstacles(mails)
        return len(sent)

    assert statements(1) == statements(6)


def test_what_is_asked_about_no_mail_asks_no_database() -> None:
    with counted() as sent:
        assert mail_again.obstacles([]) == {}

    assert sent == []
