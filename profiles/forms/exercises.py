"""The buttons of an exercise."""

from django import forms
from django.urls import reverse

from users.forms.layout import Submit, layout


class ExerciseForm(forms.Form):
    """A button that sends what to do with an exercise."""

    def __init__(self, code: str, do: str, label: str, kind: str = "primary", value: int = 1):
        super().__init__()
        button = Submit(label, kind=kind, name=do, value=value)
        action = reverse("exercises:exercise", args=[code])
        self.helper = layout(button, css_class="", action=action)
