"""Filters of lists."""

from datetime import date, datetime, time

from crispy_forms.layout import Div
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from operators.models import Operator
from profiles.access.findings import Finding, Offer, having
from profiles.access.standing import Standing, standing
from users.forms.fields import day_field
from users.forms.layout import Include, Submit, filters, layout, search_box
from users.history.wording import ACTION_LABELS
from users.lists.search import search_words
from users.models import AuditEntry, User


class PastDayForm(forms.Form):
    """A day up to today: the history of a future day is not known."""

    fecha = day_field("Ver accesos al")
    # The primary key of the user, because another user may have had the same name.
    subject = forms.Field(required=False, widget=forms.HiddenInput)

    helper = layout(
        "fecha",
        Div(Submit("Ver accesos", kind="plain"), css_class="filter-buttons"),
        css_class="filters",
        method="get",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["fecha"].widget.attrs["max"] = f"{timezone.localdate():%Y-%m-%d}"
        if not self.data.get("subject"):
            del self.fields["subject"]
        if not self.data.get("fecha"):
            # The day that is shown when none was chosen.
            self.data = self.data.copy()
            self.data["fecha"] = f"{timezone.localdate():%Y-%m-%d}"

    def clean_fecha(self) -> date:
        day = self.cleaned_data["fecha"]
        if day > timezone.localdate():
            raise ValidationError("Elija un día hasta hoy: lo que viene todavía no se sabe")
        return day


class LongSelect(forms.Select):
    """A select of hundreds of choices, drawn without a template for each choice, which costs most."""

    def render(self, name, value, attrs=None, renderer=None) -> str:
        chosen = value or ""
        choices = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, " selected" if key == chosen else "", label) for key, label in self.choices),
        )
        attributes = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>{}</select>', name, attributes, choices)


def choice_filter(label: str, choices=()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=LongSelect)


class SearchForm(forms.Form):
    """A text to search in what the screen lists."""

    texto = forms.Field(required=False)

    @property
    def text(self) -> str:
        """What was typed, without the spaces around it."""
        return self.data.get("texto", "").strip()


class MenuSearchForm(SearchForm):
    # The answer is far below on a phone: the address leads to it.
    helper = search_box("Busque una opción del menú", data_live="menu", action="#menu-title")


class OptionSearchForm(SearchForm):
    helper = search_box("Buscar una opción", data_live="choices")


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

    helper = filters(
        *("texto", "accion", "canal", "desde", "hasta"), aria_label="Filtrar el historial"
    )

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = User.objects.filter(Q(operator=operator) | Q(operator__isnull=True))

    def clean(self):
        cleaned = super().clean()
        start, end = cleaned.get("desde"), cleaned.get("hasta")
        if start and end and end < start:
            self.add_error("hasta", "La fecha de fin es anterior a la de inicio")
        return cleaned

    def filter(self, entries, *, of_the_days: bool = True):
        """Return the entries that pass the filters, or all but those of the days.

        An invalid filter is ignored.
        """
        self.is_valid()
        chosen = self.cleaned_data
        for word in search_words(chosen.get("texto", "")):
            people = self.people.filter(search_text__contains=word).values("pk")
            entries = entries.filter(Q(actor__in=people) | Q(subject__in=people))
        for field, lookup in (("accion", "action"), ("canal", "channel")):
            if chosen.get(field):
                entries = entries.filter(**{lookup: chosen[field]})
        if not of_the_days:
            return entries
        # Compare instants, not days: the index holds instants.
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
    """The filters of a list of users. An invalid filter is ignored."""

    WITHOUT = "ninguno"

    texto = forms.CharField(
        label="Buscar", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    estado = choice_filter("Estado", [("", "No eliminados"), *User.State.choices])
    opcion = choice_filter("Opción")
    rol = choice_filter("Rol")
    hallazgo = choice_filter(
        "Requiere atención", [("", "Todos"), *Finding.choices, *Standing.choices]
    )

    helper = filters(
        *("texto", "estado", "opcion", "rol", "hallazgo"),
        Include("profiles/kept_in_filters.html"),
        aria_label="Filtrar usuarios",
    )

    def __init__(self, *args, operator: Operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.offer = Offer.to(operator)
        self.fields["opcion"].choices = [
            ("", "Cualquiera"),
            (self.WITHOUT, "Sin opciones"),
            # With its code: two options may have the same name.
            *((code, f"{name} ({code})") for code, name in self.offer.options.items()),
        ]
        self.fields["rol"].choices = [
            ("", "Cualquiera"),
            (self.WITHOUT, "Sin roles"),
            *self.offer.roles.items(),
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
        if chosen.get("hallazgo") in Standing.values:
            users = standing(users, Standing(chosen["hallazgo"]), self.offer)
        elif chosen.get("hallazgo"):
            users = having(users, Finding(chosen["hallazgo"]), self.offer)
        return users

    @property
    def shows_eliminated(self) -> bool:
        return self.cleaned_data.get("estado") == User.State.ELIMINATED

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.get(name) for name in UserFilterForm.base_fields)
