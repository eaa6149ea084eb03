"""Handing an account that was never activated to whoever proves that its address is theirs.

Anybody can register anybody's address, with a password of their own. So nothing that could let
somebody in stays of what was there, and nothing that could be answered in a second step.
"""

from sqlalchemy import delete

from app import db
from app.models import (
    Account,
    ActivationTicket,
    AddressTicket,
    NotMeTicket,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    RecoverySheet,
    ResetTicket,
    TotpDevice,
    UnlockTicket,
)
from app.operations import known_devices, sessions

GOES = (
    ActivationTicket,
    AddressTicket,
    NotMeTicket,
    ResetTicket,
    UnlockTicket,
    PasskeyChallenge,
    Passkey,
    RecoveryCode,
    RecoverySheet,
    TotpDevice,
)


def hand_over(account: Account) -> None:
    """Leave nothing that opens an account but a password, which the caller replaces.

    In the caller's transaction. Roles stay, and so do passwords that are good at one organisation
    only: administrators gave those.
    """
    for table in GOES:
        theirs = delete(table).where(table.account_id == account.id)
        db.session().execute(theirs.execution_options(synchronize_session=False))
    sessions.end_all_of(account.id)
    known_devices.forget_all(account)
    account.registered_at = account.pin_chosen_at = None
