"""People and places for tests. Everything has a default; name only what matters."""

import itertools
import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select, update

from app import config, db
from app.clock import now
from app.mail import sealed_words
from app.models import (
    Account,
    AuditEvent,
    Import,
    Interface,
    Invitation,
    Membership,
    Organisation,
    OrganisationPolicy,
    OrganisationSettings,
    OutgoingMail,
    Passkey,
    Password,
    RecoveryCode,
    Role,
    Session,
    Stage,
    TotpDevice,
)
from app.operations import passkey_answers, totp_setup
from app.operations.visitor import Visitor
from app.security import passwords, sealing, webauthn
from app.security.identities import address_key, username_key
from app.security.tokens import digest, new_recovery_code, normal_typed_code
from tests.authenticator import Authenticator, encoded

PASSWORD = "correct horse battery"
OWN_PASSWORD = "another staple entirely"
VISITOR = Visitor(Interface.PAGES, "192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
STRANGER = Visitor(Interface.PAGES, "198.51.100.7", "curl/8.0")

_count = itertools.count(1)
_Row = TypeVar("_Row")


def account(
    email: str | None = "",
    *,
    username: str | None = None,
    name: str = "",
    password: str | None = PASSWORD,
    activated: bool = True,
) -> Account:
    """Make an account; an e-mail of None makes a generic one."""
    number = next(_count)
    email = f"person{number}@example.org" if email == "" else email
    made = Account(
        email=email,
        email_key=address_key(email) if email else None,
        username=username,
        username_key=username_key(username) if username else None,
        name=name or f"Person {number}",
        activated_at=now() if activated else None,
    )
    saved(made)
    if password is not None:
        saved(Password(account_id=made.id, hash=passwords.hash_password(password)))
    return made


def organisation(
    name: str = "", settings: Mapping[str, object] | None = None, **policy: object
) -> Organisation:
    return saved(
        Organisation(
            name=name or f"Organisation {next(_count)}",
            settings=None if settings is None else OrganisationSettings.model_validate(settings),
            policy=OrganisationPolicy.model_validate(policy),
        )
    )


def membership(
    of: Account, at: Organisation | None = None, role: Role = Role.STUDENT
) -> Membership:
    place = at if at is not None or role is Role.SUPERUSER else organisation()
    return saved(
        Membership(account_id=of.id, organisation_id=place.id if place else None, role=role)
    )


def own_password(of: Account, at: Organisation, password: str = OWN_PASSWORD) -> Password:
    hash_ = passwords.hash_password(password)
    return saved(Password(account_id=of.id, organisation_id=at.id, hash=hash_))


def app_of(who: Account) -> str:
    """Give the account a confirmed authenticator app; return its secret."""
    secret = totp_setup.pending_secret(who)
    db.session().execute(
        update(TotpDevice).where(TotpDevice.account_id == who.id).values(confirmed_at=now())
    )
    db.session().commit()
    return secret


def passkey_of(who: Account, holder: Authenticator, name: str = "Blue key") -> Authenticator:
    """Give the account the passkey of `holder`, without any ceremony."""
    made = {"rp": {"id": "localhost"}, "user": {"id": encoded(who.id.bytes)}, "challenge": "AAAA"}
    presented = webauthn.read(
        holder.make({**made, "pubKeyCredParams": [{"alg": holder.algorithm}]})
    )
    kept = webauthn.verify_new(passkey_answers.site(), presented)
    saved(Passkey(account_id=who.id, name=name, **vars(kept)))
    return holder


def recovery_codes_of(who: Account, count: int = 10) -> list[str]:
    """Give the account so many recovery codes, and return them."""
    codes = [new_recovery_code() for _ in range(count)]
    for code in codes:
        kept = digest(normal_typed_code(code))
        db.session().add(RecoveryCode(account_id=who.id, digest=kept))
    db.session().commit()
    return codes


def invitation(
    at: Organisation, email: str = "", role: Role = Role.STUDENT, by: Account | None = None
) -> Invitation:
    """Make an invitation whose link nobody has: for lists, not for accepting."""
    number = next(_count)
    email = email or f"invited{number}@example.org"
    return saved(
        Invitation(
            digest=f"nobody has link {number}",
            organisation_id=at.id,
            role=role,
            email=email,
            email_key=address_key(email),
            invited_by_id=by.id if by else None,
            expires_at=now() + Invitation.LIFETIME,
        )
    )


def imported(
    at: Organisation | None = None, by: Account | None = None, **columns: object
) -> Import:
    """Make an import whose file is whole: for lists, and for what is done with it by its id."""
    made = Import(
        id=uuid.uuid4(),
        by_account_id=by.id if by else None,
        interface=Interface.PAGES,
        source=f"people{next(_count)}.csv",
        digest="",
        mapping={"system": "ours", "columns": {}},
        dry_run=True,
        rows=1,
        organisation_id=at.id if at else None,
        stage=Stage.UPLOADED,
        stage_at=now(),
    )
    for name, value in columns.items():
        setattr(made, name, value)
    return saved(made)


def pin_organisation(name: str = "") -> Organisation:
    return organisation(name, {"mfaForStudents": True, "mfaForTeachers": True})


def sessions_open() -> int:
    return db.session().scalar(select(func.count()).select_from(Session)) or 0


def everything_kept() -> str:
    """Return all that the database holds, as text: to look for secrets, and for changes."""
    db.session().rollback()
    tables = db.Base.metadata.sorted_tables
    return "\n".join(
        f"{table.name}: {sorted(map(str, db.session().execute(select(table))))}" for table in tables
    )


def mail(
    kind: str = "password_changed",
    to: Account | str = "",
    *,
    state: str = "waiting",
    words: Mapping[str, str] | None = None,
    **columns: object,
) -> OutgoingMail:
    """Make a mail that waits, failed or was sent: for lists, and for sending again."""
    mail_id, moment = uuid.uuid4(), now()
    address = to.email or "" if isinstance(to, Account) else to or f"mail{next(_count)}@example.org"
    usual = {
        "message_id": f"<{mail_id}@localhost>",
        "recipient": address,
        "recipient_key": address_key(address),
        "account_id": to.id if isinstance(to, Account) else None,
        "sealed": None if state == "sent" else sealed_words.seal(mail_id, words or {"name": "A"}),
        "created_at": moment,
        "next_try_at": moment,
        "expires_at": moment + timedelta(days=5),
        "attempts": 0 if state == "waiting" else 1,
        "sent_at": moment if state == "sent" else None,
        "failed_at": moment if state == "failed" else None,
        "last_error": "RCPT TO: 550 5.1.1" if state == "failed" else None,
    }
    return saved(OutgoingMail(id=mail_id, kind=kind, **{**usual, **columns}))


def mails(kind: str | None = None) -> list[OutgoingMail]:
    waiting = select(OutgoingMail).order_by(OutgoingMail.created_at, OutgoingMail.id)
    rows = db.session().scalars(waiting.where(OutgoingMail.sealed.is_not(None)))
    return [row for row in rows if kind in (None, row.kind)]


def forget_mails() -> None:
    """Forget what was promised so far, where a story begins after somebody signed in."""
    db.session().execute(delete(OutgoingMail))
    db.session().commit()


def words(mail: OutgoingMail) -> dict[str, str]:
    """Return what a waiting mail will say: as its recipient would read it."""
    assert mail.sealed
    opened = sealing.unseal(config.current().secret_keys, mail.sealed, str(mail.id))
    found: dict[str, str] = json.loads(opened)
    return found


def latest_words(kind: str) -> dict[str, str]:
    return words(mails(kind)[-1])


def ticket_in(kind: str) -> str:
    """Return the ticket in the newest mail of its kind, as its link carries it."""
    return latest_words(kind)["link"].partition("ticket=")[2]


def told(event: AuditEvent) -> dict[str, object]:
    """Return what an event tells besides the visitor's own program."""
    return {name: value for name, value in event.details.items() if name != "user_agent"}


def not_me_in(kind: str) -> str:
    """Return the ticket in the newest mail of its kind, as its "this was not me" carries it."""
    return latest_words(kind)["not_me_link"].partition("/not-me?ticket=")[2]


def saved(row: _Row) -> _Row:
    db.session().add(row)
    db.session().commit()
    return row
