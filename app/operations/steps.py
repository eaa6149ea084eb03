"""The steps that a sign-in can be at, each a type that carries what its page needs."""

from dataclasses import dataclass
from datetime import datetime

from app.errors import TicketRefused
from app.models import Factor, Organisation, PendingSignIn, Session
from app.operations import second_factor, totp_setup


@dataclass(frozen=True)
class PinWanted:
    """A PIN is on its way by e-mail; another can be sent from `resend_at` on."""

    handle: str
    sent_to: str
    organisation: Organisation | None
    resend_at: datetime


@dataclass(frozen=True)
class CodeWanted:
    """The authenticator app has a code; a recovery code takes its place."""

    handle: str
    organisation: Organisation | None


@dataclass(frozen=True)
class PasskeyWanted:
    """A passkey is to answer; a recovery code takes its place. Only the pages come here."""

    handle: str
    organisation: Organisation | None


@dataclass(frozen=True)
class Enrolment:
    """An authenticator app has to be set up first; its first code signs in.

    `uri` is what the QR code says, `secret` what can be typed instead.
    """

    handle: str
    secret: str
    uri: str
    organisation: Organisation | None


@dataclass(frozen=True)
class SignedIn:
    """Done. `bearer` is the session's secret, shown this once.

    `device` is the new value of the known-device cookie. `enrolled` tells that an app was set up on
    the way, so that there are new recovery codes to show. `answered` is the factor that was
    answered just now.
    """

    bearer: str
    session: Session
    device: str
    enrolled: bool = False
    answered: Factor = Factor.NONE


Waiting = PinWanted | CodeWanted | PasskeyWanted | Enrolment
Step = Waiting | SignedIn


def ask(pending: PendingSignIn) -> None:
    """Do what the step needs that a sign-in comes to: mail a PIN, or make a secret to enrol."""
    if pin_due(pending):
        if second_factor.sent_pin(pending) is None:
            second_factor.send_first_pin(pending)
    elif pending.factor is Factor.ENROLMENT:
        totp_setup.pending_secret(pending.verification.account, pending.id)


def pin_due(pending: PendingSignIn) -> bool:
    """Tell whether the next answer is a PIN; who enrols is asked for one first, if they can be."""
    if pending.factor is not Factor.ENROLMENT:
        return pending.factor is Factor.PIN
    return pending.pin_proved_at is None and pending.verification.account.email is not None


def waiting_at(handle: str, pending: PendingSignIn) -> Waiting:
    """Return the step that a pending sign-in waits at; TicketRefused before it proceeded."""
    if pending.proceeded_at is None:
        raise TicketRefused
    if pin_due(pending):
        return pin_wanted(handle, pending)
    if pending.factor is Factor.ENROLMENT:
        return enrolment(handle, pending)
    kind = PasskeyWanted if pending.factor is Factor.PASSKEY else CodeWanted
    return kind(handle, _place(pending))


def pin_wanted(handle: str, pending: PendingSignIn) -> PinWanted:
    """Return where the PIN went, or raise TicketRefused where none was sent."""
    pin = second_factor.sent_pin(pending)
    if pin is None:
        raise TicketRefused
    sent_to = masked(pending.verification.account.email or "")
    return PinWanted(handle, sent_to, _place(pending), pin.sent_at + second_factor.RESEND_AFTER)


def enrolment(handle: str, pending: PendingSignIn) -> Enrolment:
    """Return the secret that waits to be confirmed, or raise TicketRefused where none does."""
    account, place = pending.verification.account, _place(pending)
    secret = totp_setup.waiting_secret(account, pending.id)
    if secret is None:
        raise TicketRefused
    return Enrolment(handle, secret, totp_setup.uri(account, secret, place), place)


def _place(pending: PendingSignIn) -> Organisation | None:
    return pending.membership.organisation if pending.membership else None


def masked(address: str) -> str:
    """Return enough of an address for its owner to know it: `j•••@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
