"""Telling somebody by mail to set up an authenticator app.

For the interfaces that have no words for it: only the pages and contract 000 show a QR code.
"""

from app import config, db
from app.mail import outbox
from app.models import Account


def tell(account: Account) -> None:
    """Mail the link to the page where the app is set up, if the account has an address.

    A transaction of its own. Nothing is sent where too many such mails went out of late.
    """
    words = {
        "name": account.shown_name,
        "link": f"{config.current().base_url}/sign-in/set-up",
    }
    with db.transaction():
        outbox.put("set_up", account, words)
