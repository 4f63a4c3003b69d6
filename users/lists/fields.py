"""Form fields of lists and filters."""

from django import forms


def day_field(label: str) -> forms.DateField:
    """A day that may be left open."""
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Ingrese una fecha como 31/12/2026"},
    )
