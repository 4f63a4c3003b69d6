"""Bulk actions on the accounts that staff marks in the list."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.http import HttpResponseRedirect
from django.urls import reverse

from users.actions import accounts, signing_in
from users.admin.pages import acting, page
from users.models import Session, User
from users.signin.throttle import locks_of


@dataclass(frozen=True)
class BulkAction:
    """An action on several accounts, and its texts.

    It applies to the accounts of operators, with ``staff_too`` to staff too, that meet the
    ``condition``; ``only`` tells which ones when others are marked as well. The number of users
    follows ``asks`` and ``done``. Without a ``consequence`` the action runs without confirmation.
    """

    key: str
    action: Callable
    condition: Q | Exists
    done: str
    only: str
    logged: str
    title: str = ""
    submit: str = ""
    asks: str = ""
    consequence: str = ""
    staff_too: bool = False

    def applicable(self, queryset):
        """Return the accounts of the queryset to which the action applies."""
        accounts = queryset if self.staff_too else queryset.of_operators()
        return accounts.filter(self.condition).select_related("operator")


SUSPEND = BulkAction(
    key="suspend",
    action=accounts.suspend_user,
    condition=Q(state=User.State.ACTIVE),
    title="Suspender usuarios",
    submit="Suspender",
    asks="Se suspenderá a",
    consequence="Quien está suspendido no ingresa hasta que se le reactive; si ahora está dentro, "
    "sale con su siguiente paso.",
    done="Se ha suspendido a",
    only="Solo cambian los usuarios de operadores que están en estado activo.",
    logged="Estado: Suspendido.",
)
REACTIVATE = BulkAction(
    key="reactivate",
    action=accounts.reactivate_user,
    condition=Q(state=User.State.SUSPENDED),
    submit="Reactivar",
    done="Se ha reactivado a",
    only="Solo cambian los usuarios de operadores que están en estado suspendido.",
    logged="Estado: Activo.",
)
ELIMINATE = BulkAction(
    key="eliminate",
    action=accounts.eliminate_user,
    condition=~Q(state=User.State.ELIMINATED) & Q(is_principal=False),
    title="Eliminar usuarios",
    submit="Eliminar",
    asks="Se eliminará a",
    consequence="No se puede deshacer: quien está eliminado no ingresa nunca más, y si ahora está "
    "dentro, sale con su siguiente paso. Su usuario y su documento quedan libres; lo que hizo "
    "sigue en los movimientos.",
    done="Se ha eliminado a",
    only="Solo se elimina a los usuarios secundarios que aún no lo están.",
    logged="Estado: Eliminado.",
)
CLOSE_SESSIONS = BulkAction(
    key="close_sessions",
    action=signing_in.close_sessions,
    condition=Exists(Session.objects.filter(user=OuterRef("pk"), expire_date__gt=Now())),
    title="Cerrar sesiones",
    submit="Cerrar las sesiones",
    asks="Se cerrarán las sesiones de",
    consequence="Quien ahora está dentro sale con su siguiente paso, y puede volver a ingresar.",
    done="Se han cerrado las sesiones de",
    only="Solo se cierran las sesiones de los usuarios de operadores que tienen alguna abierta.",
    logged="Sesiones cerradas.",
)
UNLOCK = BulkAction(
    key="unlock",
    action=signing_in.unlock_user,
    condition=~Q(state=User.State.ELIMINATED),
    submit="Desbloquear",
    done="Se ha desbloqueado a",
    only="Solo se desbloquea a quien está bloqueado por intentos fallidos de ingreso; al personal, "
    "solo el superusuario.",
    logged="Desbloqueado.",
    staff_too=True,
)


def buttons_for(user: User) -> list[BulkAction]:
    """Return the actions that apply to the account, for its own page."""
    only_this = User.objects.filter(pk=user.pk)
    applicable = [
        each
        for each in (SUSPEND, REACTIVATE, CLOSE_SESSIONS, ELIMINATE)
        if each.applicable(only_this).exists()
    ]
    return [*applicable, UNLOCK] if locks_of([user]) else applicable


def own_page(request) -> str:
    """Return the page of the account whose button was pressed; empty if it was an action of the list."""
    marked = request.POST.getlist(ACTION_CHECKBOX_NAME)
    if request.POST.get("page") != "own" or len(marked) != 1:
        return ""
    return reverse("admin:users_user_change", args=marked)


class BulkActions:
    """Mixin of the administration of accounts: adds the bulk actions, also as buttons of one."""

    actions = ["suspend", "reactivate", "unlock", "close_sessions", "eliminate"]

    @admin.action(description="Suspender a los usuarios marcados", permissions=["change"])
    def suspend(self, request, queryset):
        return self.do(request, queryset, SUSPEND)

    @admin.action(description="Reactivar a los usuarios marcados", permissions=["change"])
    def reactivate(self, request, queryset):
        return self.do(request, queryset, REACTIVATE)

    @admin.action(description="Desbloquear a los usuarios marcados", permissions=["change"])
    def unlock(self, request, queryset):
        return self.do(request, queryset, UNLOCK)

    @admin.action(description="Cerrar las sesiones de los marcados", permissions=["change"])
    def close_sessions(self, request, queryset):
        return self.do(request, queryset, CLOSE_SESSIONS)

    @admin.action(description="Eliminar a los usuarios marcados", permissions=["change"])
    def eliminate(self, request, queryset):
        return self.do(request, queryset, ELIMINATE)

    def do(self, request, queryset, bulk_action: BulkAction):
        if "confirmed" in request.POST or not bulk_action.consequence:
            return self.do_to_each(request, queryset, bulk_action)
        return page(
            self,
            request,
            "admin/users/user/ask_first.html",
            title=bulk_action.title,
            bulk_action=bulk_action,
            users=bulk_action.applicable(queryset),
            selected=request.POST.getlist(ACTION_CHECKBOX_NAME),
            select_across=request.POST.get("select_across") == "1",
            checkbox_name=ACTION_CHECKBOX_NAME,
            own_page=own_page(request),
        )

    def do_to_each(self, request, queryset, bulk_action: BulkAction):
        marked, done = queryset.count(), 0
        for user in bulk_action.applicable(queryset):
            try:
                changed = bulk_action.action(actor=acting(request), user=user)
            except (PermissionDenied, ValidationError):
                # The account is of staff, and the actor is no superuser; or another request
                # eliminated the account or made it the principal.
                continue
            if changed:
                self.log_change(request, user, bulk_action.logged)
                done += 1
        if done:
            counted = "1 usuario" if done == 1 else f"{done} usuarios"
            messages.success(request, f"{bulk_action.done} {counted}.")
        if left := marked - done:
            messages.warning(request, f"Sin cambios: {left}. {bulk_action.only}")
        return HttpResponseRedirect(own_page(request)) if own_page(request) else None
