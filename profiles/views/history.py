"""Historial: what was done to one user, or in the whole company."""

from django.shortcuts import render
from django.utils import timezone
from django.views import View

from profiles.forms.filters import HistoryFilterForm
from profiles.models import Option, Role
from profiles.spreadsheet import file_response
from users import tenancy
from users.history.wording import action_label, changes
from users.lists.keyset import page_of
from users.models import AuditEntry


def names_of_the_catalogue() -> dict[str, str]:
    return {
        code: name
        for model in (Option, Role)
        for code, name in model.objects.values_list("pk", "name")
    }


class HistoryView(tenancy.PrincipalRequiredMixin, View):
    """The history of the company or, with a usuario in the address, of that user, eliminated or not."""

    PAGE_SIZE = 50

    def get(self, request, username=None):
        entries = AuditEntry.objects.filter(operator=request.user.operator)
        account = None
        if username is not None:
            account = tenancy.secondary_user(request.user, username, or_eliminated=True)
            entries = entries.filter(subject=account)
        filters = HistoryFilterForm(request.GET, operator=request.user.operator)
        entries = filters.filter(entries)
        if (kind := request.GET.get("formato")) and filters.is_valid():
            name = f"historial-{request.user.operator.ruc}"
            return file_response(kind, file_rows(entries.select_related("actor", "subject")), name)
        rows = AuditEntry.objects.select_related("actor", "subject")
        page = page_of(entries, ["-at", "-pk"], self.PAGE_SIZE, request.GET, rows=rows)
        names = names_of_the_catalogue()
        context = {
            "account": account,
            "filters": filters,
            "page": page,
            "rows": [(entry, action_label(entry), changes(entry, names)) for entry in page],
        }
        return render(request, "profiles/history.html", context)


def file_rows(entries):
    names = names_of_the_catalogue()
    yield ["Fecha y hora", "Quién", "Canal", "Dirección", "Acción", "A quién", "Cambios"]
    for entry in entries.iterator(chunk_size=500):
        yield [
            timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
            entry.actor.username,
            entry.get_channel_display(),
            entry.address or "",
            action_label(entry),
            entry.subject.username if entry.subject else "",
            "; ".join(line.text for line in changes(entry, names)),
        ]
