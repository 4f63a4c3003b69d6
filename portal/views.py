"""The frame of the site: Comunidad del Operador, the page of an option, the error pages."""

import sys
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template import loader
from django.urls import reverse
from django.views import View
from psycopg.errors import ReadOnlySqlTransaction

from profiles import findings
from profiles.access import Holdings, Reason, verdict
from profiles.menu import menu_of
from profiles.models import Option, Role
from profiles.tree import OptionTree
from users import access
from users.unsent import UnsentForm
from users.views.sign_in import SignInView, resume


class HomeView(View):
    """Comunidad del Operador: for a principal what he administers, for everybody his own menu."""

    def get(self, request):
        user = request.user
        if user.operator is None:
            return redirect("admin:index")
        leaves = menu_of(Holdings.of(user), Option.objects.offered_to(user.operator)).leaves
        query = request.GET.get("texto", "").strip()
        context = {
            "menu": OptionTree([leaf.row for leaf in leaves], query=query),
            "query": query,
            "operator_types": user.operator.operator_types.all(),
        }
        if user.is_principal:
            users = access.secondary_users_of(user)
            context |= {
                "has_users": users.exists(),
                "findings": findings.count_each(users, user.operator),
            }
        return render(request, "portal/home.html", context)


class OptionView(View):
    """The page of an option: what one would do there, and whether this visitor may."""

    def get(self, request, code):
        user = request.user
        if user.operator is None:
            raise PermissionDenied("Esta página es de los usuarios de los operadores.")
        option = get_object_or_404(Option.objects.every_leaf(), code=code)
        holdings = Holdings.of(user).inside()
        decision = verdict(holdings, option)
        roles = Role.objects.filter(
            options=option, operator_type__operators=user.operator, is_retired=False
        )
        return render(
            request,
            "portal/option.html",
            {
                "option": option,
                "path": OptionTree([option]).leaves[0].parent.path,
                "verdict": decision,
                "explanation": request.build_absolute_uri(
                    f"{reverse('profiles:why', args=[user.username])}?opcion={option.code}"
                ),
                "roles": [
                    (role, holdings.roles.get(role.code, Reason.ROLE_MISSING) is None)
                    for role in roles
                ],
            },
            status=HTTPStatus.OK if decision.permitted else HTTPStatus.FORBIDDEN,
        )


# Error pages --------------------------------------------------------------------------------------

RETRY_AFTER_SECONDS = 30


def error_page(request, status: HTTPStatus, **context):
    context["number"] = request.number
    return render(request, f"{status:d}.html", context, status=status)


def bad_request(request, exception):
    too_large = isinstance(exception, RequestDataTooBig)
    return error_page(
        request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
    )


def permission_denied(request, exception):
    return error_page(request, HTTPStatus.FORBIDDEN, reason=str(exception))


def page_not_found(request, exception):
    return error_page(request, HTTPStatus.NOT_FOUND)


def csrf_failure(request, reason=""):
    """A form whose token is from an earlier session; if it came from a page of this site, it is
    offered to its owner to be sent again. So is one that a sign-in page was keeping."""
    if request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}":
        kept = UnsentForm.loads(request.POST.get("unsent", ""))
        unsent = kept or UnsentForm.from_request(request)
        if unsent and unsent.belongs_to(request.user):
            return resume(request, unsent, status=HTTPStatus.FORBIDDEN)
        if kept and request.user.is_anonymous:
            return SignInView.keeping(request, kept)
    reopens = request.resolver_match and request.resolver_match.view_name != "users:sign_out"
    context = {
        "reopen": request.path if reopens else reverse("portal:home"),
        "number": request.number,
    }
    return render(request, "403_csrf.html", context, status=HTTPStatus.FORBIDDEN)


def server_error(request):
    """A failure, or a database that is gone, full or read-only: that one ends by itself.

    Django calls this while the exception is being handled. The page needs neither database nor
    session nor the list of static files: whatever broke may be one of them.
    """
    unavailable = database_is_unavailable(sys.exc_info()[1])
    status = HTTPStatus.SERVICE_UNAVAILABLE if unavailable else HTTPStatus.INTERNAL_SERVER_ERROR
    page = loader.get_template(f"{status:d}.html").render({"number": request.number})
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if unavailable else {}
    return HttpResponse(page, status=status, headers=headers)


def database_is_unavailable(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError | InterfaceError) or isinstance(
        # PostgreSQL after a failover; Django counts it among the faults of a program.
        error.__cause__ if error else None,
        ReadOnlySqlTransaction,
    )
