"""What tests of passkeys do again and again: have one, and answer with it."""

from typing import Any

from app.models import Account, RecoveryCode, Session
from app.operations import passkey_answers, passkey_step, passkeys, seats, sign_in
from app.operations.sign_in import PasskeyWanted, SignedIn
from app.operations.visitor import Visitor
from app.operations.ways_in import Verified
from app.security.tokens import digest, new_recovery_code, normal_typed_code
from tests import factories
from tests.authenticator import Authenticator
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import mailed_pin, signed_in


def proved(who: Account, visitor: Visitor = VISITOR) -> Session:
    """Sign in, and prove password and mail just now: what the first factor of an account needs."""
    session = signed_in(who, visitor=visitor).session
    offer = seats.verify_again(session, PASSWORD, visitor, by_mail=True)
    sign_in.proceed(offer.handle, visitor)
    done = sign_in.answer(offer.handle, mailed_pin(), visitor)
    assert isinstance(done, SignedIn)
    return done.session


def added(session: Session, name: str = "Blue key", **holder: Any) -> Authenticator:
    """Let this session add a passkey; return what holds it."""
    made = Authenticator(**holder)
    passkeys.add(session, name, made.make(passkeys.options(session)), VISITOR)
    return made


def owner(**holder: Any) -> tuple[Account, Authenticator]:
    """Return somebody who has a passkey, and what holds it."""
    who = factories.account()
    return who, factories.passkey_of(who, Authenticator(**holder))


def asked(who: Account, password: str = PASSWORD, visitor: Visitor = VISITOR) -> str:
    """Sign in as far as the passkey that is due; return the handle."""
    offer = sign_in.verify_password(who.email or "", password, visitor).offers[0]
    assert isinstance(sign_in.proceed(offer.handle, visitor), PasskeyWanted)
    return offer.handle


def answered(handle: str, holder: Authenticator, visitor: Visitor = VISITOR) -> SignedIn:
    credential = holder.use(passkey_step.options_at_second_step(handle))
    done = sign_in.answer(handle, credential, visitor)
    assert isinstance(done, SignedIn)
    return done


def shown(holder: Authenticator, visitor: Visitor = VISITOR, *, keep: bool = False) -> Verified:
    """Show a passkey in the place of a password."""
    credential = holder.use(passkey_answers.options_for_anybody(visitor))
    return sign_in.verify_passkey(credential, visitor, keep=keep)


def opened(holder: Authenticator, visitor: Visitor = VISITOR) -> SignedIn:
    """Sign in by a passkey alone, by the first way that opens."""
    done = sign_in.proceed(shown(holder, visitor).offers[0].handle, visitor)
    assert isinstance(done, SignedIn)
    return done


def confirmed(session: Session, holder: Authenticator, visitor: Visitor = VISITOR) -> SignedIn:
    """Prove again who one is, inside a session."""
    credential = holder.use(passkey_step.options_to_confirm(session))
    offer = passkey_step.verify_passkey_again(session, credential, visitor)
    done = sign_in.proceed(offer.handle, visitor)
    assert isinstance(done, SignedIn)
    return done


def recovery_code(who: Account) -> str:
    """Return one new recovery code of somebody who has a strong factor."""
    code = new_recovery_code()
    factories.saved(RecoveryCode(account_id=who.id, digest=digest(normal_typed_code(code))))
    return code


def by_recovery_code(who: Account) -> Session:
    """Sign in by password and recovery code."""
    handle = asked(who)
    done = sign_in.answer(handle, recovery_code(who), VISITOR)
    assert isinstance(done, SignedIn)
    return done.session
