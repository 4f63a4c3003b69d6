"""Plantillas: a name with the options and roles that are marked for it."""

from crispy_forms.layout import Div
from django import forms

from profiles.forms.assignment import OptionMarks, RoleMarks, tree_buttons
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
        Div(
            Include("profiles/template_save_first.html"),
            Div("name", css_class="form-column"),
            Include("profiles/template_form.html"),
        ),
        Div(
            Include("components/selected_options.html"),
            tree_buttons(Submit("Grabar", css_id="onward"), Link("Cancelar", address="back")),
            css_class="tree-aside",
        ),
        css_class="option-form",
    )


class DeleteTemplateForm(forms.Form):
    helper = layout(
        Buttons(Submit("Eliminar plantilla", kind="danger"), Link("Cancelar", address="back")),
        css_class="",
    )
