"""What was done to accounts and operators, for staff to read."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from users.admin.pages import FoldedSearch, ReadOnly
from users.history import ACTION_LABELS, action_label, fact_label, fact_value
from users.models import AuditEntry


class ActionFilter(admin.SimpleListFilter):
    title = "acción"
    parameter_name = "accion"

    def lookups(self, request, model_admin):
        return list(ACTION_LABELS.items())

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, FoldedSearch, admin.ModelAdmin):
    list_display = ["at", "what", "subject", "actor", "ruc", "company", "channel"]
    list_filter = [ActionFilter, "channel", "operator__operator_types"]
    list_select_related = ["operator", "subject", "actor"]
    date_hierarchy = "at"
    search_fields = [
        "operator__ruc",
        "operator__name",
        "subject__search_text",
        "actor__search_text",
    ]
    search_help_text = "RUC, razón social, o la persona que actuó o sobre la que se actuó"
    fields = ["at", "what", "actor", "operator", "subject", "changes", "channel", "address"]
    readonly_fields = ["what", "changes"]

    @admin.display(description="acción", ordering="action")
    def what(self, entry):
        return action_label(entry)

    @admin.display(description="RUC", ordering="operator__ruc", empty_value="")
    def ruc(self, entry):
        return entry.operator and entry.operator.ruc

    @admin.display(description="razón social", ordering="operator__name", empty_value="")
    def company(self, entry):
        return entry.operator and entry.operator.name

    @admin.display(description="cambios")
    def changes(self, entry):
        names = list(dict.fromkeys([*entry.before, *entry.after]))
        if not names:
            return "Sin valores que mostrar."
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>',
            (
                (
                    fact_label(name),
                    fact_value(name, entry.before.get(name, "")),
                    fact_value(name, entry.after.get(name, "")),
                )
                for name in names
            ),
        )
        return format_html(
            '<table class="changes"><thead><tr><th scope="col">Dato</th><th scope="col">Antes</th>'
            '<th scope="col">Después</th></tr></thead><tbody>{}</tbody></table>',
            rows,
        )
