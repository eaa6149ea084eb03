"""Promising mail: sealed words, the address on file, and not too much of it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app import db
from app.clock import now
from app.mail import outbox
from app.mail.subjects import SUBJECTS
from app.models import Account, OutgoingMail
from tests import factories
from tests.conftest import Clock
from tests.mail.conftest import Log

pytestmark = pytest.mark.usefixtures("portal")

WORDS = {"pin": "271828", "organisation": "Acme"}
CHANGES = ["password_changed", "app_added", "app_removed", "pin_left", "address_changed"]
LINK = {"name": "Ann", "link": "http://localhost:8000/reset?ticket=S3CR3T", "code": "K7QF3-M9TXB"}


def put(to: Account, kind: str = "pin", **words: str) -> bool:
    with db.transaction():
        return outbox.put(kind, to, words or WORDS)


def put_many(to: Account, kind: str, times: int) -> list[bool]:
    return [put(to, kind, **LINK) for _ in range(times)]


def put_and_fail(to: Account) -> None:
    with db.transaction():
        outbox.put("pin", to, WORDS)
        raise RuntimeError


def waiting() -> int:
    db.session().rollback()  # to see what other threads did
    return db.session().scalar(select(func.count()).select_from(OutgoingMail)) or 0


def test_a_mail_waits_with_what_its_transaction_kept() -> None:
    who = factories.account("Ann@Example.org")

    assert put(who)

    [mail] = factories.mails("pin")
    assert factories.words(mail) == WORDS
    assert (mail.recipient, mail.recipient_key) == ("Ann@example.org", "ann@example.org")
    assert mail.account_id == who.id
    assert mail.message_id == f"<{mail.id}@localhost>"
    assert mail.expires_at == mail.created_at + outbox.GIVE_UP_AFTER


def test_there_is_no_mail_where_the_transaction_failed() -> None:
    who = factories.account()

    with pytest.raises(RuntimeError):
        put_and_fail(who)

    assert waiting() == 0


def test_no_secret_stands_readable_in_the_table() -> None:
    put(factories.account(), "reset", **LINK)

    [row] = db.session().execute(text("SELECT * FROM outgoing_mails"))

    assert not any(secret in str(row) for secret in ("S3CR3T", "K7QF3", "reset?ticket"))


def test_an_account_without_an_address_gets_no_mail() -> None:
    assert not put(factories.account(None, username="generic"))
    assert waiting() == 0


def test_a_mail_goes_to_the_address_on_file_in_its_plain_spelling() -> None:
    put(factories.account("\uff21nn@ex\uff41mple.org"))

    [mail] = factories.mails()
    assert mail.recipient == "Ann@example.org"


def test_a_kind_without_a_subject_is_a_mistake_found_at_once() -> None:
    with pytest.raises(KeyError):
        put(factories.account(), "chain_letter")


@pytest.mark.parametrize("kind", sorted(outbox.ELSEWHERE))
def test_what_is_about_another_address_goes_there(kind: str) -> None:
    who = factories.account("ann@example.org")

    with db.transaction():
        assert outbox.put(kind, who, LINK, elsewhere="\uff21nn@Example.net")

    [mail] = factories.mails()
    assert (mail.recipient, mail.recipient_key) == ("Ann@example.net", "ann@example.net")
    assert mail.account_id == who.id


def test_an_account_without_an_address_can_be_written_to_at_its_first_one() -> None:
    who = factories.account(None, username="generic")

    with db.transaction():
        assert outbox.put("new_address", who, LINK, elsewhere="ann@example.net")


@pytest.mark.parametrize("kind", sorted(SUBJECTS.keys() - outbox.ELSEWHERE))
def test_nothing_else_goes_to_an_address_that_is_not_on_file(kind: str) -> None:
    who = factories.account()

    with pytest.raises(ValueError, match=kind), db.transaction():
        outbox.put(kind, who, LINK, elsewhere="ann@example.net")

    assert waiting() == 0


def test_the_limits_of_another_address_are_its_own() -> None:
    who = factories.account("ann@example.org")

    def put_elsewhere(address: str) -> bool:
        with db.transaction():
            return outbox.put("new_address", who, LINK, elsewhere=address)

    assert [put_elsewhere("new@example.net") for _ in range(6)] == [True] * 5 + [False]
    assert put_elsewhere("other@example.net")


def put_to_stranger(address: str = "ann@example.net", kind: str = "invitation") -> bool:
    with db.transaction():
        return outbox.put_to_stranger(kind, address, LINK, expires_at=now() + timedelta(days=7))


@pytest.mark.parametrize("has_account", [True, False])
def test_a_stranger_s_mail_belongs_to_nobody_whoever_has_the_address(*, has_account: bool) -> None:
    if has_account:
        factories.account("ann@example.net")

    assert put_to_stranger("\uff21nn@Example.net")

    [mail] = factories.mails("invitation")
    assert (mail.recipient, mail.recipient_key) == ("Ann@example.net", "ann@example.net")
    assert mail.account_id is None


@pytest.mark.parametrize("kind", sorted(SUBJECTS.keys() - outbox.TO_STRANGERS))
def test_nothing_else_goes_to_strangers(kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        put_to_stranger(kind=kind)

    assert waiting() == 0


def test_a_stranger_is_sent_ten_an_hour_and_the_log_names_nobody(clock: Clock, log: Log) -> None:
    assert [put_to_stranger() for _ in range(11)] == [True] * 10 + [False]
    assert put_to_stranger("other@example.net")
    [line] = log.lines
    assert (line["event"], line["kind"]) == ("mail_dropped", "invitation")
    assert "example.net" not in str(line)

    clock.advance(timedelta(hours=1))
    assert put_to_stranger()


@pytest.mark.parametrize("kind", ["activation", "reset", "unlock", "new_address"])
def test_five_mails_an_hour_of_what_anybody_can_ask_for(kind: str, clock: Clock, log: Log) -> None:
    who = factories.account()

    assert [put(who, kind, **LINK) for _ in range(6)] == [True] * 5 + [False]
    clock.advance(timedelta(hours=1))
    assert put(who, kind, **LINK)

    [line] = log.lines
    assert (line["event"], line["kind"]) == ("mail_dropped", kind)
    assert line["account_id"] == str(who.id)


def test_mails_of_one_kind_starve_no_other() -> None:
    who = factories.account()
    while put(who, "activation", **LINK):
        pass

    assert put(who, "reset", **LINK)
    assert put(who, "unlock", **LINK)


def test_an_owner_is_told_once_a_day_that_the_address_is_taken() -> None:
    who = factories.account()

    assert [put(who, "already_registered", **LINK) for _ in range(2)] == [True, False]


def test_twenty_mails_a_day_of_what_anybody_can_ask_for(clock: Clock) -> None:
    who = factories.account()

    for _ in range(4):
        assert all(put_many(who, "reset", 5))
        clock.advance(timedelta(hours=1))

    assert not put(who, "reset", **LINK)
    clock.advance(timedelta(hours=20))
    assert put(who, "reset", **LINK)


def test_eight_at_once_are_five_mails(portal: Flask) -> None:
    who = factories.account().id
    barrier = threading.Barrier(8)

    def ask(_: int) -> bool:
        barrier.wait()
        with portal.app_context(), db.transaction() as session:
            return outbox.put("reset", session.get_one(Account, who), LINK)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == 5
    assert waiting() == 5


def test_a_full_mailbox_of_one_person_takes_nothing_from_another() -> None:
    put_many(factories.account(), "reset", 6)

    assert put(factories.account(), "reset", **LINK)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_every_kind_has_a_limit(kind: str) -> None:
    who = factories.account()
    while put(who, kind, **LINK):
        assert len(factories.mails(kind)) <= 10

    assert put(factories.account(), kind, **LINK)


@pytest.mark.parametrize("flood", SUBJECTS)
def test_no_flood_of_one_kind_hides_another(flood: str) -> None:
    who = factories.account()
    while put(who, flood, **LINK):
        pass

    assert all(put(who, kind, **LINK) for kind in SUBJECTS if kind != flood)


@pytest.mark.parametrize("kind", CHANGES)
def test_of_changes_ten_an_hour_and_thirty_a_day_are_told(kind: str, clock: Clock) -> None:
    who = factories.account()

    for _ in range(3):
        assert put_many(who, kind, 11) == [True] * 10 + [False]
        clock.advance(timedelta(hours=1))

    assert not put(who, kind, **LINK)
    clock.advance(timedelta(days=1))
    assert put(who, kind, **LINK)


def test_ten_pins_an_hour_and_thirty_a_day(clock: Clock) -> None:
    who = factories.account()

    for _ in range(3):
        assert [put(who) for _ in range(11)] == [True] * 10 + [False]
        clock.advance(timedelta(hours=1))

    assert not put(who)


def test_the_limits_can_be_lifted_for_measuring(change_settings: Callable[..., None]) -> None:
    change_settings(rate_limits=False)
    who = factories.account()

    assert all(put_many(who, "reset", 30))


def test_a_pin_is_due_at_once_and_until_it_expires(clock: Clock) -> None:
    with db.transaction():
        outbox.put("pin", factories.account(), WORDS, expires_at=now() + timedelta(minutes=10))

    [mail] = factories.mails()
    assert mail.next_try_at == clock.time
    assert mail.expires_at == clock.time + timedelta(minutes=10)
