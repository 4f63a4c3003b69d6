"""A clave: asked for, proved to be known, changed by its owner, and given to another."""

from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from users.models import User


def password_field(label: str, *, empty: str, autocomplete: str, **kwargs) -> forms.CharField:
    """A clave as it must be asked for: never trimmed, never cut, never written back."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "data-show-password": ""})
    return forms.CharField(
        label=label, strip=False, widget=widget, error_messages={"required": empty}, **kwargs
    )


class TwiceTypedForm(forms.Form):
    """A clave for an account, typed twice. None is ever written back."""

    password1 = password_field(
        "Clave nueva",
        empty="Ingrese la clave",
        autocomplete="new-password",
        help_text="Entre 8 y 12 caracteres, con al menos un número",
    )
    password2 = password_field(
        "Reingrese la clave", empty="Reingrese la clave", autocomplete="new-password"
    )

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        password1, password2 = cleaned.get("password1"), cleaned.get("password2")
        if password1:
            try:
                validate_password(password1, self.account)
            except ValidationError as error:
                self.add_error("password1", error)
            if password2 and password1 != password2:
                self.add_error("password2", "Las claves no coinciden")
        return cleaned


class OwnPasswordForm(TwiceTypedForm):
    """Whoever changes his own clave proves first that he has the present one."""

    current_password = password_field(
        "Clave actual", empty="Ingrese su clave actual", autocomplete="current-password"
    )
    field_order = ["current_password"]


class StaffOwnPasswordForm(AdminPasswordChangeForm):
    """Django's form, except that the view compares the current password and counts the guess."""

    @sensitive_variables()
    def clean_old_password(self):
        return self.cleaned_data["old_password"]


class OwnPasswordProofForm(forms.Form):
    """The current password, which a change of the second factor asks for."""

    password = password_field("Su clave", empty="Ingrese su clave", autocomplete="current-password")


class ResetPasswordForm(TwiceTypedForm):
    """A temporary clave for another: generated, or typed twice."""

    GENERATE, TYPE = "generate", "type"

    way = forms.ChoiceField(
        label="Clave temporal",
        choices=[(GENERATE, "Generar una y mostrarla una sola vez"), (TYPE, "Escribirla aquí")],
        initial=GENERATE,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Elija cómo dar la clave temporal",
            "invalid_choice": "Elija cómo dar la clave temporal",
        },
    )
    field_order = ["way"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.data.get("way") != self.TYPE:
            # Only what is typed has to be right.
            for name in ("password1", "password2"):
                self.fields[name].required = False

    @property
    def is_generated(self) -> bool:
        return self.cleaned_data["way"] == self.GENERATE

    def clean(self):
        return self.cleaned_data if self.data.get("way") != self.TYPE else super().clean()
