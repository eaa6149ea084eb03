"""The forms that answer a second factor: PINs, codes, recovery codes and passkeys."""

from flask_babel import gettext as _
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from app.errors import Refusal
from app.pages import passkey_options, problems
from app.pages.forms import LONGEST_CODE, Form, line
from app.pages.forms import when_shown as _l
from app.security.tokens import is_recovery_code

LONGEST_PASSKEY_NAME = 100
LONGEST_CREDENTIAL = 12_000  # characters of JSON; the largest that we ask for have some 3,000
DIGITS = 6
BETWEEN_DIGITS = " -\u00a0\u202f"  # as people type them, and as apps show them


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

    code = line(_l("Recovery code"), _l("Enter one of your recovery codes."), LONGEST_CODE)

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

    name = line(_l("Name of the passkey"), _l("Enter a name."), LONGEST_PASSKEY_NAME)


class NewPasskeyForm(PasskeyForm, PasskeyNameForm):
    """A passkey that the browser just made, and what to call it."""


class FactorForm(Form):
    """Another factor to answer."""

    factor = HiddenField(validators=[DataRequired(), Length(max=LONGEST_CODE)])
