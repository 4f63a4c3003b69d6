"""Form fields that several forms share."""

from django import forms

from users.validators import parse_day


class DayField(forms.DateField):
    """A day as ``parse_day`` reads it."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value):
        return parse_day(value or "")


def day_field(label: str) -> DayField:
    """A day that may be left open."""
    return DayField(label=label, required=False)
