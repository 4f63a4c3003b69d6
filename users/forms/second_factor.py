"""Forms for the codes of the second factor: the first one of an app, and those of a sign-in."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.views.decorators.debug import sensitive_variables

from users.actions.signing_in import WRONG_CODE
from users.forms.layout import Buttons, Include, Link, Submit, hint, layout
from users.forms.password import OwnPasswordProofForm
from users.models import User
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
    """The first code of an app, which proves that the app has the secret of ``offer``.

    ``secret`` is the offered secret, None if the offer is not of this account or has expired. A
    form that is not sent yet makes a new offer.
    """

    code = app_code_field(help_text="Los 6 números que muestra ahora la aplicación.")
    offer = forms.CharField(widget=forms.HiddenInput)
    field_order = ["code", "password"]

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_required = second_factor.is_required_of(account)
        if self.is_bound:
            self.secret = second_factor.offered_to(account.pk, self.data.get("offer", ""))
        else:
            self.secret = second_factor.new_secret()
            self.initial["offer"] = second_factor.offer_of(account.pk, self.secret)

    @property
    def helper(self):
        ways_out = [] if self.is_required else [Link("Cancelar", "users:own_password")]
        return layout(
            "code",
            "password",
            hint(
                "Al activarlo se cierran sus otras sesiones; esta sigue abierta. Después verá sus "
                "códigos de recuperación: téngalos donde guardarlos."
            ),
            Buttons(Submit("Activar"), *ways_out),
            is_kept=False,
        )


class TurnOffSecondFactorForm(OwnPasswordProofForm):
    """Turn off the second factor of the signed-in user."""

    helper = layout(
        "password",
        Buttons(Submit("Desactivar", kind="danger"), Link("Cancelar", "users:second_factor")),
        is_kept=False,
    )


class NewRecoveryCodesForm(OwnPasswordProofForm):
    """Replace the recovery codes of the signed-in user."""

    helper = layout(
        "password",
        Buttons(Submit("Hacer códigos nuevos"), Link("Cancelar", "users:second_factor")),
        is_kept=False,
    )


class RemoveSecondFactorForm(forms.Form):
    """Turn off the second factor of another user."""

    helper = layout(
        Buttons(
            Submit("Quitar el segundo factor", kind="danger"),
            Link("Cancelar", "profiles:user", "account"),
        ),
        css_class="",
    )


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

    helper = layout(
        Include("users/carried.html"),
        "code",
        Include("users/recovery_code.html"),
        Buttons(Submit("Ingresar"), Link("Volver al ingreso", address="door")),
        is_kept=False,
        action=reverse_lazy("users:sign_in_code"),
    )

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
