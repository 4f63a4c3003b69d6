"""Plantillas: a name with the options and roles that are marked for it."""

from crispy_forms.layout import Div
from django import forms

from profiles.forms.assignment import OptionMarks, RoleMarks
from users.forms.layout import Buttons, Include, Link, Submit, layout
from users.forms.seen import SeenForm


class TemplateForm(SeenForm, OptionMarks, RoleMarks):
    name = forms.CharField(
        label="Nombre de la plantilla",
        required=False,
        help_text="Lo que la distingue, como «Despachador de importaciones»",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    helper = layout(
        Include("profiles/template_save_first.html"),
        Div("name", css_class="form-column"),
        Include("profiles/template_form.html"),
        Buttons(Submit("Grabar"), Link("Cancelar", address="back")),
        css_class="",
    )


class DeleteTemplateForm(forms.Form):
    helper = layout(
        Buttons(Submit("Eliminar plantilla", kind="danger"), Link("Cancelar", address="back")),
        css_class="",
    )
