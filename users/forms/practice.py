"""A practice company: which one to create, and its reset."""

from uuid import uuid4

from django import forms

from operators.models import Fault, OperatorType
from users.actions import practice
from users.forms.fields import CreationKeyField, number_field
from users.forms.layout import Buttons, Link, Submit, layout


class PracticeCompanyForm(forms.Form):
    """The types and the days of a practice company.

    ``creation_key`` tells the same form sent twice from another one.
    """

    types = forms.ModelMultipleChoiceField(
        label="Tipos de operador",
        queryset=OperatorType.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Marque al menos un tipo de operador",
            "invalid_choice": "No hay un tipo de operador «%(value)s»",
            "invalid_list": "Marque al menos un tipo de operador",
        },
    )
    days = number_field(
        "Cuántos días la usará",
        practice.MOST_DAYS,
        practice.WRONG_DAYS,
        help_text=f"De 1 a {practice.MOST_DAYS}, contando hoy. Después nadie ingresa en ella.",
        initial=practice.DAYS,
    )
    creation_key = CreationKeyField(initial=uuid4)

    helper = layout(
        "types",
        "days",
        Buttons(Submit("Crear la empresa"), Link("Cancelar", "users:sign_in")),
        is_kept=False,
    )

    def company(self) -> dict:
        """Return the arguments of the actions that create a practice company."""
        return {
            "operator_types": self.cleaned_data["types"],
            "days": self.cleaned_data["days"],
            "key": self.cleaned_data["creation_key"],
        }


class ResetPracticeForm(forms.Form):
    """Return the company to the state of its birth."""

    helper = layout(
        Buttons(Submit("Devolver a su inicio", kind="danger"), Link("Cancelar", "portal:home")),
        css_class="",
    )


class TokenForm(forms.Form):
    """A new token for the programs of the company."""

    helper = layout(
        Buttons(Submit("Crear un token"), Link("Cancelar", "portal:home")),
        css_class="",
    )


class FaultForm(forms.Form):
    """An outage to be rehearsed, and for how long; sent by programs only."""

    kind = forms.ChoiceField(
        choices=Fault.choices,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), f"Puede ser: {', '.join(Fault.values)}"
        ),
    )
    seconds = number_field("Segundos", practice.FAULT_SECONDS, practice.WRONG_SECONDS)
