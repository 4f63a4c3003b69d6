"""Forms for the codes of the second factor: the first one of an app, and those of a sign-in."""

from django import forms
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from users.actions.signing_in import WRONG_CODE
from users.forms.password import OwnPasswordProofForm
from users.signin import second_factor


class CodeInput(forms.TextInput):
    """An input that never writes a typed code back."""

    def format_value(self, value):
        return None


class CodeField(forms.CharField):
    """A code of a given shape, cleaned of blanks and hyphens."""

    widget = CodeInput

    def __init__(self, *, shape, wrong: str, **kwargs):
        super().__init__(error_messages={"required": wrong}, **kwargs)
        self.shape, self.wrong = shape, wrong

    def clean(self, value):
        code = second_factor.normalise_code(super().clean(value))
        if (code or self.required) and not self.shape.fullmatch(code):
            raise ValidationError(self.wrong)
        return code


def app_code_field(**kwargs) -> CodeField:
    attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}
    return CodeField(
        label="Código",
        shape=second_factor.APP_CODE,
        wrong="Ingrese los 6 números que muestra la aplicación",
        widget=CodeInput(attrs=attrs),
        **kwargs,
    )


class TurnOnSecondFactorForm(OwnPasswordProofForm):
    """The first code of an app, which proves that the app has the secret of ``offer``."""

    code = app_code_field(help_text="Los 6 números que muestra ahora la aplicación.")
    offer = forms.CharField(widget=forms.HiddenInput)
    field_order = ["code", "password"]


class CodeForm(forms.Form):
    """What a sign-in asks for after the password: a code of the app or a recovery code."""

    code = app_code_field(required=False)
    recovery_code = CodeField(
        label="Código de recuperación",
        shape=second_factor.RECOVERY_CODE,
        wrong="Ingrese las 16 letras y números de uno de sus códigos de recuperación",
        help_text="16 letras y números, como ABCD-EFGH-IJKL-MNOP. Cada uno sirve una vez.",
        required=False,
        widget=CodeInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    # The error of a code that is well-formed and wrong.
    WRONG = {
        "code": WRONG_CODE,
        "recovery_code": "Ese código de recuperación no es correcto o ya se usó. Use otro",
    }

    @property
    def given(self) -> str:
        """The field that holds the code to compare; a recovery code has precedence."""
        return "recovery_code" if self.cleaned_data["recovery_code"] else "code"

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        if not self.errors and not cleaned[self.given]:
            self.add_error("code", self.fields["code"].wrong)
        return cleaned
