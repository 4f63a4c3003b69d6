"""Administración Usuario: the list of the secondary users."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect, render
from django.utils import timezone
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
        locked = locks_of(shown)
        marks_all = filters.marks_several and "marcar" in request.GET
        marked_names = {user.username for user in shown} if marks_all else marking.marked
        lacks_roles_only = marked and marked.option_count and not marked.role_count
        return render(
            request,
            "profiles/user_list.html",
            {
                "filters": filters,
                "page": page,
                "rows": [row_of(user, user in locked, marked_names) for user in shown],
                "marked": marked,
                "step": wizard.ROLES if lacks_roles_only else None,
                "guide": wizard.OPTIONS.guide["done"],
                "has_users": bool(page) or everybody.existing().exists(),
                "heads": self.heads(order),
                "can_be_marked": can_be_marked,
                "marks_several": filters.marks_several,
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


class Row(NamedTuple):
    """What a row of the table says, in the order in which its template unpacks it.

    A name that ``for`` unpacks costs a template a third of what an attribute costs.
    """

    username: str
    name: str
    document_label: str
    document_number: str
    email: str
    state: str
    said_state: str
    options: str
    roles: str
    entered_at: datetime | None
    is_marked: bool


def row_of(user: User, is_locked: bool, marked_names: Collection[str]) -> Row:
    state = User.State(user.state)
    is_locked = is_locked and state == User.State.ACTIVE
    return Row(
        user.username,
        user.get_full_name(),
        user.document_label,
        user.document_number,
        user.email,
        *(("locked", "Bloqueado") if is_locked else (state.value, state.label)),
        counted(user.option_count, "opción", "opciones"),
        counted(user.role_count, "rol", "roles"),
        user.last_login and timezone.localtime(user.last_login).replace(microsecond=0),
        user.username in marked_names,
    )


def counted(number: int, one: str, several: str) -> str:
    """Return the number with its noun; "" for none."""
    return f"{number} {one if number == 1 else several}" if number else ""


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
