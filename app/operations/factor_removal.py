"""Taking away a lost second factor, in the caller's transaction."""

from sqlalchemy import delete

from app import config, db
from app.mail import outbox
from app.models import Account, TotpDevice
from app.operations import second_factor, sessions


def is_there(account: Account) -> bool:
    """Tell whether the account has a factor that an administrator could remove."""
    return second_factor.device_of(account) is not None


def remove(account: Account) -> None:
    """Remove the account's authenticator app, confirmed or pending; tell its owner by mail.

    All its sessions end: whoever has them may not be who lost the app.
    """
    db.session().execute(delete(TotpDevice).where(TotpDevice.account_id == account.id))
    second_factor.forgive(account)
    sessions.end_all_of(account.id)
    words = {
        "name": account.shown_name,
        "forgotten_link": f"{config.current().base_url}/forgotten",
    }
    outbox.put("app_removed", account, words)
