"""Forms about passwords: the own one, a proof of it, a temporary one for another account."""

from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.views.decorators.debug import sensitive_variables

from users.forms.layout import Buttons, Link, Submit, hint, layout
from users.models import User
from users.signin.password_rules import OperatorPasswordValidator
from users.validators import normalise_password


def password_field(label: str, *, empty: str, autocomplete: str, **kwargs) -> forms.CharField:
    """Return the field of a password: never trimmed, never cut, never written back."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "data-show-password": ""})
    return forms.CharField(
        label=label, strip=False, widget=widget, error_messages={"required": empty}, **kwargs
    )


def new_password_field(label: str, *, is_generated: bool = False) -> forms.CharField:
    """Return the field of an operator's new password, with its rule as a list below it.

    Where the password may be ``is_generated``, the browser can make one and copy it.
    """
    field = password_field(
        label,
        empty="Ingrese la clave",
        autocomplete="new-password",
        help_text=capfirst(OperatorPasswordValidator.RULE),
    )
    field.rule, field.is_generated = OperatorPasswordValidator(), is_generated
    return field


def repeated_password_field() -> forms.CharField:
    """Return the field in which a new password is typed again."""
    label = "Reingrese la clave"
    return password_field(label, empty=label, autocomplete="new-password")


class TwiceTypedForm(forms.Form):
    """A new password, typed twice."""

    MISMATCH = "Las claves no coinciden"

    password1 = new_password_field("Clave nueva")
    password2 = repeated_password_field()

    @sensitive_variables()
    def check_passwords(self, account: User) -> None:
        """Check the password against the rules of the account, and both texts for equality."""
        password1 = self.cleaned_data.get("password1")
        password2 = self.cleaned_data.get("password2")
        if not password1:
            return
        try:
            validate_password(password1, account)
        except ValidationError as error:
            self.add_error("password1", error)
        if password2 and normalise_password(password1) != normalise_password(password2):
            self.add_error("password2", self.MISMATCH)


class NewPasswordForm(TwiceTypedForm):
    """A new password of an account that exists."""

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account

    def clean(self):
        self.check_passwords(self.account)
        return self.cleaned_data


class OwnPasswordForm(NewPasswordForm):
    """A change of one's own password, which asks for the present password first."""

    current_password = password_field(
        "Clave actual", empty="Ingrese su clave actual", autocomplete="current-password"
    )
    field_order = ["current_password"]

    @property
    def helper(self):
        # A temporary password is changed before anything else.
        ways_out = [] if self.account.must_change_password else [Link("Cancelar", "portal:home")]
        return layout(
            "current_password",
            "password1",
            "password2",
            hint("Al cambiarla se cierran sus otras sesiones; esta sigue abierta."),
            Buttons(Submit("Cambiar clave"), *ways_out),
        )


class StaffOwnPasswordForm(AdminPasswordChangeForm):
    """Django's form, except that the view compares the current password and counts the guess."""

    @sensitive_variables()
    def clean_old_password(self):
        return self.cleaned_data["old_password"]


class OwnPasswordProofForm(forms.Form):
    """The current password, which a change of the second factor asks for."""

    password = password_field("Su clave", empty="Ingrese su clave", autocomplete="current-password")


class ResetPasswordForm(NewPasswordForm):
    """A temporary password for another account: generated, or typed twice."""

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

    helper = layout(
        "way",
        "password1",
        "password2",
        Buttons(Submit("Restablecer clave"), Link("Cancelar", "profiles:user", "account")),
    )

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
