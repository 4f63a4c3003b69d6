import json

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from operators.models import Operator
from profiles.actions import offered_roles
from profiles.models import Option, holding_an_option_that_asks_for_a_role
from users.forms import day_field
from users.history import ACTION_LABELS
from users.models import AuditEntry, User
from users.search import search_words


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
        """What the screen showed; what is none of ours counts as having seen nothing."""
        try:
            facts = json.loads(self.cleaned_data["seen"])
            return {kind: dict(facts[kind]) for kind in self.KINDS}
        except (ValueError, TypeError, KeyError, RecursionError):
            return {}

    def add_problems(self, error: ValidationError) -> None:
        """Put the sentence of each code beside the day on which its validity ends."""
        for code, errors in error.error_dict.items():
            self.add_error(f"hasta:{code}", errors)


class HistoryFilterForm(forms.Form):
    """The filters of Historial."""

    texto = forms.CharField(
        label="Quién o a quién",
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    accion = forms.ChoiceField(
        label="Qué", required=False, choices=[("", "Todo"), *ACTION_LABELS.items()]
    )
    canal = forms.ChoiceField(
        label="Desde dónde", required=False, choices=[("", "Todos"), *AuditEntry.Channel.choices]
    )
    desde = day_field("Desde el día")
    hasta = day_field("Hasta el día")

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
            entries = entries.filter(
                Q(actor__search_text__contains=word) | Q(subject__search_text__contains=word)
            )
        for field, lookup in (("accion", "action"), ("canal", "channel")):
            if chosen.get(field):
                entries = entries.filter(**{lookup: chosen[field]})
        for field, lookup in (("desde", "at__date__gte"), ("hasta", "at__date__lte")):
            if chosen.get(field):
                entries = entries.filter(**{lookup: chosen[field]})
        return entries

    @property
    def is_filtering(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


class UserFilterForm(forms.Form):
    """The filters of Administración Usuario; what is not understood does not filter."""

    WITHOUT = "ninguno"
    ASKS_FOR_ROLE = "pide-rol"

    texto = forms.CharField(
        label="Buscar", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    estado = forms.ChoiceField(
        label="Estado", required=False, choices=[("", "No eliminados"), *User.State.choices]
    )
    opcion = forms.ChoiceField(label="Opción", required=False)
    rol = forms.ChoiceField(label="Rol", required=False)

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        options = Option.objects.offered_to(operator).prefetch_related(None).select_related(None)
        self.fields["opcion"].choices = [
            ("", "Cualquiera"),
            (self.WITHOUT, "Sin opciones"),
            (self.ASKS_FOR_ROLE, "Alguna que pide rol"),
            # With its code, for two options may have one name.
            *((code, f"{name} ({code})") for code, name in options.values_list("code", "name")),
        ]
        self.fields["rol"].choices = [
            ("", "Cualquiera"),
            (self.WITHOUT, "Sin roles"),
            *offered_roles(operator).values_list("code", "name"),
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
            elif chosen.get(code) == self.ASKS_FOR_ROLE:
                users = holding_an_option_that_asks_for_a_role(users)
            elif chosen.get(code):
                target = grants.removesuffix("_grants")
                users = users.filter(**{f"{grants}__{target}": chosen[code]})
        return users

    @property
    def shows_eliminated(self) -> bool:
        return self.cleaned_data.get("estado") == User.State.ELIMINATED

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.get(name) for name in self.fields)
