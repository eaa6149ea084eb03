"""What is no obstacle to the machine, and may well be one to the person."""

from collections.abc import Iterator

from flask_babel import gettext as _

from app.clock import now
from app.models import AuditEvent
from app.operations.locks import Lock
from app.operations.rights import Action
from app.operations.sign_in_examination import Facts
from app.operations.sign_in_facts import Delivery, Mail
from app.operations.sign_in_verdicts import Way
from app.pages.admin import verdict_words, words
from app.pages.admin.verdict_buttons import Cause, Desk


def of(desk: Desk) -> list[Cause]:
    """Return all of it, as far as the administrator may know."""
    facts = desk.seen.facts
    return [*_of_devices(desk), *(_of_account(desk, facts) if facts else [])]


def _of_account(desk: Desk, facts: Facts) -> Iterator[Cause]:
    for each in facts.networks:
        text = verdict_words.network(each)
        yield Cause(text, desk.opening(each.network), each.until)
    if facts.turned_away:
        yield Cause(verdict_words.turned_away(facts.turned_away))
    if wrong := _wrong_passwords(facts.tries):
        yield Cause(verdict_words.wrong_passwords(wrong), desk.button(Action.SEND_RESET))
    if facts.clock_offset is not None:
        yield Cause(verdict_words.clock(facts.clock_offset))
    if missing := _missing_pin(facts.mails):
        yield Cause(missing)
    yield from _of_what_they_did(facts)


def _of_what_they_did(facts: Facts) -> Iterator[Cause]:
    if facts.removal_due_at is not None and facts.removal_due_at > now():
        yield Cause(
            _("They asked to have the account removed. Until then they sign in, and can keep it.")
        )
    if any(factor.kind == "passkey" for factor in facts.factors):
        yield Cause(_("They have a passkey: no lock of a password stops that one."))


def _missing_pin(mails: list[Mail]) -> str:
    """Tell of the newest PIN, unless the mail server has it or there is none."""
    newest = next((mail for mail in mails if mail.kind == "pin"), None)
    if newest is None or newest.delivery is Delivery.SENT:
        return ""
    if newest.delivery in {Delivery.WAITING, Delivery.RETRIED}:
        return _("The newest PIN is not sent yet: see the mails below.")
    return _("The newest PIN did not get through: see the mails below.")


def _of_devices(desk: Desk) -> Iterator[Cause]:
    """Yield the locks that only the person meets, on devices and networks that are known."""
    for lock in desk.seen.known_devices:
        way = next((w for w in desk.seen.ways if _is_at(w, lock)), None)
        text = _("A browser or network of theirs is locked after wrong passwords; others are not.")
        if way is not None and way.membership is not None:
            where = words.role_at(way.membership)
            text = _("%(where)s: a browser or network of theirs is locked there.", where=where)
        action = Action.UNLOCK if way is None else Action.UNLOCK_HERE
        yield Cause(text, desk.button(action, way) or desk.button(Action.UNLOCK), lock.until)


def _is_at(way: Way, lock: Lock) -> bool:
    return way.membership is not None and way.membership.id == lock.membership_id


def _wrong_passwords(tries: list[AuditEvent]) -> int:
    """Count the wrong passwords since somebody last got in."""
    wrong = 0
    for event in tries:
        if event.what == "signed_in":
            break
        wrong += event.details.get("reason") == "wrong_password"
    return wrong
