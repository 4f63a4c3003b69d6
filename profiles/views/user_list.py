"""Administración Usuario: the list of the secondary users."""

from datetime import UTC, datetime

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect, render
from django.views import View

from profiles.forms import UserFilterForm
from profiles.load.export import user_rows
from profiles.models import OptionGrant, RoleGrant
from profiles.spreadsheet import file_response
from users import access
from users.keyset import Page, page_of
from users.models import User
from users.throttle import locks_of


class UserListView(access.PrincipalRequiredMixin, View):
    """Administración Usuario: find, sort, mark one, act."""

    PAGE_SIZE = 20
    ORDERS = {
        "usuario": ["username", "pk"],
        "nombre": ["last_name", "first_name", "pk"],
        "tipo": ["document_type", "pk"],
        "documento": ["document_number", "pk"],
        "correo": ["email", "pk"],
        "estado": ["state", "pk"],
        "opciones": ["option_count", "pk"],
        "roles": ["role_count", "pk"],
        "ingreso": ["entered_at", "pk"],
    }
    ACTIONS = {
        "perfiles": "profiles:options",
        "roles": "profiles:roles",
        "estado": "users:change_state",
    }

    def get(self, request):
        action = request.GET.get("accion", "")
        if action in self.ACTIONS and (username := request.GET.get("usuario")):
            user = access.secondary_user(request.user, username)
            return redirect(self.ACTIONS[action], user.username)
        operator = request.user.operator
        everybody = User.objects.secondary().filter(operator=operator)
        filters = UserFilterForm(request.GET, operator=operator)
        if kind := request.GET.get("formato"):
            users = filters.filter(everybody).order_by("username", "pk")
            return file_response(kind, user_rows(users), f"usuarios-{operator.ruc}")
        order = request.GET.get("orden", "")
        if order.removeprefix("-") not in self.ORDERS:
            order = "usuario"
        page = self.page(filters.filter(everybody), order)
        for user in page:
            user.operator = operator
        locks = locks_of(page)
        for user in page:
            user.locked_until = locks.get(user)
        return render(
            request,
            "profiles/user_list.html",
            {
                "filters": filters,
                "page": page,
                "has_users": bool(page) or everybody.existing().exists(),
                "order": order,
                "nothing_marked": action in self.ACTIONS and not filters.shows_eliminated,
            },
        )

    def page(self, users, order: str) -> Page:
        fields = self.ORDERS[order.removeprefix("-")]
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
    """How many grants each user has, counted apart so that two kinds do not multiply."""
    counts = grants.objects.filter(user=OuterRef("pk")).order_by().values("user")
    return Coalesce(Subquery(counts.annotate(n=Count("pk")).values("n")), 0)


# What a row shows besides its own columns. Whoever never entered did so before everybody else.
SHOWN = {
    "option_count": grant_count(OptionGrant),
    "role_count": grant_count(RoleGrant),
    "entered_at": Coalesce("last_login", datetime(1900, 1, 1, tzinfo=UTC)),
}
