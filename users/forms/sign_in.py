"""The forms of the two sign-in pages."""

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.urls import reverse, reverse_lazy

from operators.models import Operator
from operators.validators import normalise_ruc, validate_ruc
from users.forms.layout import Buttons, Include, Link, Submit, layout
from users.forms.password import password_field
from users.signin.throttle import LockedError
from users.signin.unsent import UnsentForm
from users.validators import normalise_username, refuse_ruc_in_username


def sign_in_layout(**attributes: str):
    """Return the helper of a sign-in form; without an ``action`` it goes to the page that shows it."""
    return layout(
        Include("users/carried.html"),
        "ruc",
        "username",
        "password",
        Submit("Ingresar", css_id="btnAceptar"),
        css_class="",
        is_kept=False,
        **attributes,
    )


class SignInForm(forms.Form):
    """RUC, usuario and password, with the control ids that clients of the real portal drive."""

    WRONG_COMBINATION = "RUC, usuario o clave incorrectos."

    ruc = forms.CharField(
        label="RUC",
        error_messages={"required": "Ingrese el RUC"},
        widget=forms.TextInput(
            # No browser knows the number of a company: it would offer its name.
            attrs={"id": "txtRuc", "inputmode": "numeric", "autocomplete": "on"}
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

    helper = sign_in_layout(action=reverse_lazy("users:sign_in"))

    def __init__(self, request=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["id"] = "txtContrasena"

    def clean_ruc(self):
        ruc = normalise_ruc(self.cleaned_data["ruc"])
        validate_ruc(ruc)
        return ruc

    def clean_username(self):
        username = normalise_username(self.cleaned_data["username"])
        refuse_ruc_in_username(username)
        return username

    def get_invalid_login_error(self) -> ValidationError:
        """The error of credentials that fit no account, as in Django's AuthenticationForm.

        Of a practice company that is closed it says so, whatever the credentials: its RUC is
        fictitious, and a class would look for a wrong clave.
        """
        company = Operator.objects.filter(ruc=self.cleaned_data["ruc"]).first()
        if settings.DEMO and company and company.is_practice and not company.is_open:
            return ValidationError(
                "Esta empresa de práctica está cerrada: ya nadie ingresa en ella."
            )
        return ValidationError(self.WRONG_COMBINATION)

    def locked_sentence(self, locked: LockedError) -> str:
        return locked.for_operators


class StaffSignInForm(AdminAuthenticationForm):
    """Django's own form, which leaves it to the view to compare the password."""

    def clean(self):
        return self.cleaned_data

    def locked_sentence(self, locked: LockedError) -> str:
        return locked.for_staff


class ResumeForm(forms.Form):
    """A form that was kept, to be sent again to where it was going."""

    def __init__(self, *, unsent: UnsentForm) -> None:
        super().__init__()
        self.helper = layout(
            Include("users/unsent_fields.html"),
            Buttons(Submit("Enviar otra vez"), Link("Descartar", "portal:home")),
            css_class="",
            is_kept=False,
            action=unsent.path,
        )


class TryAsForm(forms.Form):
    """Sign out, and sign in as that user of the same company."""

    usuario = forms.CharField(widget=forms.HiddenInput)

    @property
    def helper(self):
        return layout(
            Submit(f"Salir y probar como {self['usuario'].value()}"),
            css_class="",
            is_kept=False,
            action=reverse("users:sign_out"),
        )
