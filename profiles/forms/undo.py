"""Deshacer."""

from django import forms

from users.forms.layout import Buttons, Link, Submit, layout


class UndoForm(forms.Form):
    """The entry that the screen showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    helper = layout(
        Buttons(Submit("Deshacer"), Link("Cancelar", "profiles:user", "account")), css_class=""
    )
