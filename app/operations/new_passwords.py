"""Which passwords the portal accepts, and keeping them."""

import uuid

from sqlalchemy import select

from app import config, db
from app.clock import now
from app.errors import PasswordRefused
from app.models import Account, Membership, Organisation, Password
from app.operations import kept_elsewhere, memberships
from app.security import hash_gate, password_rules, passwords
from app.security.password_rules import Strength

PAGES_MINIMUM = 8  # code points, on the pages; contract 004 promises 6


def minimum_for(
    account: Account | None, least: int = PAGES_MINIMUM, joining: Organisation | None = None
) -> int:
    """Return how many characters a new password needs: the strictest that anybody asks.

    `least` is the interface's own minimum; DOORWARD_PASSWORD_MIN_LENGTH takes its place, and each
    of the account's organisations, and the one that it is `joining`, may ask for more.
    """
    base = config.current().password_min_length or least
    places = [m.organisation for m in memberships.of(account.id)] if account else []
    places.append(joining)
    asked = [place.policy.passwordMinLength or 0 for place in places if place]
    return max([base, *asked])


def check(password: str, account: Account | None, *words: str, least: int = PAGES_MINIMUM) -> None:
    """Raise PasswordRefused with every rule that `password` breaks.

    `words` are what else it may not be made of: the address and name of a new account.
    """
    require(password, minimum_for(account, least), [*words, *_words_of(account)])


def require(password: str, minimum: int, words: list[str]) -> None:
    """Raise PasswordRefused where `password` is short, or made of `words`, or guessed at once."""
    problems = password_rules.problems(password, minimum, words)
    if problems:
        raise PasswordRefused([problem.value for problem in problems], minimum)


def strength(password: str, account: Account | None, *words: str) -> Strength:
    """Estimate how hard `password` is to guess, for the meter."""
    return password_rules.strength(password, [*words, *_words_of(account)])


def hashed(password: str, network: str) -> str:
    """Hash a new password behind the gate; raise Busy where the queue is full."""
    with hash_gate.gate().turn(network) as turn:
        return turn.run(passwords.hash_password, password)


def keep(account: Account, hash_: str, organisation_id: uuid.UUID | None = None) -> None:
    """Make `hash_` the password of the account, or of the account at one organisation.

    In the caller's transaction. Raises KeptInDirectory where a directory has the account's own.
    """
    if organisation_id is None:
        kept_elsewhere.require_own(account.id)
    same = Password.organisation_id == organisation_id
    if organisation_id is None:
        same = Password.organisation_id.is_(None)
    row = db.session().scalar(select(Password).where(Password.account_id == account.id, same))
    row = row or Password(account_id=account.id, organisation_id=organisation_id)
    row.hash, row.changed_at = hash_, now()
    db.session().add(row)


def _words_of(account: Account | None) -> list[str]:
    if account is None:
        return []
    names = (
        select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.account_id == account.id)
    )
    own = [account.email, account.username, account.name]
    return [word for word in [*own, *db.session().scalars(names)] if word]
