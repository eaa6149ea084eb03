"""The forms that invite people: one by one, or a whole list."""

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from app.models import Role
from app.pages import roles
from app.pages.forms import LONGEST_NAME, Form, address, no_control_characters, stripped
from app.pages.forms import when_shown as _l


class _ForRole(Form):
    role = SelectField(_l("Role"), validate_choice=True)

    def offer(self, offered: list[Role]) -> None:
        """Say which roles there are to choose among."""
        self.role.choices = [(role.slug, roles.name(role)) for role in offered]

    def chosen(self) -> Role:
        """Return the role, once the form is valid."""
        return Role.of_slug(self.role.data) or Role.STUDENT


class InviteForm(_ForRole):
    """Somebody who is to be invited."""

    email = address(_l("Enter an e-mail address."))
    name = StringField(
        _l("Name"),
        [Length(max=LONGEST_NAME, message=_l("This is too long.")), no_control_characters],
        filters=[stripped],
    )


class InviteListForm(_ForRole):
    """People who are to be invited, one a line."""

    people = TextAreaField(_l("People"), [DataRequired(_l("Enter at least one address."))])
