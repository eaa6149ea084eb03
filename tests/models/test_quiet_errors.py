"""What fails in the database is told without what was to be written."""

import traceback
import uuid

import pytest
from sqlalchemy.exc import IntegrityError

from app import db
from app.models import Password

pytestmark = pytest.mark.usefixtures("portal")

SECRET = "$argon2id$v=19$m=8,t=1,p=1$a-hash-that-nobody-may-read"


def test_a_failing_statement_does_not_tell_the_hash_that_it_carried() -> None:
    orphan = Password(account_id=uuid.uuid4(), hash=SECRET)

    with pytest.raises(IntegrityError) as failed, db.transaction() as session:
        session.add(orphan)

    told = "".join(traceback.format_exception(failed.value))
    assert "INSERT INTO passwords" in told
    assert SECRET not in told
