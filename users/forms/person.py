"""The data of a person: of a new account, and corrected later."""

import re
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from operators.models import Operator
from users.actions import accounts
from users.forms.fields import CreationKeyField, day_field
from users.forms.layout import Buttons, Include, Link, Submit, layout
from users.forms.password import TwiceTypedForm, new_password_field
from users.forms.seen import SeenForm
from users.models import User
from users.validators import DocumentType


class PersonForm(forms.Form):
    """Who a person is.

    Which value is right is for ``User.full_clean`` to say; here each sentence is put beside its
    field.
    """

    document_type = forms.ChoiceField(
        label="Tipo de documento de identidad",
        choices=[("", "Seleccione…"), *DocumentType.choices],
        required=False,
        error_messages={"invalid_choice": "Seleccione el tipo de documento"},
    )
    document_number = forms.CharField(label="Número de documento", required=False)
    first_name = forms.CharField(label="Nombres", required=False)
    last_name = forms.CharField(label="Apellidos", required=False)
    email = forms.CharField(
        label="Correo electrónico (opcional)",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    ACCOUNT_FIELDS = ("document_type", "document_number", "first_name", "last_name", "email")

    def check(self, account: User) -> None:
        """Put what the model says against the typed values beside their fields."""
        for field in self.ACCOUNT_FIELDS:
            if field in self.cleaned_data:
                setattr(account, field, self.cleaned_data[field])
        try:
            account.full_clean(exclude=["password"], validate_constraints=False)
        except ValidationError as error:
            self.add_errors(error)

    def add_errors(self, error: ValidationError) -> None:
        """Put the sentences of a model or an action beside their fields, each field once."""
        for name, errors in error.error_dict.items():
            field = "password1" if name == "password" else name
            if field not in self.errors:
                # One sentence is enough to mend it.
                self.add_error(field if field in self.fields else None, errors[:1])


class NewAccountForm(TwiceTypedForm, PersonForm):
    """A person to be given an account."""

    username = forms.CharField(
        label="Usuario secundario",
        help_text=f"{settings.USERNAME_LENGTH} caracteres, solo letras y números",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    password1 = new_password_field("Clave", is_generated=True)

    ACCOUNT_FIELDS = (*PersonForm.ACCOUNT_FIELDS, "username")
    field_order = ACCOUNT_FIELDS

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["document_type"].help_text = "Elija DNI"
        self.fields["document_type"].widget.attrs["data-digits"] = DocumentType.DNI

    def new_account(self) -> User:
        raise NotImplementedError

    @property
    def claves_were_typed(self) -> bool:
        return any(self.data.get(name) for name in ("password1", "password2"))

    def clean(self):
        account = self.new_account()
        self.check(account)
        self.check_passwords(account)
        return self.cleaned_data

    def account(self) -> dict[str, str]:
        """Return the arguments of the actions that create an account."""
        fields = {field: self.cleaned_data[field] for field in self.ACCOUNT_FIELDS}
        return {**fields, "password": self.cleaned_data["password1"]}


class EditUserForm(SeenForm, PersonForm):
    """A person's data and validity, as the screen showed them."""

    ACCOUNT_FIELDS = (*PersonForm.ACCOUNT_FIELDS, "valid_from", "valid_until")

    valid_from = day_field("Vigente desde (opcional)")
    valid_until = day_field("Vigente hasta (opcional)")

    helper = layout(
        *ACCOUNT_FIELDS, Buttons(Submit("Grabar"), Link("Cancelar", "profiles:user", "account"))
    )

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account
        facts = accounts.editable_facts(account)
        self.initial |= {**facts, "seen": facts}

    def clean(self):
        cleaned = super().clean()
        # On a copy: the screen still shows the stored values of self.account.
        account = User.objects.select_related("operator").get(pk=self.account.pk)
        account.valid_from = account.valid_until = None
        self.check(account)
        return cleaned

    def facts(self) -> dict:
        return {field: self.cleaned_data[field] for field in self.ACCOUNT_FIELDS}

    def clean_seen(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.cleaned_data["seen"].items()}


class SecondaryUserForm(NewAccountForm):
    """Step 1 of the wizard. ``creation_key`` tells the same form sent twice from another one."""

    creation_key = CreationKeyField(initial=uuid4)

    # What step 2 begins with: the number of a template, which that step looks up.
    template = forms.Field(label="Empezar con una plantilla (opcional)", required=False)

    helper = layout(
        *NewAccountForm.ACCOUNT_FIELDS,
        "password1",
        "password2",
        Include("users/first_template.html"),
        Buttons(Submit("Siguiente"), Link("Cancelar", "profiles:user_list")),
        css_class="person-form",
    )

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.operator = operator

    def clean_template(self) -> str:
        """Return what may be the number of a template; ignore the rest, as step 2 would."""
        number = self.cleaned_data["template"] or ""
        return number if re.fullmatch("[0-9]{1,9}", number) else ""

    def new_account(self) -> User:
        return User(operator=self.operator)

    def account(self) -> dict:
        return {**super().account(), "creation_key": self.cleaned_data["creation_key"]}
