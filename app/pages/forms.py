"""The forms. Lengths here only keep nonsense out; what a good value is, operations decide."""

import unicodedata
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from app.errors import PasswordRefused, Refusal
from app.pages import problems

LONGEST_IDENTITY = 320  # characters: the longest e-mail address
LONGEST_PASSWORD = 1_024  # characters as sent; what fits a password, operations say
LONGEST_NAME = 200
LONGEST_CODE = 40


def when_shown(text: str, **values: object) -> str:
    """Translate when shown; WTForms takes such texts, but its types don't say so."""
    return cast(str, lazy_gettext(text, **values))


_l = when_shown


class Form(FlaskForm):
    """What all our forms can do."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]

    @property
    def errors(self) -> dict[str, list[str]]:  # type: ignore[override]
        """Every problem as text: templates cannot tell a lazy translation from a list."""
        return {name: [str(each) for each in found] for name, found in super().errors.items()}

    def refuse(self, refusal: Refusal) -> None:
        """Say above the form why it was refused."""
        self.form_errors.append(problems.sentence(refusal))


def no_control_characters(_form: FlaskForm, field: Field) -> None:
    """Refuse what no page may hold, not even to show what was typed."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in field.data or ""):
        field.data = ""
        raise ValidationError(_("There is a character here that cannot be used."))


def stripped(text: str | None) -> str:
    """Return what was typed without blanks around it."""
    return (text or "").strip()


def line(label: str, missing: str, longest: int) -> StringField:
    """Return a field for a line of text; `longest` in characters."""
    return StringField(
        label,
        [
            DataRequired(missing),
            Length(max=longest, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


def _identity() -> StringField:
    missing = _l("Enter your e-mail address or username.")
    return line(_l("E-mail or username"), missing, LONGEST_IDENTITY)


def address(missing: str = _l("Enter your e-mail address.")) -> EmailField:
    """Return a field for an e-mail address, one's own or, with words for it, somebody else's."""
    return EmailField(
        _l("E-mail address"),
        [
            DataRequired(missing),
            Length(max=LONGEST_IDENTITY, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


def _password(label: str, missing: str) -> PasswordField:
    limit = Length(max=LONGEST_PASSWORD, message=_l("This password is too long."))
    return PasswordField(label, [InputRequired(missing), limit])


def _name() -> StringField:
    return line(_l("Your name"), _l("Enter your name."), LONGEST_NAME)


def _typed_code() -> StringField:
    return line(_l("Code from the mail"), _l("Enter the code from the mail."), LONGEST_CODE)


class SignInForm(Form):
    """Who it is."""

    identity = _identity()
    password = _password(_l("Password"), _l("Enter your password."))
    keep = BooleanField(_l("Keep me signed in on this device"))


class ChoiceForm(Form):
    """A way in that was chosen; `membership` only helps to remember the choice."""

    handle = HiddenField(validators=[DataRequired(), Length(max=LONGEST_PASSWORD)])
    membership = HiddenField()


class AnotherPasswordForm(Form):
    """The password of one membership that has its own."""

    membership = HiddenField(validators=[DataRequired()])
    password = _password(_l("Password there"), _l("Enter the password you use there."))


class NewPasswordForm(Form):
    """A new password."""

    password = _password(_l("New password"), _l("Enter a new password."))

    def refuse_password(self, refusal: PasswordRefused) -> None:
        """Say beside the new password why it cannot be used."""
        self.password.errors = problems.password_sentences(refusal)


class RegistrationForm(NewPasswordForm):
    """Somebody new."""

    email = address()
    name = _name()
    password = _password(_l("Password"), _l("Enter a password."))


class JoiningForm(NewPasswordForm):
    """Somebody new who was invited: the address is known."""

    name = _name()
    password = _password(_l("Password"), _l("Enter a password."))


class NameForm(Form):
    """What to call somebody."""

    name = _name()


class UsernameForm(Form):
    """What to sign in by besides the address; blank for nothing."""

    username = StringField(
        _l("Username"),
        [
            Optional(),
            Length(max=LONGEST_IDENTITY, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


class NewAddressForm(Form):
    """The address that is to take the place of the present one."""

    email = address()


class RemovalForm(Form):
    """What somebody types who really wants the account to go."""

    identity = _identity()


class ChangePasswordForm(NewPasswordForm):
    """The current password and the next, in the order in which they stand."""

    current = _password(_l("Current password"), _l("Enter your current password."))
    password = _password(_l("New password"), _l("Enter a new password."))


class ConfirmForm(Form):
    """The password once more."""

    password = _password(_l("Password"), _l("Enter your password."))


class IdentityForm(Form):
    """Whom a mail is for."""

    identity = _identity()


class CodeForm(IdentityForm):
    """What to type where a mail's link cannot be followed."""

    code = _typed_code()


class TicketForm(Form):
    """One button: the ticket came by the link."""
