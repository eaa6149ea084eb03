"""The forms of administration. What may be chosen is said when the page is made."""

import uuid

from flask_babel import gettext as _
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from app.models import Role
from app.pages import roles
from app.pages.forms import (
    LONGEST_IDENTITY,
    LONGEST_NAME,
    Form,
    address,
    no_control_characters,
    stripped,
)
from app.pages.forms import when_shown as _l

LONGEST_USERNAME = 64
SHORTEST_REASON, LONGEST_REASON = 10, 500
NOWHERE = ""


class WhoForm(Form):
    """Somebody, named as they name themselves when they sign in."""

    identity = StringField(
        _l("Their e-mail address or username"),
        [
            DataRequired(_l("Enter an e-mail address or a username.")),
            Length(max=LONGEST_IDENTITY, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


class ChangeRoleForm(Form):
    """A role instead of another."""

    role = SelectField(_l("Role"), validate_choice=True)

    def offer(self, offered: list[Role]) -> None:
        """Say which roles there are to choose among."""
        self.role.choices = [(role.slug, roles.name(role)) for role in offered]

    def chosen(self) -> Role:
        """Return the role, once the form is valid."""
        return Role.of_slug(self.role.data) or Role.STUDENT


class RoleForm(Form):
    """A role, and where."""

    role = SelectField(_l("Role"), validate_choice=True)
    organisation = StringField(_l("Organisation"), filters=[stripped])
    choices: list[tuple[str, str]]
    asks_place = True

    def offer(
        self, offered: list[Role], places: list[tuple[uuid.UUID, str]], *, asks_place: bool
    ) -> None:
        """Say which roles and which organisations there are; without them a UUID is typed."""
        self.role.choices = [(role.slug, roles.name(role)) for role in offered]
        self.choices = [(str(place), name) for place, name in places]
        self.asks_place = asks_place

    def validate_organisation(self, field: StringField) -> None:
        """Ask for a place where the role belongs to one, and for none where it does not."""
        if not self.asks_place or self.role.data is None:
            return
        belongs_to_none = self.chosen() is Role.SUPERUSER
        if belongs_to_none and field.data:
            raise ValidationError(_("Superusers belong to no organisation: choose none."))
        if not belongs_to_none and self.place() is None:
            raise ValidationError(_("Choose the organisation that the role is at."))

    def chosen(self) -> Role:
        """Return the role, once the form is valid."""
        return Role.of_slug(self.role.data) or Role.STUDENT

    def place(self) -> uuid.UUID | None:
        """Return the organisation that was chosen or typed; None for none, and for nonsense."""
        try:
            return uuid.UUID(self.organisation.data or "")
        except ValueError:
            return None


class NewAccountForm(RoleForm):
    """Somebody who is to have an account. There is no password to type: nobody else chooses it."""

    email = address(_l("Enter an e-mail address."))
    name = StringField(
        _l("Name"),
        [Length(max=LONGEST_NAME, message=_l("This is too long.")), no_control_characters],
        filters=[stripped],
    )
    username = StringField(
        _l("Username"),
        [Length(max=LONGEST_USERNAME, message=_l("This is too long.")), no_control_characters],
        filters=[stripped],
    )

    def offer(
        self, offered: list[Role], places: list[tuple[uuid.UUID, str]], *, asks_place: bool
    ) -> None:
        """Say what there is to choose among; no role at all is a choice too."""
        super().offer(offered, places, asks_place=asks_place)
        named = [(role.slug, roles.name(role)) for role in offered]
        self.role.choices = [(NOWHERE, _("None yet")), *named]

    def validate_organisation(self, field: StringField) -> None:
        """Ask for a place only where a role is chosen."""
        if self.role.data != NOWHERE:
            super().validate_organisation(field)
        elif field.data:
            raise ValidationError(_("Choose the role that the person has there."))


class EverybodyForm(Form):
    """Words to type before everybody's sessions end: no slip of the mouse does that."""

    words = StringField(_l("Type the words"), [DataRequired()], filters=[stripped])

    def validate_words(self, field: StringField) -> None:
        """Take the words however they are spaced and capitalised."""
        typed = " ".join((field.data or "").split()).casefold()
        if typed != phrase().casefold():
            raise ValidationError(_("Type exactly: %(words)s", words=phrase()))


def phrase() -> str:
    """Return the words that have to be typed."""
    return _("sign everybody out")


class ReasonForm(Form):
    """Why somebody is to be looked at; they read it."""

    reason = StringField(
        _l("Reason"),
        [
            DataRequired(_l("Say why.")),
            Length(
                min=SHORTEST_REASON,
                max=LONGEST_REASON,
                message=_l("Say why in 10 to 500 characters."),
            ),
            no_control_characters,
        ],
        filters=[stripped],
    )


class DirectoryForm(WhoForm):
    """Whom to look for, and a password to try, if any."""

    password = PasswordField(_l("Password"), [Length(max=LONGEST_IDENTITY)])
