"""Taking away lost second factors, in the caller's transaction."""

from sqlalchemy import delete

from app import config, db
from app.mail import outbox
from app.models import Account, Passkey, TotpDevice
from app.operations import factors, recovery_codes, remembered_devices, second_factor, sessions


def is_there(account: Account) -> bool:
    """Tell whether the account has a factor that an administrator could remove."""
    return factors.of(account).strong


def remove(account: Account) -> None:
    """Remove the account's app, passkeys, recovery codes and trusted devices; tell its owner.

    All its sessions end: whoever has them may not be who lost the factor.
    """
    for table in (TotpDevice, Passkey):
        db.session().execute(delete(table).where(table.account_id == account.id))
    recovery_codes.forget(account)
    remembered_devices.forget_all(account)
    second_factor.forgive(account)
    sessions.end_all_of(account.id)
    forgotten = f"{config.current().base_url}/forgotten"
    outbox.put(
        "factors_removed", account, {"name": account.shown_name, "forgotten_link": forgotten}
    )
