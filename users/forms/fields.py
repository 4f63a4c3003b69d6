"""Form fields that several forms share."""

from uuid import UUID

from django import forms

from users.validators import parse_day


class DayField(forms.DateField):
    """A day as ``parse_day`` reads it."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value):
        return parse_day(value or "")


class CreationKeyField(forms.Field):
    """A hidden key. An invalid key is ignored: the user could not correct it."""

    widget = forms.HiddenInput

    def clean(self, value) -> UUID | None:
        try:
            return UUID(value)
        except (TypeError, ValueError):
            return None


def number_field(label: str, most: int, wrong: str, **options) -> forms.IntegerField:
    """A whole number from 1 to ``most``; ``wrong`` is said of anything else."""
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        **options,
    )


def day_field(label: str) -> DayField:
    """A day that may be left open."""
    return DayField(label=label, required=False)
