"""Asking for one of an account's passkeys, and checking what comes back."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app import config, db
from app.clock import now
from app.errors import WrongCode
from app.mail import outbox
from app.models import Account, Passkey, PasskeyChallenge
from app.operations import audit, passkey_challenges
from app.operations.passkey_challenges import ANYBODY, Asking
from app.operations.visitor import Visitor
from app.security import webauthn
from app.security.webauthn import Known, Presented, Site, Use

NAME = "Doorward"
TIMEOUT_MS = int(PasskeyChallenge.LIFETIME / timedelta(milliseconds=1))


def site() -> Site:
    """Return whom passkeys are made for: the portal at its public address."""
    return Site(NAME, config.current().base_url)


def of(account: Account) -> list[Passkey]:
    """Return an account's passkeys, the oldest first."""
    mine = select(Passkey).where(Passkey.account_id == account.id)
    return list(db.session().scalars(mine.order_by(Passkey.created_at, Passkey.id)))


def known(account: Account) -> list[Known]:
    """Return an account's passkeys as browsers are told of them."""
    return [Known(each.credential_id, each.transports) for each in of(account)]


def options(account: Account, asking: Asking) -> dict[str, Any]:
    """Return what to hand to a browser so that one of the account's passkeys answers.

    In the caller's transaction.
    """
    challenge = passkey_challenges.issue(asking)
    return webauthn.using(site(), challenge, known(account), TIMEOUT_MS)


def options_for_anybody(visitor: Visitor) -> dict[str, Any]:
    """Return what to hand to a browser so that whatever passkey it has for us answers.

    A transaction of its own. Raises TooManyTries where one network asked too often.
    """
    challenge = passkey_challenges.issue_to_anybody(visitor.network)
    return webauthn.using(site(), challenge, [], TIMEOUT_MS)


def accept(asking: Asking, credential: str, visitor: Visitor) -> Passkey:
    """Return the passkey that answered, or raise WrongCode; in the caller's transaction.

    The caller commits even then: the challenge is spent, and a copied passkey is told of.
    """
    presented = webauthn.read(credential)
    passkey_challenges.spend(presented.challenge, asking)
    passkey = _named(presented, asking)
    use = webauthn.verify_use(site(), presented, passkey.public_key)
    if not _counted(passkey, use):
        _tell_of_a_copy(passkey, visitor)
        raise WrongCode
    return passkey


def _named(presented: Presented, asking: Asking) -> Passkey:
    """Return the passkey that the answer names, of the account that was asked.

    Who is asked for any passkey has to name the account too; an authenticator that was told which
    passkeys may answer leaves that out at times.
    """
    named = Passkey.credential_id == presented.credential_id
    passkey = db.session().scalar(select(Passkey).where(named))
    if passkey is None or asking.account_id not in {None, passkey.account_id}:
        raise WrongCode
    unnamed = presented.user_handle is None and asking != ANYBODY
    if not unnamed and not webauthn.belongs_to(presented, passkey.account_id):
        raise WrongCode
    return passkey


def _counted(passkey: Passkey, use: Use) -> bool:
    """Note that the passkey was used; tell whether its count of signatures went on.

    An authenticator that does not count says 0 each time (WebAuthn Level 3, section 6.1.1).
    """
    row = Passkey
    went_on = row.sign_count < use.sign_count if use.sign_count else row.sign_count == 0
    newer = update(row).where(row.id == passkey.id, went_on)
    facts = {"sign_count": use.sign_count, "backed_up": use.backed_up, "last_used_at": now()}
    return db.session().scalar(newer.values(**facts).returning(row.id)) is not None


def _tell_of_a_copy(passkey: Passkey, visitor: Visitor) -> None:
    """Say that somebody else's authenticator may have the same passkey; it is refused meanwhile."""
    account = passkey.account
    words = {
        "name": account.shown_name,
        "passkey": passkey.name,
        "link": f"{config.current().base_url}/account/second-factor/passkeys",
    }
    outbox.put("passkey_copied", account, words)
    audit.record("passkey_copied", visitor, account_id=account.id)
