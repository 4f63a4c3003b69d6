"""Administración Usuario: the list of the secondary users."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect, render
from django.views import View

from profiles.forms.user_list import MarkedUserForm, MarkedUsersForm, UserListForm
from profiles.load.export import user_rows
from profiles.models import OptionGrant, RoleGrant
from profiles.spreadsheet import file_response
from profiles.views import wizard
from users import tenancy
from users.lists.keyset import AFTER, BEFORE, Page, page_of
from users.models import User
from users.signin.throttle import locks_of

# What a button sends: an address that leads elsewhere in the list leaves it out.
MARKS = ("accion", "cambio", "usuario", "marcar")


@dataclass(frozen=True)
class Column:
    """What the list sorts by; ``joined_by`` stands before its title beside another in one head."""

    label: str
    sorted_by: Sequence[str]
    joined_by: str = " · "


@dataclass(frozen=True)
class Header:
    """The title of a column, a link that sorts by it: ascending, then descending."""

    column: Column
    address: str
    sorts: str


class UserListView(tenancy.PrincipalRequiredMixin, View):
    """Administración Usuario: find, sort, mark one or several, act."""

    PAGE_SIZE = 20
    # Of a list in which several are marked.
    LONG_PAGE_SIZE = 100
    COLUMNS = {
        "usuario": Column("Usuario", ["username"]),
        "nombre": Column("Nombres y Apellidos", ["last_name", "first_name"]),
        "tipo": Column("Tipo", ["document_type"]),
        "documento": Column("Nro de Documento", ["document_number"], joined_by=" y "),
        "correo": Column("Correo Electrónico", ["email"]),
        "estado": Column("Estado", ["state"]),
        "opciones": Column("Opciones", ["option_count"]),
        "roles": Column("Roles", ["role_count"]),
        "ingreso": Column("Último ingreso", ["entered_at"]),
    }
    # Facts that share a cell share its head.
    HEADS = (
        ("usuario", "nombre"),
        ("tipo", "documento"),
        ("correo",),
        ("estado",),
        ("opciones", "roles"),
        ("ingreso",),
    )

    def get(self, request):
        self.operator = request.user.operator
        columns = {name: column.label for name, column in self.COLUMNS.items()}
        filters = UserListForm(request.GET, operator=self.operator, columns=columns)
        everybody = User.objects.secondary().filter(operator=self.operator)
        users = filters.filter(everybody)
        marking = (MarkedUsersForm if filters.marks_several else MarkedUserForm)(request.GET)
        if marking.is_valid():
            return redirect(marking.address(request.user))
        if kind := request.GET.get("formato"):
            rows = user_rows(users.order_by("username", "pk"))
            return file_response(kind, rows, f"usuarios-{self.operator.ruc}")
        order = request.GET.get("orden", "")
        if order.removeprefix("-") not in self.COLUMNS:
            order = "usuario"
        size = self.LONG_PAGE_SIZE if filters.marks_several else self.PAGE_SIZE
        page = self.page(users, order, size)
        can_be_marked = not filters.shows_eliminated
        one_is_marked = marking.marked and can_be_marked and not filters.marks_several
        marked = self.marked_user(marking) if one_is_marked else None
        shown = [marked, *(user for user in page if user != marked)] if marked else page.rows
        for user in shown:
            user.operator = self.operator
        locks = locks_of(shown)
        for user in shown:
            user.locked_until = locks.get(user)
        marks_all = filters.marks_several and "marcar" in request.GET
        lacks_roles_only = marked and marked.option_count and not marked.role_count
        return render(
            request,
            "profiles/user_list.html",
            {
                "filters": filters,
                "page": page,
                "users": shown,
                "marked": marked,
                "step": wizard.ROLES if lacks_roles_only else None,
                "guide": wizard.OPTIONS.guide["done"],
                "has_users": bool(page) or everybody.existing().exists(),
                "heads": self.heads(order),
                "can_be_marked": can_be_marked,
                "marks_several": filters.marks_several,
                "marked_names": {user.username for user in shown} if marks_all else marking.marked,
                "marking": marking,
                "left_out": MARKS,
            },
        )

    def marked_user(self, marking: MarkedUserForm) -> User | None:
        """Return the user that the address marks, who heads the list whatever page holds the user."""
        users = tenancy.secondary_users_of(self.request.user).annotate(**SHOWN)
        return users.filter(username__in=marking.marked).first()

    def heads(self, order: str) -> list[list[Header]]:
        kept = self.request.GET.copy()
        for name in ("orden", AFTER, BEFORE, *MARKS):
            kept.pop(name, None)
        others = f"&{query}" if (query := kept.urlencode()) else ""
        sorts = {order: "descending" if order.startswith("-") else "ascending"}
        return [
            [
                Header(
                    self.COLUMNS[name],
                    f"?orden={'-' * (name == order)}{name}{others}",
                    sorts.get(name) or sorts.get(f"-{name}", ""),
                )
                for name in names
            ]
            for names in self.HEADS
        ]

    def page(self, users, order: str, size: int) -> Page:
        fields = [*self.COLUMNS[order.removeprefix("-")].sorted_by, "pk"]
        sorts = {name: SHOWN[name] for name in fields if name in SHOWN}
        sign = "-" if order.startswith("-") else ""
        return page_of(
            users.annotate(**sorts),
            [sign + field for field in fields],
            size,
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
