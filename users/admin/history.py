"""The history of accounts and operators, read-only for staff."""

import re

from django.contrib import admin, messages
from django.db.models import Q
from django.template.loader import render_to_string

from operators.models import Operator
from users.admin.lists import LongList
from users.admin.pages import ReadOnly
from users.history.wording import (
    ACTION_LABELS,
    OFFICE_ACTION_LABELS,
    action_label,
    fact_label,
    fact_value,
)
from users.lists.search import fold, search_words
from users.models import AuditEntry, User

RUC = re.compile("[0-9]{11}")


class ActionFilter(admin.SimpleListFilter):
    title = "acción"
    parameter_name = "accion"

    def lookups(self, request, model_admin):
        return [*ACTION_LABELS.items(), *OFFICE_ACTION_LABELS.items()]

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


class RowFilter(admin.SimpleListFilter):
    """The entries of one row of the catalogue or of one group or aula: the link «Historial» sets it."""

    title = "fila"
    parameter_name = "fila"

    def lookups(self, request, model_admin):
        chosen = request.GET.get(self.parameter_name)
        return [(chosen, chosen)] if chosen else []

    def queryset(self, request, queryset):
        row = self.value()
        if not row:
            return queryset
        is_named = Q(action__startswith="group.") | Q(action__startswith="classroom.")
        is_row = Q(action__startswith="catalog.")
        return queryset.filter(operator=None, subject=None).filter(
            is_row & (Q(before__code=row) | Q(after__code=row))
            | is_named & (Q(before__name=row) | Q(after__name=row))
        )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, LongList, admin.ModelAdmin):
    list_display = ["at", "what", "subject", "actor", "ruc", "company", "channel"]
    list_filter = [RowFilter, ActionFilter, "channel"]
    linked_by = ("subject__id__exact", "operator__id__exact")
    list_select_related = ["operator", "subject", "actor"]
    # Django requires it to show the search box; get_search_results ignores it.
    search_fields = ["pk"]
    search_help_text = "RUC, razón social, o la persona que actuó o sobre la que se actuó"
    fields = ["at", "what", "actor", "operator", "subject", "changes", "channel", "address"]
    readonly_fields = ["what", "changes"]

    # With more people the database would sort half of the history.
    MOST_PEOPLE = 200
    TOO_MANY = "Hay muchas personas así y no están todas. Escriba también el RUC o el documento."

    def get_search_results(self, request, queryset, search_term):
        """Search people and operators, which are few, then their entries, which are millions."""
        words = search_words(search_term)
        if not words:
            return queryset, False
        rucs = set(filter(RUC.fullmatch, words))
        operators = Operator.objects.filter(ruc__in=rucs) if rucs else Operator.objects.all()
        if rucs:
            queryset = queryset.filter(operator__in=[operator.pk for operator in operators])
        if named := words - rucs:
            people = User.objects.filter(Q(operator__in=operators) | Q(operator__isnull=True))
            for word in named:
                people = people.filter(search_text__contains=word)
            some = list(people.values_list("pk", flat=True)[: self.MOST_PEOPLE])
            if len(some) == self.MOST_PEOPLE:
                messages.warning(request, self.TOO_MANY)
            companies = [o.pk for o in operators if all(word in fold(o.name) for word in named)]
            queryset = queryset.filter(
                Q(subject__in=some) | Q(actor__in=some) | Q(operator__in=companies)
            )
        return queryset, False

    @admin.display(description="acción")
    def what(self, entry):
        label = action_label(entry)
        if entry.action not in OFFICE_ACTION_LABELS:
            return label
        # No account and no operator says which row it is.
        facts = {**entry.before, **entry.after}
        name = facts.get("code") or facts.get("name")
        return f"{label}: {name}" if name else label

    @admin.display(description="RUC", empty_value="")
    def ruc(self, entry):
        return entry.operator and entry.operator.ruc

    @admin.display(description="razón social", empty_value="")
    def company(self, entry):
        return entry.operator and entry.operator.name

    @admin.display(description="cambios")
    def changes(self, entry):
        names = list(dict.fromkeys([*entry.before, *entry.after]))
        if not names:
            return "Sin valores que mostrar."
        rows = [
            (
                fact_label(entry.action, name),
                fact_value(entry.action, name, entry.before.get(name, "")),
                fact_value(entry.action, name, entry.after.get(name, "")),
            )
            for name in names
        ]
        return render_to_string("admin/users/auditentry/changes.html", {"rows": rows})
