"""Sample organisations and people, to try the portal with.

Two of the organisations are those of contract 003's document, with its UUIDs and settings.
"""

import uuid
from dataclasses import dataclass, field

from sqlalchemy import exists, select

from app import db
from app.models import Account, Organisation, Role
from app.operations import accounts, administration
from app.operations.administration import NewAccount
from app.operations.visitor import Visitor

PASSWORD = "paper boats at noon"  # noqa: S105 (known to all: this is for demonstrations only)
PASSWORD_AT_CY = "green kites by night"  # noqa: S105 (the same)

CYS_UNIVERSITY = uuid.UUID("08299f88-6223-49aa-84e7-1958d703de6e")
CY = uuid.UUID("f5018d73-5b20-4cca-87a7-aba9d5fd0f6a")
NORTHWIND = uuid.UUID("3f0c9f3e-8f0e-4b0a-9a55-6d0f5a6f2c11")
HARBOUR = uuid.UUID("7a4b1d52-2c1d-4c53-8f0b-b1f6a2f8e922")
READING_ROOM = uuid.UUID("c2d98a4e-6a3f-4d0b-8d0e-0c7f2c9b7d33")

ORGANISATIONS = {
    CYS_UNIVERSITY: (
        "Cy's University",
        {
            "enableLti": "false",
            "mfaForStudents": "false",
            "mfaForTeachers": "false",
            "allowGenericUsers": "false",
            "defaultTratSettings": "[5, 3, 1, 0]",
            "maxFailedSignInAttempts": "3",
        },
    ),
    CY: ("Cy", {}),
    NORTHWIND: (
        "Northwind College",
        {"mfaForStudents": "true", "mfaForTeachers": "true", "maxFailedSignInAttempts": "3"},
    ),
    HARBOUR: ("Harbour Institute", {"isSuspended": "true"}),
    READING_ROOM: ("Reading Room", {"allowGenericUsers": "true"}),
}


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as, and what that shows. `roles` are held by organisation."""

    name: str
    shows: str
    email: str | None = None
    username: str | None = None
    roles: dict[uuid.UUID, Role] = field(default_factory=dict)
    own_passwords: dict[uuid.UUID, str] = field(default_factory=dict)
    superuser: bool = False
    activated: bool = True

    @property
    def identity(self) -> str:
        """What to type to sign in."""
        return self.email or self.username or ""


PEOPLE = [
    Person(
        "Amira Okafor",
        "a student: straight in",
        email="amira@demo.example",
        roles={CYS_UNIVERSITY: Role.STUDENT},
    ),
    Person(
        "Teo Lindqvist",
        "a teacher: Northwind College mails a PIN",
        email="teo@demo.example",
        roles={NORTHWIND: Role.TEACHER},
    ),
    Person(
        "Noor Haddad",
        f'a choice of four; "Cy" has a password of its own: {PASSWORD_AT_CY}',
        email="noor@demo.example",
        roles={
            CYS_UNIVERSITY: Role.STUDENT,
            CY: Role.ACCOUNT_ADMIN,
            NORTHWIND: Role.TEACHER,
            HARBOUR: Role.TEACHER,
        },
        own_passwords={CY: PASSWORD_AT_CY},
    ),
    Person(
        "Desk 3",
        "a generic account: a username and no address",
        username="desk-3",
        roles={READING_ROOM: Role.STUDENT},
    ),
    Person(
        "Ines Moreau",
        "not activated yet: the mail waits in the outbox",
        email="ines@demo.example",
        activated=False,
    ),
    Person(
        "Robin Vale",
        "the portal's administrator",
        email="robin@demo.example",
        superuser=True,
    ),
]


def empty() -> bool:
    """Tell whether the portal has no account at all."""
    return not db.session().scalar(select(exists().where(Account.id.is_not(None))))


def fill(visitor: Visitor) -> None:
    """Add the sample organisations and people that are not there yet."""
    for organisation_id, (name, settings) in ORGANISATIONS.items():
        if db.session().get(Organisation, organisation_id) is None:
            administration.create_organisation(
                name, settings, visitor, organisation_id=organisation_id
            )
    for person in PEOPLE:
        if accounts.find(person.identity) is None:
            _add(person, visitor)


def _add(person: Person, visitor: Visitor) -> None:
    new = NewAccount(
        email=person.email,
        username=person.username,
        name=person.name,
        password=PASSWORD,
        superuser=person.superuser,
        activated=person.activated,
    )
    account = administration.create_account(new, visitor)
    for organisation_id, role in person.roles.items():
        organisation = administration.organisation_with(organisation_id)
        own = person.own_passwords.get(organisation_id)
        administration.add_membership(account, organisation, role, visitor, own)
