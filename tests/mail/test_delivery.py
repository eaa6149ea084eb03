"""Delivering the outbox: nothing lost, nothing late, nothing read on the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import QueuePool, select, text

from app import db
from app.clock import now
from app.mail import delivery, leases, outbox
from app.mail.delivery import Delivered
from app.models import OutgoingMail
from tests import factories
from tests.conftest import Clock
from tests.mail import servers
from tests.mail.conftest import Log
from tests.mail.servers import HANG_UP, Script
from tests.servers import free_port

pytestmark = pytest.mark.usefixtures("portal")

PIN = "271828"
TEN_MINUTES = timedelta(minutes=10)
LONG_ENOUGH = timedelta(minutes=5)  # for any pause


def a_mail(address: str = "", pin: str = PIN) -> str:
    """Put a PIN mail into the outbox; return its Message-ID."""
    who = factories.account(address)
    with db.transaction():
        words = {"pin": pin, "organisation": ""}
        assert outbox.put("pin", who, words, expires_at=now() + TEN_MINUTES)
    return factories.mails()[-1].message_id


def the_row() -> OutgoingMail:
    db.session().rollback()
    return db.session().scalars(select(OutgoingMail)).one()


def send_again() -> bool:
    [mail_id] = db.session().scalars(select(OutgoingMail.id))
    with db.transaction():
        return leases.send_again(mail_id)


def ids(script: Script) -> list[str]:
    return [str(message["Message-ID"]) for message in script.received]


@pytest.mark.usefixtures("mail_server")
def test_a_mail_arrives_with_both_its_parts(script: Script) -> None:
    message_id = a_mail("ann@example.org")

    assert delivery.deliver_once() == Delivered(sent=1)

    [received] = script.received
    assert script.recipients == [received["To"]] == ["ann@example.org"]
    assert received["Message-ID"] == message_id
    assert [part.get_content_type() for part in received.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert all(PIN in part.get_content() for part in received.iter_parts())


@pytest.mark.usefixtures("mail_server")
def test_a_mail_is_sent_once_and_its_words_are_forgotten(script: Script) -> None:
    a_mail()

    delivery.deliver_once()
    delivery.deliver_once()

    row = the_row()
    assert len(script.received) == 1
    assert row.sent_at
    assert row.sealed is None
    assert row.leased_until is None


@pytest.mark.usefixtures("mail_server")
def test_many_mails_go_through_one_connection(script: Script) -> None:
    for _ in range(5):
        a_mail()

    assert delivery.deliver_once(limit=4).sent == 4
    assert script.connections == 1
    assert delivery.deliver_once().sent == 1


def test_while_the_server_is_away_nothing_is_lost_and_no_try_is_counted(
    script: Script, change_settings: Callable[..., None], log: Log
) -> None:
    port = free_port()
    change_settings(smtp_url=f"smtp://127.0.0.1:{port}")
    promised = [a_mail() for _ in range(3)]

    done = delivery.deliver_once()

    assert done.problem
    assert done.problem.longest_pause <= timedelta(seconds=10)
    assert log.events() == ["mail_server_unreachable"]
    assert {mail.attempts for mail in factories.mails()} == {0}
    with servers.running(script, port):
        delivery.deliver_once()
    assert ids(script) == promised


@pytest.mark.usefixtures("mail_server")
@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_greylisting_only_delays(clock: Clock, script: Script, where: str) -> None:
    message_id = a_mail()
    getattr(script, where).append("451 4.7.1 Come back later")

    assert delivery.deliver_once() == Delivered(retried=1)
    assert delivery.deliver_once() == Delivered()
    assert the_row().last_error
    clock.advance(delivery.FIRST_PAUSE)
    assert delivery.deliver_once() == Delivered(sent=1)

    assert ids(script) == [message_id]
    assert the_row().last_error is None


@pytest.mark.usefixtures("mail_server")
def test_a_refused_mail_is_dead_and_says_why(clock: Clock, script: Script, log: Log) -> None:
    message_id = a_mail("ann@example.org")
    script.rcpt.append("550 5.1.1 No ann@example.org here")

    assert delivery.deliver_once() == Delivered(failed=1)
    clock.advance(LONG_ENOUGH)
    delivery.deliver_once()

    row = the_row()
    assert row.failed_at
    assert row.last_error == "RCPT TO: 550 5.1.1"
    assert not script.received
    [line] = log.lines
    assert (line["event"], line["message_id"]) == ("mail_refused", message_id)


@pytest.mark.usefixtures("mail_server")
def test_what_a_refused_mail_says_is_forgotten_with_its_time(clock: Clock, script: Script) -> None:
    a_mail()
    script.rcpt.append("550 5.1.1 No")
    delivery.deliver_once()
    assert the_row().sealed

    clock.advance(TEN_MINUTES - timedelta(seconds=1))
    delivery.deliver_once()
    assert the_row().sealed
    clock.advance(timedelta(seconds=1))
    delivery.deliver_once()

    row = the_row()
    assert (row.last_error, row.sealed) == ("RCPT TO: 550 5.1.1", None)


@pytest.mark.usefixtures("mail_server")
def test_a_refused_mail_that_is_sent_again_arrives_under_its_own_id(script: Script) -> None:
    message_id = a_mail()
    script.rcpt.append("550 5.1.1 No")
    delivery.deliver_once()

    assert send_again()
    assert not send_again()
    assert delivery.deliver_once() == Delivered(sent=1)

    assert ids(script) == [message_id]
    assert not send_again()
    assert the_row().sent_at


@pytest.mark.usefixtures("mail_server")
def test_a_refused_mail_whose_time_is_over_is_not_sent_again(clock: Clock, script: Script) -> None:
    a_mail()
    script.rcpt.append("550 5.1.1 No")
    delivery.deliver_once()
    clock.advance(TEN_MINUTES)

    assert not send_again()
    delivery.deliver_once()

    assert not send_again()
    assert not script.received


@pytest.mark.usefixtures("mail_server")
def test_a_refused_mail_holds_up_no_other(script: Script) -> None:
    a_mail()
    second = a_mail()
    script.rcpt.append("550 5.1.1 No")

    assert delivery.deliver_once() == Delivered(sent=1, failed=1)
    assert ids(script) == [second]


@pytest.mark.usefixtures("mail_server")
def test_a_connection_lost_after_the_content_makes_two_copies_of_one_mail_at_most(
    clock: Clock, script: Script
) -> None:
    message_id = a_mail()
    script.data.append(HANG_UP)

    assert delivery.deliver_once() == Delivered(retried=1)
    clock.advance(LONG_ENOUGH)
    delivery.deliver_once()
    delivery.deliver_once()

    assert ids(script) == [message_id] * 2


@pytest.mark.usefixtures("mail_server")
def test_an_expired_pin_is_never_sent(clock: Clock, script: Script, log: Log) -> None:
    a_mail()
    clock.advance(TEN_MINUTES)

    assert delivery.deliver_once() == Delivered(expired=1)

    row = the_row()
    assert row.failed_at
    assert (row.last_error, row.sealed) == ("expired", None)
    assert not script.received
    assert log.events() == ["mail_dropped"]


def test_a_pin_that_expired_while_the_server_was_away_is_dropped_all_the_same(
    clock: Clock, change_settings: Callable[..., None]
) -> None:
    change_settings(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    a_mail()
    clock.advance(TEN_MINUTES)

    assert delivery.deliver_once() == Delivered(expired=1)


@pytest.mark.usefixtures("mail_server")
def test_a_leased_mail_is_left_alone_and_taken_over_after_the_lease(
    clock: Clock, script: Script
) -> None:
    message_id = a_mail()
    assert leases.lease_next()  # and the process that leased it dies

    assert delivery.deliver_once() == Delivered()
    clock.advance(leases.LEASE)
    assert delivery.deliver_once() == Delivered(sent=1)

    assert ids(script) == [message_id]
    assert the_row().attempts == 2


def test_who_lost_the_lease_cannot_take_back_what_another_has(clock: Clock) -> None:
    a_mail()
    slow = leases.lease_next()
    clock.advance(leases.LEASE)
    quick = leases.lease_next()
    assert slow
    assert quick

    leases.settle_retry(slow, "too slow", timedelta())
    leases.settle_failed(slow, "too slow")

    row = the_row()
    assert (row.leased_until, row.failed_at) == (quick.leased_until, None)
    assert row.sealed


@pytest.mark.usefixtures("mail_server")
def test_several_workers_deliver_each_mail_once(portal: Flask, script: Script) -> None:
    promised = [a_mail() for _ in range(24)]

    def work(_: int) -> int:
        with portal.app_context():
            return delivery.deliver_once(limit=100).sent

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 24
    assert sorted(ids(script)) == sorted(promised)


@pytest.mark.usefixtures("mail_server")
def test_a_mail_that_cannot_be_unsealed_fails_and_hurts_no_other(script: Script, log: Log) -> None:
    a_mail()
    db.session().execute(text("UPDATE outgoing_mails SET sealed = 'spoilt'"))
    db.session().commit()
    good = a_mail()

    assert delivery.deliver_once() == Delivered(sent=1, failed=1)
    assert ids(script) == [good]
    assert log.events() == ["mail_refused", "mail_sent"]


@pytest.mark.usefixtures("mail_server")
def test_a_mail_that_cannot_be_written_waits_and_hurts_no_other(script: Script, log: Log) -> None:
    a_mail()
    db.session().execute(text("UPDATE outgoing_mails SET kind = 'chain_letter'"))
    db.session().commit()
    good = a_mail()

    assert delivery.deliver_once() == Delivered(sent=1, retried=1)
    assert ids(script) == [good]
    assert "mail_not_composed" in log.events()


@pytest.mark.usefixtures("mail_server")
def test_the_log_tells_of_mails_but_neither_whom_they_reach_nor_what_they_say(
    clock: Clock, script: Script, log: Log
) -> None:
    a_mail("ann@example.org")
    script.rcpt.append("451 4.7.1 ann@example.org is greylisted")
    script.data.append(f"554 5.7.1 {PIN} looks like spam to ann@example.org")

    delivery.deliver_once()
    clock.advance(LONG_ENOUGH)
    delivery.deliver_once()

    assert log.events() == ["mail_retried", "mail_refused"]
    assert {"message_id", "kind", "account_id"} <= log.lines[0].keys()
    assert PIN not in str(log.lines) + (the_row().last_error or "")
    assert "example.org" not in str(log.lines)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (2, 10), (4, 40), (7, 300), (5000, 300)])
def test_pauses_double_up_to_five_minutes_and_differ(failures: int, seconds: int) -> None:
    pauses = [delivery.backoff(failures, timedelta(minutes=5)) for _ in range(50)]

    assert timedelta(seconds=seconds / 2) <= min(pauses)
    assert max(pauses) <= timedelta(seconds=seconds)
    assert len(set(pauses)) > 1


@pytest.mark.usefixtures("mail_server")
def test_no_transaction_is_open_while_the_server_is_spoken_to(script: Script) -> None:
    a_mail()
    pool, seen = db.db.engine.pool, list[int]()
    assert isinstance(pool, QueuePool)
    script.meanwhile = lambda: seen.append(pool.checkedout())

    delivery.deliver_once()

    assert seen == [0]
