from flask import Flask

from app.operations import access_tokens, sign_in, signing_keys
from app.operations.sign_in import SignedIn
from tests import factories
from tests.cli.conftest import Run
from tests.factories import PASSWORD, VISITOR


def test_a_rotation_signs_with_a_new_key_and_signs_nobody_out(portal: Flask, run: Run) -> None:
    who = factories.account()
    [offer] = sign_in.verify_password(str(who.email), PASSWORD, VISITOR).offers
    done = sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(done, SignedIn)
    token = access_tokens.issue(done.session)
    before = {each["kid"] for each in signing_keys.current().public}

    told = run("keys", "rotate")

    with portal.app_context():
        [made] = {each["kid"] for each in signing_keys.current().public} - before
        assert told.exit_code == 0
        assert told.stdout == (
            f"Tokens are signed with the key {made} from now on. Nobody was signed out.\n"
        )
        assert access_tokens.find(token).account_id == who.id
        assert signing_keys.current().signing.kid == made
