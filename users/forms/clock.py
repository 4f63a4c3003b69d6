"""The simulated clock of an operator, and how long its grants take."""

from datetime import timedelta

from django import forms

from operators.models import DELAYS


class ClockForm(forms.Form):
    """How far to move the simulated clock; ``seen`` is how far ahead it ran on the screen."""

    UNITS = {"hours": "horas", "days": "días"}
    WRONG = "Ingrese un número entero de 1 a 9999"

    amount = forms.IntegerField(
        label="Adelantar",
        min_value=1,
        max_value=9999,
        initial=24,
        error_messages={
            "required": WRONG,
            "invalid": WRONG,
            "min_value": WRONG,
            "max_value": WRONG,
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    unit = forms.ChoiceField(
        label="Unidad",
        choices=UNITS.items(),
        error_messages={
            "required": "Seleccione horas o días",
            "invalid_choice": "Seleccione horas o días",
        },
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def step(self) -> timedelta:
        return timedelta(**{self.cleaned_data["unit"]: self.cleaned_data["amount"]})

    @property
    def offset_seen(self) -> timedelta:
        return timedelta(seconds=min(abs(self.cleaned_data["seen"] or 0), 10**9))

    def see(self, offset: timedelta) -> None:
        """The form is shown again, now having seen this."""
        self.data = {**self.data.dict(), "seen": int(offset.total_seconds())}


class DelayForm(forms.Form):
    """How long a new grant takes to have effect."""

    delay = forms.TypedChoiceField(
        label="Demora de activación",
        choices=DELAYS.items(),
        coerce=lambda hours: timedelta(hours=int(hours)),
        help_text="Cuánto tarda en regir una opción o un rol recién asignado.",
        error_messages={
            "required": "Seleccione la demora",
            "invalid_choice": "Seleccione la demora",
        },
    )
