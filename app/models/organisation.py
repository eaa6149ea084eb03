"""A body that accounts belong to, and what it asks of them."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from sqlalchemy import JSON, Dialect, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.clock import now
from app.db import Base


class Demand(enum.IntEnum):
    """What a policy asks besides the password, from least to strictest."""

    NONE = 0
    ANY = 1  # an e-mailed PIN or better
    APP = 2  # an authenticator app or a passkey: a PIN is not enough


class OrganisationSettings(BaseModel):
    """Contract 003's six settings, in its spelling, validated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enableLti: StrictBool = False
    mfaForStudents: StrictBool = False
    mfaForTeachers: StrictBool = False
    allowGenericUsers: StrictBool = False
    defaultTratSettings: Annotated[
        list[Annotated[StrictInt, Field(ge=0, le=100)]], Field(min_length=1, max_length=10)
    ] = [5, 3, 1, 0]
    maxFailedSignInAttempts: Annotated[StrictInt, Field(ge=1, le=100)] = 10


FactorDemand = Literal["none", "any", "app"]


class OrganisationPolicy(BaseModel):
    """Our own rules beside contract 003's, served only on our pages.

    `pinAllowed` off makes every factor that is asked an app or a passkey: an e-mailed PIN is none
    by NIST SP 800-63B-4. `rememberDeviceDays` is for how long a device may be trusted, 0: never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    factorForStudents: FactorDemand = "none"
    factorForTeachers: FactorDemand = "none"
    factorForAccountAdmins: FactorDemand = "none"
    passwordMinLength: Annotated[StrictInt, Field(ge=6, le=128)] | None = None
    lockMinutes: Annotated[StrictInt, Field(ge=1, le=1440)] = 15
    pinAllowed: StrictBool = True
    rememberDeviceDays: Annotated[StrictInt, Field(ge=0, le=90)] = 0
    sessionHours: Annotated[StrictInt, Field(ge=1, le=720)] | None = None


class Validated(TypeDecorator[BaseModel]):
    """A pydantic model kept as JSON; null where there is none."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, model: type[BaseModel]) -> None:
        super().__init__()
        self.model = model

    def process_bind_param(
        self,
        value: BaseModel | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> Any:
        """Keep the model's plain data."""
        return None if value is None else value.model_dump()

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> BaseModel | None:
        """Read it back, validated."""
        return None if value is None else self.model.model_validate(value)


class Role(enum.StrEnum):
    """What a member is, in the words of contract 003."""

    SUPERUSER = "Superuser"
    ACCOUNT_ADMIN = "Account Admin"
    TEACHER = "Teacher"
    STUDENT = "Student"

    @property
    def slug(self) -> str:
        """The role as a part of a URL: `account-admin`."""
        return self.value.lower().replace(" ", "-")

    @classmethod
    def of_slug(cls, slug: str) -> Role | None:
        """Return the role that a part of a URL names, if it names one."""
        return next((role for role in cls if role.slug == slug), None)


class Organisation(Base):
    """A school or company. Written by operations.administration.

    `activated_at` and `paid_at` only record what contract 003 serves as `isActive` and
    `isPaid`: they never refuse anybody. `suspended_at` does.
    """

    __tablename__ = "organisations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(200))
    account_name: Mapped[str | None] = mapped_column(String(200))
    settings: Mapped[OrganisationSettings | None] = mapped_column(Validated(OrganisationSettings))
    policy: Mapped[OrganisationPolicy] = mapped_column(
        Validated(OrganisationPolicy), default=OrganisationPolicy
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    activated_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]

    @property
    def effective_settings(self) -> OrganisationSettings:
        """The settings, or what holds where the organisation never set any."""
        return self.settings or OrganisationSettings()

    def demand_on(self, role: Role) -> Demand:
        """Return what this organisation asks of members in `role` besides a password."""
        settings, policy = self.effective_settings, self.policy
        match role:
            case Role.STUDENT:
                asked = _strictest(settings.mfaForStudents, policy.factorForStudents)
            case Role.TEACHER:
                asked = _strictest(settings.mfaForTeachers, policy.factorForTeachers)
            case Role.ACCOUNT_ADMIN:
                asked = Demand[policy.factorForAccountAdmins.upper()]
            case Role.SUPERUSER:
                asked = Demand.NONE
        return Demand.APP if asked and not policy.pinAllowed else asked


def _strictest(mfa: bool, demand: FactorDemand) -> Demand:  # noqa: FBT001 (a setting's value)
    return max(Demand.ANY if mfa else Demand.NONE, Demand[demand.upper()])
