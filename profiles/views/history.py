"""Historial: what was done to one user, or in the whole company."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import F, QuerySet
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views import View

from operators.models import OperatorType
from profiles.forms.filters import HistoryFilterForm
from profiles.models import Option, Role
from profiles.spreadsheet import file_response
from users import tenancy
from users.history.wording import Line, action_label, changes
from users.lists.keyset import page_of
from users.models import AuditEntry


def names_of_the_catalogue() -> dict[str, str]:
    return {
        code: name
        for model in (Option, Role, OperatorType)
        for code, name in model.objects.order_by().values_list("pk", "name")
    }


def with_names(entries: QuerySet) -> QuerySet:
    """Read the entries with two columns of the accounts: ``by`` whom and ``about`` whom."""
    return entries.annotate(by=F("actor__username"), about=F("subject__username"))


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
        every_day = filters.filter(entries, of_the_days=False)
        entries = filters.filter(entries)
        if (kind := request.GET.get("formato")) and filters.is_valid():
            name = f"historial-{request.user.operator.ruc}"
            return file_response(kind, file_rows(with_names(entries)), name)
        rows = with_names(AuditEntry.objects.all())
        page = page_of(entries, ["-at", "-pk"], self.PAGE_SIZE, request.GET, rows=rows)
        names = names_of_the_catalogue()
        context = {
            "account": account,
            "filters": filters,
            "page": page,
            "rows": [row_of(entry, changes(entry, names)) for entry in page],
            "days": latest_days(every_day),
        }
        return render(request, "profiles/history.html", context)


class Row(NamedTuple):
    """What the page says of an entry, in the order in which its template unpacks it: a name that
    ``for`` unpacks costs a template a third of what an attribute costs.

    What fits in two lines is ``shown``, the rest is ``folded``.
    """

    at: str
    said_at: str
    label: str
    about: str | None
    shown: str
    folded: list[str]
    by: str
    channel: str
    address: str | None


LINES_SHOWN = 2


def row_of(entry: AuditEntry, lines: list[Line]) -> Row:
    # The usuario stands beside the label already.
    texts = [line.text for line in lines if line.text != f"Usuario: {entry.about}"]
    # One more needs no more room than «y 1 más».
    shown = len(texts) if len(texts) <= LINES_SHOWN + 1 else LINES_SHOWN
    at = timezone.localtime(entry.at)
    return Row(
        at.isoformat(timespec="seconds"),
        date_format(at, "SHORT_DATETIME_FORMAT"),
        action_label(entry),
        entry.about,
        "; ".join(texts[:shown]),
        texts[shown:],
        entry.by,
        entry.get_channel_display(),
        entry.address,
    )


@dataclass(frozen=True)
class Day:
    """A day of the strip: how many entries, at least so many if it ``is_cut``, and its bar."""

    date: date
    count: int
    is_cut: bool
    height: int

    HIGHEST = 40

    @property
    def bar_top(self) -> int:
        return self.HIGHEST - self.height


# How far back the strip goes, and how many entries it looks through.
DAYS, LOOKED_THROUGH = 30, 1000


def latest_days(entries) -> list[Day]:
    """Return the latest days with how many entries each has; none if there are no entries."""
    today = timezone.localdate()
    latest = entries.order_by("-at", "-pk").values_list("at", flat=True)[:LOOKED_THROUGH]
    zone = timezone.get_current_timezone()
    counts = Counter(at.astimezone(zone).date() for at in latest)
    first = today - timedelta(days=DAYS - 1)
    # Of the oldest day that was reached, and of those before it, not all entries were looked at.
    cut = min(counts) if counts.total() == LOOKED_THROUGH else date.min
    days = [max(first, cut) + timedelta(days=n) for n in range((today - max(first, cut)).days + 1)]
    most = max((counts[day] for day in days), default=0)
    if not most:
        return []
    return [
        Day(day, counts[day], day == cut, -(-Day.HIGHEST * counts[day] // most)) for day in days
    ]


def file_rows(entries):
    names = names_of_the_catalogue()
    yield ["Fecha y hora", "Quién", "Canal", "Dirección", "Acción", "A quién", "Cambios"]
    for entry in entries.iterator(chunk_size=500):
        yield [
            timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
            entry.by,
            entry.get_channel_display(),
            entry.address or "",
            action_label(entry),
            entry.about or "",
            "; ".join(line.text for line in changes(entry, names)),
        ]
