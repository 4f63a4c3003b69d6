"""Administración Usuario: the list of the secondary users."""

from django.core.paginator import InvalidPage, Paginator
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect, render
from django.views import View

from profiles.forms import UserFilterForm
from profiles.load.export import user_rows
from profiles.models import OptionGrant, RoleGrant
from profiles.spreadsheet import file_response
from users import access
from users.models import User
from users.throttle import locks_of


class UserListView(access.PrincipalRequiredMixin, View):
    """Administración Usuario: find, sort, mark one, act."""

    PAGE_SIZE = 20
    ORDERS = {
        "usuario": ["username"],
        "nombre": ["last_name", "first_name"],
        "tipo": ["document_type"],
        "documento": ["document_number"],
        "correo": ["email"],
        "estado": ["state"],
        "opciones": ["option_count"],
        "roles": ["role_count"],
        "ingreso": ["last_login"],
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
        everybody = User.objects.secondary().filter(operator=operator).select_related("operator")
        filters = UserFilterForm(request.GET, operator=operator)
        if kind := request.GET.get("formato"):
            users = filters.filter(everybody).order_by("username", "pk")
            return file_response(kind, user_rows(users), f"usuarios-{operator.ruc}")
        order = request.GET.get("orden", "")
        page = self.page(self.sorted(filters.filter(everybody), order))
        locks = locks_of(page)
        for user in page:
            user.locked_until = locks.get(user)
        return render(
            request,
            "profiles/user_list.html",
            {
                "filters": filters,
                "page": page,
                "has_users": everybody.existing().exists(),
                "order": order if order.removeprefix("-") in self.ORDERS else "usuario",
                "nothing_marked": action in self.ACTIONS and not filters.shows_eliminated,
            },
        )

    def sorted(self, users, order: str):
        users = users.annotate(
            option_count=grant_count(OptionGrant), role_count=grant_count(RoleGrant)
        )
        fields = self.ORDERS.get(order.removeprefix("-"), self.ORDERS["usuario"])
        sign = "-" if order.startswith("-") else ""
        return users.order_by(*(sign + field for field in fields), "pk")

    def page(self, users):
        paginator = Paginator(users, self.PAGE_SIZE)
        try:
            return paginator.page(self.request.GET.get("pagina", 1))
        except InvalidPage:
            return paginator.page(1)


def grant_count(grants):
    """How many grants each user has, counted apart so that two kinds do not multiply."""
    counts = grants.objects.filter(user=OuterRef("pk")).order_by().values("user")
    return Coalesce(Subquery(counts.annotate(n=Count("pk")).values("n")), 0)
