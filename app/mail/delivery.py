"""Delivering what waits in the outbox: at least once, under the same Message-ID each time.

Any number of processes may deliver; each mail is leased by one of them at a time.
"""

import secrets
import threading
import traceback
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from flask import Flask, current_app

from app import config, threads
from app.mail import composing, leases, sealed_words, smtp
from app.mail.host import portal_host
from app.models import OutgoingMail
from app.security.sealing import Unsealable

BATCH = 20  # mails over one connection; servers close it after a number of their own
NAME = "outbox"
IDLE = timedelta(seconds=1)
FIRST_PAUSE = timedelta(seconds=5)
MOST_DOUBLINGS = 10
UNREADABLE = "its words cannot be unsealed"

log = structlog.get_logger("doorward.mail")
_random = secrets.SystemRandom()


@dataclass(frozen=True)
class Delivered:
    """What became of the mails of one round, and of the server if it was not there."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    expired: int = 0
    problem: smtp.Unreachable | None = None


def deliver_once(limit: int = BATCH, stop: threading.Event | None = None) -> Delivered:
    """Deliver up to `limit` mails that are due, over one connection; drop what has expired.

    Where no server can be reached, no mail is touched: the next round finds all of them due.
    `stop` ends the round after the mail in hand.
    """
    if not leases.is_any_due():
        return Delivered()
    expired = _drop_expired()
    url = config.current().smtp_url
    if url is None or not leases.is_any_due():
        return Delivered(expired=expired)
    try:
        with smtp.connect(smtp.server(url), portal_host()) as connection:
            done = _deliver_batch(connection, limit, stop or threading.Event())
    except smtp.Unreachable as problem:
        log.warning("mail_server_unreachable", error=problem.reason)
        return Delivered(expired=expired, problem=problem)
    return Delivered(done["sent"], done["retried"], done["failed"], expired)


def watch(stop: threading.Event) -> None:
    """Deliver what comes until `stop` is set, whatever mail server and database do meanwhile."""
    failures = 0
    while not stop.is_set():
        done = _round(stop)
        failures = failures + 1 if done.problem else 0
        stop.wait(_pause_after(done, failures).total_seconds())


def start_thread(app: Flask, stop: threading.Event | None = None) -> None:
    """Have a thread of this process deliver, where the settings say so and no other does yet."""
    settings = config.current()
    if settings.outbox == "thread" and settings.smtp_url is not None:
        threads.start(NAME, partial(_watch_in, app), stop)


def backoff(failures: int, longest: timedelta) -> timedelta:
    """Return how long to wait after so many failures in a row: 5 seconds, doubled each time.

    Somewhere between half of that and all of it, so that not everybody comes back at once.
    """
    doubled = FIRST_PAUSE * 2 ** min(failures - 1, MOST_DOUBLINGS)
    jittered: timedelta = min(doubled, longest) * _random.uniform(0.5, 1)
    return jittered


def _watch_in(app: Flask, stop: threading.Event) -> None:
    with app.app_context():
        watch(stop)


def _round(stop: threading.Event) -> Delivered:
    """Deliver once, in an application context of its own: its end closes the session."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        with app.app_context():
            return deliver_once(stop=stop)
    except Exception as error:
        _complain("mail_round_failed", error)
        return Delivered(problem=smtp.Unreachable(type(error).__name__))


def _pause_after(done: Delivered, failures: int) -> timedelta:
    if done.problem:
        return backoff(failures, done.problem.longest_pause)
    return timedelta() if done.sent else IDLE


def _drop_expired() -> int:
    expired = leases.drop_expired()
    for mail in expired:
        _tell("mail_dropped", mail, "expired")
    return len(expired)


def _deliver_batch(connection: smtp.Connection, limit: int, stop: threading.Event) -> Counter[str]:
    done: Counter[str] = Counter()
    while done.total() < limit and not connection.lost and not stop.is_set():
        mail = leases.lease_next()
        if mail is None:
            break
        done[_settle(mail, _try(connection, mail))] += 1
    return done


def _try(connection: smtp.Connection, mail: OutgoingMail) -> smtp.Outcome:
    """Write and send one mail. Whatever is wrong with it hurts no other."""
    try:
        message = composing.compose(mail, sealed_words.unseal(mail))
        return connection.send(message, mail.recipient)
    except Unsealable:
        return smtp.RefusedForGood(UNREADABLE)
    except Exception as error:
        _complain("mail_not_composed", error, message_id=mail.message_id, kind=mail.kind)
        return smtp.TryAgain(type(error).__name__)


def _settle(mail: OutgoingMail, outcome: smtp.Outcome) -> str:
    match outcome:
        case smtp.Accepted():
            leases.settle_sent(mail)
            _tell("mail_sent", mail)
            return "sent"
        case smtp.RefusedForGood(reason=reason):
            leases.settle_failed(mail, reason)
            _tell("mail_refused", mail, reason)
            return "failed"
        case smtp.TryAgain(reason=reason, longest_pause=longest):
            leases.settle_retry(mail, reason, backoff(mail.attempts, longest))
            _tell("mail_retried", mail, reason)
            return "retried"


def _tell(event: str, mail: OutgoingMail, error: str | None = None) -> None:
    """Log what became of a mail, without its words and its recipient."""
    told = {"message_id": mail.message_id, "kind": mail.kind, "account_id": str(mail.account_id)}
    if error is None:
        log.info(event, attempts=mail.attempts, **told)
    else:
        log.warning(event, attempts=mail.attempts, error=error, **told)


def _complain(event: str, error: Exception, **told: str) -> None:
    """Log what failed and where, but not in its own words: those may quote addresses."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    log.error(event, error=type(error).__name__, where=where, **told)
