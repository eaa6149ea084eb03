"""What whoever imports may grant. A row that asks for more is refused, and no other."""

import uuid
from dataclasses import dataclass, field

from app.models import Role
from app.operations.import_entries import Entry
from app.operations.import_faults import Fault, Faults

SECRETS = ("id", "short_id", "password_hash", "totp_secret", "organisation_password_hash")
NOT_TO_INVITE = (
    "id",
    "short_id",
    "username",
    "activated",
    "suspended",
    "superuser",
    "totp_secret",
    "organisation_password_hash",
)


@dataclass(frozen=True)
class Authority:
    """What may be granted, row by row. The least is nothing.

    `organisations` are those that members may be added to, None for all and for accounts that
    belong to none; `roles` those that they may be given. `superusers` may make superusers.
    `secrets` may bring along passwords, authenticator apps, identifiers and activation; without
    it, people are added as not yet activated. Who administers one organisation should not have it:
    an account whose password they know is an account at all others, too.

    Whoever `invites` sees the members of those organisations and nobody else: all others get an
    invitation, whether they have an account or not, so that nothing tells the one from the other
    and nobody becomes a member unasked. A password's hash may come along, for it becomes good only
    for somebody who reads the invitation's mail and knows that password (operations.joining).
    """

    organisations: frozenset[uuid.UUID] | None = frozenset()
    roles: frozenset[Role] = field(default_factory=frozenset)
    superusers: bool = False
    secrets: bool = False
    invites: bool = False

    def restrain(self, entry: Entry, organisation_id: uuid.UUID | None) -> Faults:
        """Return what a row asks for beyond this; what it leaves open is given as little."""
        asked = []
        if self.organisations is not None and organisation_id not in self.organisations:
            asked.append("organisation")
        if entry.role is not None and entry.role not in self.roles:
            asked.append("role")
        if entry.superuser and not self.superusers and not self.invites:
            asked.append("superuser")
        if self.invites:
            asked += [column for column in NOT_TO_INVITE if column in entry.given]
        elif not self.secrets:
            asked += self._secrets(entry)
        return [(column, Fault.NOT_ALLOWED) for column in asked]

    def _secrets(self, entry: Entry) -> list[str]:
        activated = entry.activated and "activated" in entry.given
        entry.activated = False
        asked = [column for column in SECRETS if column in entry.given]
        return [*asked, "activated"] if activated or not entry.email else asked


EVERYTHING = Authority(None, frozenset(Role), superusers=True, secrets=True)
