"""Administración Usuario: what the list shows, who is marked, and what to do then."""

from collections.abc import Mapping

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div
from django import forms
from django.urls import reverse

from profiles.forms.filters import UserFilterForm, choice_filter
from users import tenancy
from users.forms.layout import Include, filters, layout
from users.forms.state import MarkUsersForm
from users.models import User


class UserListForm(UserFilterForm):
    """The filters of the list, which answer as one types, its order, and whether to mark several.

    Where the window is narrow the list has no heads: one sorts here.
    """

    orden = choice_filter("Ordenar por")
    varios = forms.CharField(required=False, widget=forms.HiddenInput)

    helper = filters(
        *("texto", "estado", "opcion", "rol", "hallazgo"),
        Div("orden", css_class="field order-choice"),
        aria_label="Filtrar usuarios",
        data_live="users",
    )

    def __init__(self, *args, columns: Mapping[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["orden"].choices = [
            choice
            for name, label in columns.items()
            for choice in ((name, label), (f"-{name}", f"{label}, al revés"))
        ]

    @property
    def marks_several(self) -> bool:
        return bool(self.cleaned_data.get("varios"))


def table_of_users() -> FormHelper:
    return layout(Include("profiles/user_table.html"), css_class="people-form", method="get")


class MarkedUserForm(forms.Form):
    """The marked user of the list, and the screen to open for this user."""

    SCREENS = {
        "perfiles": "profiles:options",
        "roles": "profiles:roles",
        "estado": "users:change_state",
    }
    # The first roles of a user with options are the last step of the guide.
    LAST_STEP = "profiles:wizard_roles"

    accion = forms.ChoiceField(choices=[(name, name) for name in SCREENS])
    usuario = forms.CharField(error_messages={"required": "Seleccione un usuario"})

    helper = table_of_users()

    def address(self, principal: User) -> str:
        """Return where the pressed button leads. Raises Http404 for a user of another operator."""
        user = tenancy.secondary_user(principal, self.cleaned_data["usuario"])
        screen = self.SCREENS[self.cleaned_data["accion"]]
        if screen == "profiles:roles" and lacks_roles_only(user):
            screen = self.LAST_STEP
        return reverse(screen, args=[user])

    @property
    def marked(self) -> list[str]:
        return [self.cleaned_data["usuario"]] if "usuario" in self.cleaned_data else []

    @property
    def problems(self) -> list[str]:
        """What was missing when a button was pressed."""
        return self.errors.get("usuario", []) if "accion" in self.cleaned_data else []


def lacks_roles_only(user: User) -> bool:
    return user.option_grants.exists() and not user.role_grants.exists()


class MarkedUsersForm(MarkUsersForm):
    """The marked users of the list, and what to do to the state of all of them."""

    helper = table_of_users()

    def address(self, principal: User) -> str:
        """Return the page that says what this means for the users of the principal among them."""
        return reverse("users:change_states", query=self.cleaned_data)

    @property
    def marked(self) -> list[str]:
        return self.data.getlist("usuario")

    @property
    def problems(self) -> list[str]:
        """What was missing when a button was pressed."""
        pressed = "cambio" in self.data
        return [each for errors in self.errors.values() for each in errors] if pressed else []
