"""The frame of the site: Comunidad del Operador, the page of an option, the error pages."""

import logging
import secrets
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseServerError
from django.shortcuts import get_object_or_404, redirect, render
from django.template import loader
from django.urls import reverse
from django.views import View

from profiles import findings
from profiles.access import Holdings, Reason, verdict
from profiles.menu import menu_of
from profiles.models import Option, Role
from profiles.tree import OptionTree
from users import access
from users.unsent import UnsentForm
from users.views.sign_in import SignInView, resume

logger = logging.getLogger(__name__)


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


def bad_request(request, exception):
    return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)


def permission_denied(request, exception):
    return render(request, "403.html", {"reason": str(exception)}, status=HTTPStatus.FORBIDDEN)


def page_not_found(request, exception):
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


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
    context = {"reopen": request.path if reopens else reverse("portal:home")}
    return render(request, "403_csrf.html", context, status=HTTPStatus.FORBIDDEN)


def unavailable(request):
    """More is asked at once than this machine does well; it will be able to in a moment."""
    page = loader.get_template("503.html").render()
    retry = {"Retry-After": str(settings.HASHING_WAIT)}
    return HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=retry)


def server_error(request):
    """Needs neither database nor session: whatever broke may be one of them."""
    reference = secrets.token_hex(4).upper()
    logger.error("The 500 page of %s bears reference %s", request.path, reference)
    page = loader.get_template("500.html").render({"reference": reference})
    return HttpResponseServerError(page)
