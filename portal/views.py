"""The screens of the frame: Comunidad del Operador, the page of an option, and Ayuda."""

from http import HTTPStatus
from itertools import chain

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View

from profiles.access import findings
from profiles.access.reasons import Reason
from profiles.access.tree import OptionTree, menu_of
from profiles.access.verdict import Holdings, verdict
from profiles.forms.filters import MenuSearchForm
from profiles.models import Option, Role
from profiles.views import wizard
from users import tenancy


class HomeView(View):
    """Comunidad del Operador: the account's menu and, for a principal, the administration."""

    def get(self, request):
        user = request.user
        if user.operator is None:
            return redirect("admin:index")
        leaves = menu_of(Holdings.of(user), Option.objects.offered_to(user.operator)).leaves
        search = MenuSearchForm(request.GET)
        context = {
            "menu": OptionTree([leaf.row for leaf in leaves], query=search.text),
            "search": search,
            "query": search.text,
            "operator_types": user.operator.operator_types.all(),
        }
        if user.is_principal:
            users = tenancy.secondary_users_of(user)
            context |= {
                "has_users": users.exists(),
                "findings": findings.count_each(users, user.operator),
            }
        return render(request, "portal/home.html", context)


class OptionView(View):
    """The page of an option: what it is for, and whether the account may open it."""

    def get(self, request, code):
        user = request.user
        if user.operator is None:
            raise PermissionDenied("Esta página es de los usuarios de los operadores.")
        option = get_object_or_404(Option.objects.every_leaf(), code=code)
        # A lock stops sign-ins only. If it closed open sessions, any stranger could close them by
        # guessing passwords, so the verdict is made without it.
        holdings = Holdings.of(user)
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


@method_decorator(login_not_required, name="dispatch")
class HelpView(View):
    """Ayuda: the guide with links into the portal, the words, the keys, the sources, who to ask."""

    def get(self, request):
        # A sentence that two screens of a step repeat is said once.
        steps = [(step, dict.fromkeys(chain(*step.guide.values()))) for step in wizard.STEPS]
        context = {"steps": steps}
        user = request.user
        if user.is_authenticated and user.operator and not user.is_principal:
            context["principal"] = user.operator.users.get(is_principal=True)
        return render(request, "portal/help.html", context)
