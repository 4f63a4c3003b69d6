"""What is typed at the two doors."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from operators.validators import normalise_ruc, validate_ruc
from users.forms.password import password_field
from users.models import User
from users.signin import throttle
from users.validators import normalise_username


class SignInForm(forms.Form):
    """RUC, usuario and clave, with the control ids that automated clients of the real portal
    drive."""

    WRONG_COMBINATION = "RUC, usuario o clave incorrectos."

    ruc = forms.CharField(
        label="RUC",
        error_messages={"required": "Ingrese el RUC"},
        widget=forms.TextInput(
            attrs={"id": "txtRuc", "inputmode": "numeric", "autocomplete": "organization"}
        ),
    )
    username = forms.CharField(
        label="Usuario",
        error_messages={"required": "Ingrese el usuario"},
        widget=forms.TextInput(
            attrs={"id": "txtUsuario", "autocomplete": "username", "autocapitalize": "characters"}
        ),
    )
    password = password_field("Clave", empty="Ingrese la clave", autocomplete="current-password")

    def __init__(self, request=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request
        self.user = None
        self.fields["password"].widget.attrs["id"] = "txtContrasena"

    def clean_ruc(self):
        ruc = normalise_ruc(self.cleaned_data["ruc"])
        validate_ruc(ruc)
        return ruc

    def clean_username(self):
        username = normalise_username(self.cleaned_data["username"])
        if username.isdigit() and len(username) == 11:
            raise ValidationError("En «Usuario» escriba el nombre de usuario, no el RUC")
        return username

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            try:
                self.user = authenticate(self.request, **cleaned)
            except throttle.LockedError as locked:
                raise ValidationError(locked.for_operators) from locked
            if self.user is None:
                raise ValidationError(self.WRONG_COMBINATION)
        return cleaned

    def get_user(self) -> User | None:
        return self.user


class StaffSignInForm(AdminAuthenticationForm):
    """The staff door: Django's own form, which knows nothing of locks."""

    @sensitive_variables()
    def clean(self):
        try:
            return super().clean()
        except throttle.LockedError as locked:
            raise ValidationError(locked.for_staff) from locked
