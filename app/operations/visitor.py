"""Where a request comes from."""

import uuid
from dataclasses import dataclass

from app.models import Interface
from app.security.networks import network_of


@dataclass(frozen=True)
class Visitor:
    """Who is on the other end, as far as the portal can know before a password.

    `address` is the client's IP address, `device` what its known-device cookie says. `by` is the
    administrator who acts in a session that is not their own, as pages.looking_as found out.
    """

    interface: Interface
    address: str
    user_agent: str = ""
    device: str | None = None
    by: uuid.UUID | None = None

    @property
    def network(self) -> str:
        """What failures are counted under: an IPv4 address, or an IPv6 /64."""
        return network_of(self.address)
