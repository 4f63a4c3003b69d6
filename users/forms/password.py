"""A clave: asked for, proved to be known, changed by its owner, and given to another."""

from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from users.models import User
from users.signin import throttle


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

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, account=request.user, **kwargs)
        self.request = request

    @sensitive_variables()
    def clean_current_password(self):
        return own_password(self.request, self.cleaned_data["current_password"])


class StaffOwnPasswordForm(AdminPasswordChangeForm):
    """Django's own, with the guesses at the present password counted like those at the door."""

    def __init__(self, request, *args, **kwargs):
        super().__init__(request.user, *args, **kwargs)
        self.request = request

    @sensitive_variables()
    def clean_old_password(self):
        wrong = self.error_messages["password_incorrect"]
        return own_password(self.request, self.cleaned_data["old_password"], wrong=wrong)


@sensitive_variables()
def own_password(request, password: str, *, wrong: str = "La clave actual no es correcta") -> str:
    """The clave, if it is that of who is in; a guess like any other, or else ValidationError."""
    user = request.user
    try:
        with throttle.guess(request, **naming(user), what="own_password") as guess:
            guess.is_right = user.check_password(password)
    except throttle.LockedError as locked:
        raise ValidationError(locked.said_to(user)) from locked
    if not guess.is_right:
        raise ValidationError(wrong)
    return password


def naming(user: User) -> dict:
    """An account as the throttle takes it."""
    ruc = user.operator.ruc if user.operator else ""
    return {"ruc": ruc, "username": user.username, "user": user}


class OwnPasswordProofForm(forms.Form):
    """Whoever changes how he enters proves first that it is he."""

    password = password_field("Su clave", empty="Ingrese su clave", autocomplete="current-password")

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    @sensitive_variables()
    def clean_password(self):
        return own_password(self.request, self.cleaned_data["password"])


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
