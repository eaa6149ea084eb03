"""The forms. Lengths here only keep nonsense out; what a good value is, operations decide."""

import unicodedata
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from app.errors import PasswordRefused, Refusal
from app.pages import passkey_options, problems
from app.security.tokens import is_recovery_code

LONGEST_IDENTITY = 320  # characters: the longest e-mail address
LONGEST_PASSWORD = 1_024  # characters as sent; what fits a password, operations say
LONGEST_NAME = 200
LONGEST_CODE = 40
LONGEST_PASSKEY_NAME = 100
LONGEST_CREDENTIAL = 12_000  # characters of JSON; the largest that we ask for have some 3,000
DIGITS = 6
BETWEEN_DIGITS = " -\u00a0\u202f"  # as people type them, and as apps show them


def _l(text: str) -> str:
    """Translate when shown; WTForms takes such texts, but its types don't say so."""
    return cast(str, lazy_gettext(text))


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


def _identity() -> StringField:
    return StringField(
        _l("E-mail or username"),
        [
            DataRequired(_l("Enter your e-mail address or username.")),
            Length(max=LONGEST_IDENTITY, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


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
    return StringField(
        _l("Your name"),
        [
            DataRequired(_l("Enter your name.")),
            Length(max=LONGEST_NAME, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


def _typed_code() -> StringField:
    return StringField(
        _l("Code from the mail"),
        [
            DataRequired(_l("Enter the code from the mail.")),
            Length(max=LONGEST_CODE, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


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


class AnswerForm(Form):
    """Six digits: what the second step asks for. Each kind names its own."""

    code = StringField()
    trust = BooleanField(_l("Trust this device"))
    NOT_SIX = ""

    def refuse_answer(self, refusal: Refusal) -> None:
        """Say beside the answer why it was refused."""
        self.code.errors = [problems.sentence(refusal)]

    def validate_code(self, field: StringField) -> None:
        """Take six ASCII digits, with blanks and hyphens between them as people type them."""
        digits = "".join(sign for sign in field.data or "" if sign not in BETWEEN_DIGITS)
        if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
            raise ValidationError(self.NOT_SIX)
        field.data = digits


class PinForm(AnswerForm):
    """The six digits that were mailed."""

    code = StringField(_l("PIN"), [DataRequired(_l("Enter the PIN from the mail."))])
    NOT_SIX = _l("The PIN is six digits.")


class AppCodeForm(AnswerForm):
    """The six digits that an authenticator app shows."""

    code = StringField(_l("Code from the app"), [DataRequired(_l("Enter the code from the app."))])
    NOT_SIX = _l("The code is six digits.")


class RecoveryForm(AnswerForm):
    """A code from the sheet of recovery codes."""

    code = StringField(
        _l("Recovery code"),
        [
            DataRequired(_l("Enter one of your recovery codes.")),
            Length(max=LONGEST_CODE, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )

    def validate_code(self, field: StringField) -> None:
        """Take what has a recovery code's form; anything else is a slip, and no try."""
        if not is_recovery_code(field.data or ""):
            raise ValidationError(_("A recovery code has sixteen letters and digits."))


class PasskeyForm(AnswerForm):
    """What a browser made with a passkey: the page's script writes it, as JSON."""

    code = HiddenField(
        validators=[
            DataRequired(_l("Your browser made nothing of a passkey. Try again.")),
            Length(max=LONGEST_CREDENTIAL, message=_l("This is too long.")),
        ]
    )

    def validate_code(self, field: StringField) -> None:
        """Leave it to the operation: every broken one is the same refusal."""

    def refuse_answer(self, refusal: Refusal) -> None:
        """Say above the button why it was refused."""
        self.form_errors.append(passkey_options.sentence(refusal))


class PasskeySignInForm(PasskeyForm):
    """A passkey in the place of a password."""

    keep = BooleanField()


class PasskeyNameForm(Form):
    """What to call a passkey."""

    name = StringField(
        _l("Name of the passkey"),
        [
            DataRequired(_l("Enter a name.")),
            Length(max=LONGEST_PASSKEY_NAME, message=_l("This is too long.")),
            no_control_characters,
        ],
        filters=[stripped],
    )


class NewPasskeyForm(PasskeyForm, PasskeyNameForm):
    """A passkey that the browser just made, and what to call it."""


class FactorForm(Form):
    """Another factor to answer."""

    factor = HiddenField(validators=[DataRequired(), Length(max=LONGEST_CODE)])


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
