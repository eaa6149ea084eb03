"""Contract 004's second factor."""

from flask.typing import ResponseReturnValue

from app.api.body import read
from app.api.caller import caller, visitor
from app.api.hasura_answers import answer, done, error
from app.api.hasura_bodies import CodeBody, TotpBody
from app.api.hasura_tokens import hand_over
from app.errors import NotEnabled
from app.models import Interface
from app.operations import refreshing, sign_in, totp_setup
from app.operations.sign_in import SignedIn
from app.security import qr


def generate() -> ResponseReturnValue:
    """Give the account a new secret, which counts from its first code on."""
    session = caller(lenient=True)
    secret = totp_setup.generate(session)
    image = qr.png_data_uri(totp_setup.uri(session.account, secret))
    return answer({"image_url": image, "otp_secret": secret})


def enable() -> ResponseReturnValue:
    """Confirm the secret by a code; the same code still signs in."""
    body = read(CodeBody)
    totp_setup.enable(caller(lenient=True), body.code, visitor(Interface.HASURA_BACKEND_PLUS))
    return done()


def disable() -> ResponseReturnValue:
    """Take the authenticator app away."""
    body = read(CodeBody)
    session = caller(lenient=True)
    try:
        totp_setup.disable(session, body.code, visitor(Interface.HASURA_BACKEND_PLUS))
    except NotEnabled:
        return error(400, "MFA is already disabled.")
    return done()


def totp() -> ResponseReturnValue:
    """Answer the second factor: with the app's code, or with the PIN where one was mailed.

    The ticket is that of /auth/login, as contract 002 hands it out there too.
    """
    body = read(TotpBody)
    step = sign_in.answer(body.ticket, body.code, visitor(Interface.HASURA_BACKEND_PLUS))
    if not isinstance(step, SignedIn):
        raise NotEnabled  # an app has to be set up first: a page does that
    return hand_over(step.session, refreshing.begin(step.session), in_cookie=body.cookie)
