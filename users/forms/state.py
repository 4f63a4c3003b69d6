"""The change of state of one user or of several."""

from django import forms
from django.db.models import TextChoices
from django.urls import reverse

from users.forms.layout import Buttons, Include, Link, Submit, layout
from users.models import User


class StateChange(TextChoices):
    """What is done to an account's state, and what it is then called."""

    SUSPEND = "suspend", "Suspender"
    REACTIVATE = "reactivate", "Reactivar"
    ELIMINATE = "eliminate", "Eliminar"

    @property
    def state(self) -> User.State:
        return {
            StateChange.SUSPEND: User.State.SUSPENDED,
            StateChange.REACTIVATE: User.State.ACTIVE,
            StateChange.ELIMINATE: User.State.ELIMINATED,
        }[self]

    @property
    def can_be_undone(self) -> bool:
        return self is not StateChange.ELIMINATE

    @property
    def participle(self) -> str:
        return {
            StateChange.SUSPEND: "suspendido",
            StateChange.REACTIVATE: "reactivado",
            StateChange.ELIMINATE: "eliminado",
        }[self]


class StateForm(forms.Form):
    """Which change of state: the button that is pressed says it."""

    # All are taken, for a form sent twice arrives when its change is already made.
    change = forms.TypedChoiceField(
        choices=StateChange.choices,
        coerce=StateChange,
        error_messages={
            "required": "Elija qué desea hacer",
            "invalid_choice": "Elija qué desea hacer",
        },
    )

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account

    @property
    def helper(self):
        """Only the change that leads to another state, beside the way to Eliminar."""
        is_active = self.account.state == User.State.ACTIVE
        change = StateChange.SUSPEND if is_active else StateChange.REACTIVATE
        return layout(
            Include("users/state_consequences.html"),
            Buttons(
                # An error leads to the button, as it leads to the control of another field.
                Submit(change.label, name="change", value=change, css_id="id_change"),
                Link("Eliminar…", "users:eliminate", "account"),
                Link("Cancelar", "profiles:user_list"),
            ),
        )


class EliminateForm(StateForm):
    """The change that cannot be undone."""

    helper = layout(
        Buttons(
            Submit(
                "Eliminar",
                kind="danger",
                name="change",
                value=StateChange.ELIMINATE,
                css_id="id_change",
            ),
            Link("Cancelar", "users:change_state", "account"),
        ),
        css_class="",
    )


class SeveralStatesForm(forms.Form):
    """What is done to the state of several users."""

    cambio = forms.TypedChoiceField(
        choices=StateChange.choices,
        coerce=StateChange,
        error_messages={
            "required": "Elija qué hacer con los usuarios marcados",
            "invalid_choice": "Elija qué hacer con los usuarios marcados",
        },
    )

    @property
    def change(self) -> StateChange:
        return self.cleaned_data["cambio"]


class MarkUsersForm(SeveralStatesForm):
    """The users marked by usuario in the list."""

    usuario = forms.Field(
        widget=forms.SelectMultiple, error_messages={"required": "Marque al menos un usuario"}
    )


class ConfirmStatesForm(SeveralStatesForm):
    """The users whose state would change, by primary key, and what that means for them."""

    subject = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id=False, **kwargs)
        self.fields["cambio"].widget = forms.HiddenInput()

    @property
    def helper(self):
        change = StateChange(self["cambio"].value())
        kind = "primary" if change is StateChange.REACTIVATE else "danger"
        return layout(
            Include("users/states_to_change.html"),
            Buttons(Submit(change.label, kind=kind), Link("Cancelar", "users:change_states")),
            css_class="",
            action=reverse("users:change_states"),
        )
