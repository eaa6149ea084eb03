"""Which second factors an account has, and which of them a way in wants.

The one place that decides it: pages and contracts differ only in what they can ask for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import exists, select

from app import db
from app.models import Account, Demand, Factor, Interface, Membership, Passkey, TotpDevice

STRONG = frozenset({Factor.CODE, Factor.PASSKEY, Factor.RECOVERY})


@dataclass(frozen=True)
class Held:
    """The second factors of one account.

    `pin` is e-mailed PINs as a factor of the person's own; `address` tells whether a PIN could go
    anywhere.
    """

    app: bool
    passkey: bool
    pin: bool
    address: bool

    @property
    def strong(self) -> bool:
        """Tell whether there is a factor that a stolen mailbox does not answer."""
        return self.app or self.passkey

    @property
    def floor(self) -> Demand:
        """What is asked on every way in: a factor that somebody has set up is asked everywhere.

        Whoever chose PINs beside an app or a passkey is let in by either.
        """
        if self.pin:
            return Demand.ANY
        return Demand.APP if self.strong else Demand.NONE


def of(account: Account) -> Held:
    """Return the factors that an account has now."""
    app = exists().where(TotpDevice.account_id == account.id, TotpDevice.confirmed_at.is_not(None))
    passkey = exists().where(Passkey.account_id == account.id)
    has_app, has_passkey = db.session().execute(select(app, passkey)).one()
    chosen = account.pin_chosen_at is not None and account.email is not None
    return Held(has_app, has_passkey, chosen, account.email is not None)


def choices(held: Held, demand: Demand, interface: Interface) -> tuple[Factor, ...]:
    """Return what answers a way in that asks `demand`, the one that is asked for first.

    A PIN needs an address to go to, is not enough where an app is demanded, and beside a stronger
    factor counts only where the person chose it. Passkeys are for the pages; where programs come
    in, a recovery code takes the place of a passkey. Whoever has nothing that is enough enrols.
    """
    if max(demand, held.floor) is Demand.NONE:
        return (Factor.NONE,)
    pin = held.address and demand is not Demand.APP and (held.pin or not held.strong)
    on_pages = interface is Interface.PAGES
    good = {
        Factor.CODE: held.app,
        Factor.PASSKEY: held.passkey and on_pages,
        Factor.PIN: pin,
    }
    found = tuple(factor for factor, is_good in good.items() if is_good)
    return found or ((Factor.CODE,) if held.strong else (Factor.ENROLMENT,))


def due(held: Held, demand: Demand, interface: Interface, chosen: Factor | None = None) -> Factor:
    """Return the factor that is asked for: the `chosen` one where it is good here.

    A PIN may be chosen where nothing is demanded: as the proof of one's mail.
    """
    good = choices(held, demand, interface)
    more = chosen is Factor.PIN and good == (Factor.NONE,) and held.address
    return chosen if chosen is not None and (chosen in good or more) else good[0]


def satisfies(factor: Factor, demand: Demand) -> bool:
    """Tell whether having answered `factor` meets `demand`."""
    if demand is Demand.ANY:
        return factor is Factor.PIN or factor in STRONG
    return demand is Demand.NONE or factor in STRONG


def strictest_demand(memberships: Iterable[Membership]) -> Demand:
    """Return the strictest that any live membership asks: what the account as a whole needs."""
    live = (membership.demand for membership in memberships if not membership.suspended)
    return max(live, default=Demand.NONE)
