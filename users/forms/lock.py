"""Desbloquear."""

from django import forms

from users.forms.layout import Buttons, Link, Submit, layout


class UnlockForm(forms.Form):
    """The user may try to sign in again at once."""

    helper = layout(
        Buttons(Submit("Desbloquear"), Link("Cancelar", "profiles:user", "account")), css_class=""
    )
