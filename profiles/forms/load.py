"""The form of Carga masiva."""

from django import forms
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from profiles.load import files, rows


class LoadForm(forms.Form):
    """The file of a Carga masiva; ``sheet`` is then what could be read of it."""

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

    @sensitive_variables()
    def clean_file(self):
        upload = self.cleaned_data["file"]
        try:
            self.sheet = files.read(upload.file)
        except rows.FileError as error:
            raise ValidationError(str(error)) from error
        return upload
