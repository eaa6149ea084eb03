"""Who was brought along signs in with the old password on the pages and through every contract."""

from typing import cast

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import Password
from app.security import foreign_hashes
from tests import factories
from tests.api.interfaces import CONTRACTS, Interface, Pages
from tests.security.foreign import HASHES, PASSWORD

WAYS = [*CONTRACTS, "pages"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, portal: Flask) -> Interface:
    """Return each of the six in turn."""
    name = request.param
    return Pages(portal) if name == "pages" else cast("Interface", CONTRACTS[name](portal))


@pytest.mark.parametrize("name", HASHES)
def test_the_old_password_opens_a_session_and_is_hashed_anew(way: Interface, name: str) -> None:
    named, text = HASHES[name]
    who = factories.account(password=None)
    factories.membership(who)
    row = factories.saved(Password(account_id=who.id, hash=foreign_hashes.recognise(text, named)))

    refused = way.start(who, PASSWORD + "!")
    opened = way.start(who, PASSWORD)

    assert (refused.bearer, refused.handle) == (None, None)
    assert opened.bearer
    assert factories.sessions_open() == 1
    kept = db.session().scalar(select(Password.hash).filter_by(id=row.id)) or ""
    assert kept.startswith("$argon2id$")
