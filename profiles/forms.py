import json
from datetime import date, datetime, time
from html import escape

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.access.findings import Finding, having
from profiles.load import files
from profiles.models import AccessTemplate, Option, Role
from users.forms.person import sent_facts
from users.history.wording import ACTION_LABELS
from users.lists.fields import day_field
from users.lists.search import search_words
from users.models import AuditEntry, User
from users.validators import normalise_username


class ValidityForm(forms.Form):
    """From which day to which day each grant of a user is valid.

    ``seen`` is what the screen showed; sent back, it tells whether something changed meanwhile.
    """

    KINDS = ("options", "roles")
    ENDS = {"desde": "Desde", "hasta": "Hasta"}

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, facts: dict[str, dict[str, list[str]]], **kwargs):
        super().__init__(*args, **kwargs)
        self.facts = facts
        self.initial["seen"] = json.dumps(facts)
        for kind in self.KINDS:
            for code, days in facts[kind].items():
                for (end, label), day in zip(self.ENDS.items(), days, strict=True):
                    self.fields[f"{end}:{code}"] = day_field(label)
                    self.initial[f"{end}:{code}"] = day

    def days(self, kind: str) -> dict:
        """The days typed for each grant of one kind."""
        typed = self.cleaned_data
        return {
            code: tuple(typed.get(f"{end}:{code}") for end in self.ENDS)
            for code in self.facts[kind]
        }

    def seen_facts(self) -> dict:
        facts = sent_facts(self.cleaned_data["seen"])
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

    desde = forms.CharField(
        label="Copiar de otro usuario",
        required=False,
        help_text="El usuario de un compañero, como CVALDEZ1",
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

    def __init__(self, *args, account: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["plantilla"].queryset = AccessTemplate.objects.offered_to(account.operator)

    def clean_desde(self) -> User | None:
        username = normalise_username(self.cleaned_data["desde"])
        if not username:
            return None
        namesakes = User.objects.secondary().filter(operator=self.account.operator_id)
        namesakes = (
            namesakes.filter(username=username) if username.isalnum() else User.objects.none()
        )
        colleague = namesakes.existing().first()
        if colleague == self.account:
            raise ValidationError(f"{username} es este mismo usuario. Escriba el de otra persona")
        if colleague is None and namesakes.exists():
            raise ValidationError(f"{username} fue eliminado: sus permisos ya no se copian")
        if colleague is None:
            raise ValidationError(f"En su empresa no hay un usuario secundario {username}")
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


class TemplateForm(forms.Form):
    """The name of a template, and what the screen showed of it; its marks are no fields."""

    name = forms.CharField(
        label="Nombre de la plantilla",
        required=False,
        help_text="Lo que la distingue, como «Despachador de importaciones»",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def seen_facts(self) -> dict:
        return sent_facts(self.cleaned_data.get("seen", ""))


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
        except files.FileError as error:
            raise ValidationError(str(error)) from error
        return upload


class PastDayForm(forms.Form):
    """A day that is over or going on; its history is known."""

    fecha = day_field("Ver accesos al")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["fecha"].widget.attrs["max"] = f"{timezone.localdate():%Y-%m-%d}"

    def clean_fecha(self) -> date:
        day = self.cleaned_data["fecha"] or timezone.localdate()
        if day > timezone.localdate():
            raise ValidationError("Elija un día hasta hoy: lo que viene todavía no se sabe")
        return day


class LongSelect(forms.Select):
    """A select drawn at once: Django takes a template for each choice, more than all the page."""

    def render(self, name, value, attrs=None, renderer=None):
        chosen = self.format_value(value)
        choices = "".join(
            f'<option value="{escape(choice)}"{" selected" * (str(choice) in chosen)}>'
            f"{escape(label)}</option>"
            for choice, label in self.choices
        )
        attrs = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(attrs), SafeString(choices))


def choice_filter(label: str, choices=()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=LongSelect)


class HistoryFilterForm(forms.Form):
    """The filters of Historial."""

    texto = forms.CharField(
        label="Quién o a quién",
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    accion = choice_filter("Qué", [("", "Todo"), *ACTION_LABELS.items()])
    canal = choice_filter("Desde dónde", [("", "Todos"), *AuditEntry.Channel.choices])
    desde = day_field("Desde el día")
    hasta = day_field("Hasta el día")

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = User.objects.filter(Q(operator=operator) | Q(operator__isnull=True))

    def clean(self):
        cleaned = super().clean()
        start, end = cleaned.get("desde"), cleaned.get("hasta")
        if start and end and end < start:
            self.add_error("hasta", "La fecha de fin es anterior a la de inicio")
        return cleaned

    def filter(self, entries):
        """Narrow the entries; a filter that is in error does not narrow."""
        self.is_valid()
        chosen = self.cleaned_data
        for word in search_words(chosen.get("texto", "")):
            people = self.people.filter(search_text__contains=word).values("pk")
            entries = entries.filter(Q(actor__in=people) | Q(subject__in=people))
        for field, lookup in (("accion", "action"), ("canal", "channel")):
            if chosen.get(field):
                entries = entries.filter(**{lookup: chosen[field]})
        # Instants, not days: an index holds instants.
        if start := chosen.get("desde"):
            entries = entries.filter(at__gte=timezone.make_aware(datetime.combine(start, time.min)))
        if end := chosen.get("hasta"):
            end = min(end, timezone.localdate())
            entries = entries.filter(at__lte=timezone.make_aware(datetime.combine(end, time.max)))
        return entries

    @property
    def is_filtering(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


class UserFilterForm(forms.Form):
    """The filters of Administración Usuario; what is not understood does not filter."""

    WITHOUT = "ninguno"

    texto = forms.CharField(
        label="Buscar", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    estado = choice_filter("Estado", [("", "No eliminados"), *User.State.choices])
    opcion = choice_filter("Opción")
    rol = choice_filter("Rol")
    hallazgo = choice_filter("Requiere atención", [("", "Todos"), *Finding.choices])

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.operator = operator
        options = Option.objects.offered_to(operator).prefetch_related(None).select_related(None)
        self.fields["opcion"].choices = [
            ("", "Cualquiera"),
            (self.WITHOUT, "Sin opciones"),
            # With its code, for two options may have one name.
            *((code, f"{name} ({code})") for code, name in options.values_list("code", "name")),
        ]
        self.fields["rol"].choices = [
            ("", "Cualquiera"),
            (self.WITHOUT, "Sin roles"),
            *Role.objects.offered_to(operator).values_list("code", "name"),
        ]

    def filter(self, users):
        self.is_valid()
        chosen = self.cleaned_data
        state = chosen.get("estado")
        users = users.filter(state=state) if state else users.existing()
        users = users.matching(chosen.get("texto", ""))
        for grants, code in (("option_grants", "opcion"), ("role_grants", "rol")):
            if chosen.get(code) == self.WITHOUT:
                users = users.filter(**{f"{grants}__isnull": True})
            elif chosen.get(code):
                target = grants.removesuffix("_grants")
                users = users.filter(**{f"{grants}__{target}": chosen[code]})
        if chosen.get("hallazgo"):
            users = having(users, Finding(chosen["hallazgo"]), self.operator)
        return users

    @property
    def shows_eliminated(self) -> bool:
        return self.cleaned_data.get("estado") == User.State.ELIMINATED

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.get(name) for name in self.fields)
