"""Forms about what an account is granted."""

from django import forms
from django.core.exceptions import ValidationError

from profiles.models import AccessTemplate
from users.forms.fields import day_field
from users.forms.layout import Buttons, Include, Link, Submit, hint, layout
from users.forms.seen import SeenField, SeenForm
from users.models import User
from users.validators import normalise_username


class ValidityForm(SeenForm):
    """From which day to which day each grant of a user is valid.

    ``desde_todo`` and ``hasta_todo`` are the days of all grants at once: the button «Poner en todas»
    writes them into every row, Grabar saves the rows.
    """

    KINDS = ("options", "roles")
    ENDS = {"desde": "Desde", "hasta": "Hasta"}
    FOR_ALL = {"desde": "desde_todo", "hasta": "hasta_todo"}

    def __init__(self, *args, facts: dict[str, dict[str, list[str]]], **kwargs):
        super().__init__(*args, **kwargs)
        self.facts = facts
        self.initial["seen"] = facts
        for end, label in self.ENDS.items():
            self.fields[self.FOR_ALL[end]] = day_field(label)
        for kind in self.KINDS:
            for code, days in facts[kind].items():
                for (end, label), day in zip(self.ENDS.items(), days, strict=True):
                    self.fields[f"{end}:{code}"] = day_field(label)
                    self.initial[f"{end}:{code}"] = day

    helper = layout(
        Include("profiles/validity_rows.html"),
        Buttons(Submit("Grabar"), Link("Cancelar", "profiles:user", "account")),
        css_class="",
    )

    def days(self, kind: str) -> dict:
        """Return the typed days of each grant of one kind, by code."""
        typed = self.cleaned_data
        return {
            code: tuple(typed.get(f"{end}:{code}") for end in self.ENDS)
            for code in self.facts[kind]
        }

    @property
    def is_filling(self) -> bool:
        return "fill" in self.data

    def clean(self):
        cleaned = super().clean()
        if not self.is_filling:
            for name in self.FOR_ALL.values():
                if cleaned.get(name):
                    self.add_error(name, "Presione «Poner en todas», o borre esta fecha")
        return cleaned

    def filled(self) -> "ValidityForm":
        """Return this form with the days of all grants in every row, or itself if one is no day."""
        if any(name in self.errors for name in self.FOR_ALL.values()):
            return self
        data = self.data.copy()
        for end, name in self.FOR_ALL.items():
            for kind in self.KINDS:
                for code in self.facts[kind]:
                    data[f"{end}:{code}"] = self.data.get(name, "")
            data[name] = ""
        return ValidityForm(data, facts=self.facts)

    def clean_seen(self) -> dict:
        facts = self.cleaned_data["seen"]
        return facts if all(isinstance(facts.get(kind), dict) for kind in self.KINDS) else {}

    def add_problems(self, error: ValidationError) -> None:
        """Put the sentence of each code beside the day on which its validity ends."""
        for code, errors in error.error_dict.items():
            self.add_error(f"hasta:{code}", errors)


class CopyForm(forms.Form):
    """From whom, or from which template, access is copied, and whether it replaces what there is.

    ``source`` is then the secondary user or the template.
    """

    ADD, REPLACE = "agregar", "reemplazar"
    WAYS = [
        (ADD, "Agregar a lo que ya tiene"),
        (REPLACE, "Reemplazar: quedará con lo mismo y nada más"),
    ]
    # The number of colleagues named when what was typed is part of a name.
    ALIKE = 5

    desde = forms.CharField(
        label="Copiar de otro usuario",
        required=False,
        help_text="El usuario de un compañero, como CVALDEZ1; escriba parte de su nombre para encontrarlo",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "list": "colleagues"}
        ),
    )
    plantilla = forms.ModelChoiceField(
        label="O aplicar una plantilla",
        queryset=AccessTemplate.objects.none(),
        required=False,
        empty_label="Ninguna",
        error_messages={"invalid_choice": "Esa plantilla ya no existe. Elija otra"},
    )
    modo = forms.ChoiceField(
        label="Qué hacer con lo que tiene",
        choices=WAYS,
        initial=ADD,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Elija si agrega o reemplaza",
            "invalid_choice": "Elija si agrega o reemplaza",
        },
    )

    helper = layout(
        "desde",
        Include("profiles/copy_colleagues.html"),
        *("plantilla", "modo"),
        hint("La vigencia no se copia: lo que reciba valdrá sin límite hasta que le ponga uno."),
        Buttons(Submit("Ver qué cambia"), Link("Cancelar", "profiles:user", "account")),
        method="get",
        novalidate="",
        data_live="colleagues",
        data_live_by="desde",
    )

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["plantilla"].queryset = AccessTemplate.objects.offered_to(account.operator)

    def colleagues(self):
        """Return the users whose access this account may receive."""
        own_company = User.objects.secondary().filter(operator=self.account.operator_id)
        return own_company.existing().exclude(pk=self.account.pk)

    def clean_desde(self) -> User | None:
        username = normalise_username(self.cleaned_data["desde"])
        if not username:
            return None
        same_username = User.objects.secondary().filter(operator=self.account.operator_id)
        same_username = (
            same_username.filter(username=username) if username.isalnum() else User.objects.none()
        )
        colleague = same_username.existing().first()
        if colleague == self.account:
            raise ValidationError(f"{username} es este mismo usuario. Escriba el de otra persona")
        if colleague is None and same_username.exists():
            raise ValidationError(f"{username} fue eliminado: sus permisos ya no se copian")
        if colleague is None:
            alike = self.colleagues().matching(self.cleaned_data["desde"])[: self.ALIKE]
            names = ", ".join(f"{user} ({user.get_full_name()})" for user in alike)
            raise ValidationError(
                f"En su empresa no hay un usuario secundario {username}"
                + (f". ¿Es {names}?" if names else "")
            )
        return colleague

    def clean(self):
        cleaned = super().clean()
        colleague, template = cleaned.get("desde"), cleaned.get("plantilla")
        if not self.errors and bool(colleague) == bool(template):
            sentence = "Elija un usuario o una plantilla, no los dos"
            self.add_error(
                "desde", sentence if colleague else "Escriba un usuario o elija una plantilla"
            )
        return cleaned

    @property
    def source(self) -> User | AccessTemplate:
        return self.cleaned_data["desde"] or self.cleaned_data["plantilla"]

    @property
    def is_adding(self) -> bool:
        return self.cleaned_data["modo"] == self.ADD


class CopyDifferenceForm(CopyForm):
    """What copying would change: ``wanted`` is what was proposed, ``seen`` what there was.

    Both hold the codes of options and roles. They are sent back, so that what is applied is exactly
    what was shown.
    """

    wanted = SeenField()
    seen = SeenField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("desde", "plantilla", "modo"):
            self.fields[name].widget = forms.HiddenInput()

    def clean_seen(self) -> dict[str, list[str]]:
        seen = self.cleaned_data["seen"]
        return {
            kind: [*map(str, seen[kind])] if isinstance(seen.get(kind), list) else []
            for kind in ("options", "roles")
        }

    @property
    def helper(self):
        changes = self.initial.get("wanted") != self.initial.get("seen")
        apply = [Submit("Aplicar")] if changes else []
        back = "Cancelar" if changes else f"Volver a {self.account}"
        return layout(
            Include("profiles/copy_difference_form.html"),
            Buttons(*apply, Link(back, "profiles:user", "account")),
            css_class="",
            # Drop the query of the address: the form holds the same values.
            action="?",
        )
