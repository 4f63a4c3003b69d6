"""The simulated clock of an operator, and how long its grants take."""

from datetime import timedelta

from crispy_forms.layout import Div
from django import forms

from operators.models import DELAYS, Operator
from users.forms.layout import Buttons, Submit, heading, hint, layout
from users.forms.seen import SeenForm


class ClockForm(SeenForm):
    """How far to move the simulated clock; ``seen``: how many seconds ahead it was on the screen."""

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

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.operator = operator
        self.initial["seen"] = int(operator.clock_offset.total_seconds())

    @property
    def helper(self):
        buttons = [Submit("Adelantar", name="do", value="advance")]
        if self.operator.clock_is_simulated:
            buttons.append(Submit("Volver a la hora real", kind="plain", name="do", value="real"))
        return layout(
            heading("Adelantar el reloj"),
            Div("amount", "unit", css_class="clock-step"),
            Buttons(*buttons),
            css_class="form-column clock-form",
        )

    def see(self, current: timedelta) -> None:
        super().see(int(current.total_seconds()))

    @property
    def step(self) -> timedelta:
        return timedelta(**{self.cleaned_data["unit"]: self.cleaned_data["amount"]})

    @property
    def offset_seen(self) -> timedelta:
        return timedelta(seconds=min(abs(self.cleaned_data["seen"] or 0), 10**9))


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

    helper = layout(
        heading("Lo que se asigna desde ahora"),
        hint("Quienes usan el portal real cuentan demoras de hasta 24 horas."),
        "delay",
        Buttons(Submit("Guardar la demora", kind="plain", name="do", value="delay")),
        css_class="form-column clock-form",
    )

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["delay"] = int(operator.activation_delay.total_seconds()) // 3600
