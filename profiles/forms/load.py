"""The form of Carga masiva."""

from django import forms
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from profiles.load import files
from profiles.tables.rows import FileError
from users.forms.layout import Buttons, Include, Link, Submit, layout


class LoadForm(forms.Form):
    """The file of a Carga masiva. After validation ``sheet`` holds its rows."""

    file = forms.FileField(
        label="Archivo CSV o XLSX",
        allow_empty_file=True,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        error_messages={
            "required": "Elija un archivo",
            "invalid": "Elija un archivo",
            "max_length": "Acorte el nombre del archivo",
        },
    )

    # A file is not kept, so neither is its form.
    helper = layout(
        "file",
        Buttons(Submit("Ver el plan"), Link("Cancelar", "profiles:user_list")),
        is_kept=False,
        enctype="multipart/form-data",
    )

    @sensitive_variables()
    def clean_file(self):
        upload = self.cleaned_data["file"]
        try:
            self.sheet = files.read(upload.file)
        except FileError as error:
            raise ValidationError(str(error)) from error
        return upload


class PlanForm(forms.Form):
    """What to do with a plan."""

    do = forms.ChoiceField(
        choices=[(do, do) for do in ("apply", "accept", "discard", "again", "hand_over")]
    )

    helper = layout(
        Include("profiles/plan_buttons.html"), css_class="buttons plan-buttons", is_kept=False
    )


class HandOverForm(PlanForm):
    """Download the generated passwords, once."""

    helper = layout(
        Submit("Descargar las claves", name="do", value="hand_over"), css_class="", is_kept=False
    )


class ContinueForm(forms.Form):
    """Work on a plan for a moment: sent by the page's script, or by its button."""

    by_button = forms.BooleanField(required=False)

    helper = layout(
        Submit("Continuar", name="by_button", value="true"), css_class="buttons", is_kept=False
    )
