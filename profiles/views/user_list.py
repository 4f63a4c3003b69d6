"""Administración Usuario: the list of the secondary users."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect, render
from django.views import View

from profiles.forms.filters import MarkedUserForm, UserFilterForm
from profiles.load.export import user_rows
from profiles.models import OptionGrant, RoleGrant
from profiles.spreadsheet import file_response
from users import tenancy
from users.lists.keyset import AFTER, BEFORE, Page, page_of
from users.models import User
from users.signin.throttle import locks_of


@dataclass(frozen=True)
class Column:
    label: str
    sorted_by: Sequence[str]
    is_number: bool = False


@dataclass(frozen=True)
class Header:
    """The title of a column, a link that sorts by it: ascending, then descending."""

    label: str
    is_number: bool
    address: str
    sorts: str


class UserListView(tenancy.PrincipalRequiredMixin, View):
    """Administración Usuario: find, sort, mark one, act."""

    PAGE_SIZE = 20
    COLUMNS = {
        "usuario": Column("Usuario", ["username"]),
        "nombre": Column("Nombres y Apellidos", ["last_name", "first_name"]),
        "tipo": Column("Tipo de Documento", ["document_type"]),
        "documento": Column("Nro de Documento", ["document_number"], is_number=True),
        "correo": Column("Correo Electrónico", ["email"]),
        "estado": Column("Estado", ["state"]),
        "opciones": Column("Opciones", ["option_count"], is_number=True),
        "roles": Column("Roles", ["role_count"], is_number=True),
        "ingreso": Column("Último ingreso", ["entered_at"]),
    }

    def get(self, request):
        marking = MarkedUserForm(request.GET)
        if marking.is_valid():
            user = tenancy.secondary_user(request.user, marking.cleaned_data["usuario"])
            return redirect(marking.screen, user.username)
        operator = request.user.operator
        everybody = User.objects.secondary().filter(operator=operator)
        filters = UserFilterForm(request.GET, operator=operator)
        if kind := request.GET.get("formato"):
            users = filters.filter(everybody).order_by("username", "pk")
            return file_response(kind, user_rows(users), f"usuarios-{operator.ruc}")
        order = request.GET.get("orden", "")
        if order.removeprefix("-") not in self.COLUMNS:
            order = "usuario"
        page = self.page(filters.filter(everybody), order)
        for user in page:
            user.operator = operator
        locks = locks_of(page)
        for user in page:
            user.locked_until = locks.get(user)
        can_be_marked = not filters.shows_eliminated
        return render(
            request,
            "profiles/user_list.html",
            {
                "filters": filters,
                "page": page,
                "has_users": bool(page) or everybody.existing().exists(),
                "order": order,
                "headers": self.headers(order),
                "can_be_marked": can_be_marked,
                "marking": marking,
                "nothing_marked": marking.lacks_user and can_be_marked,
            },
        )

    def headers(self, order: str) -> list[Header]:
        kept = self.request.GET.copy()
        for name in ("orden", AFTER, BEFORE, "accion", "usuario"):
            kept.pop(name, None)
        others = f"&{query}" if (query := kept.urlencode()) else ""
        sorts = {order: "descending" if order.startswith("-") else "ascending"}
        return [
            Header(
                column.label,
                column.is_number,
                f"?orden={'-' * (name == order)}{name}{others}",
                sorts.get(name) or sorts.get(f"-{name}", ""),
            )
            for name, column in self.COLUMNS.items()
        ]

    def page(self, users, order: str) -> Page:
        fields = [*self.COLUMNS[order.removeprefix("-")].sorted_by, "pk"]
        sorts = {name: SHOWN[name] for name in fields if name in SHOWN}
        sign = "-" if order.startswith("-") else ""
        return page_of(
            users.annotate(**sorts),
            [sign + field for field in fields],
            self.PAGE_SIZE,
            self.request.GET,
            rows=User.objects.annotate(**SHOWN),
        )


def grant_count(grants):
    """Return the number of grants of a user as a subquery: a join would multiply the two kinds."""
    counts = grants.objects.filter(user=OuterRef("pk")).order_by().values("user")
    return Coalesce(Subquery(counts.annotate(n=Count("pk")).values("n")), 0)


# Annotations of a row. A user who never signed in sorts before all others.
SHOWN = {
    "option_count": grant_count(OptionGrant),
    "role_count": grant_count(RoleGrant),
    "entered_at": Coalesce("last_login", datetime(1900, 1, 1, tzinfo=UTC)),
}
