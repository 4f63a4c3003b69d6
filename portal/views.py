"""The screens of the frame: Comunidad del Operador, the page of an option, and Ayuda."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View

from profiles.access.findings import COUNTED, Finding, Offer
from profiles.access.reasons import Reason
from profiles.access.standing import Standing, Team
from profiles.access.tree import OptionTree, own_menu
from profiles.access.verdict import Holdings, verdict
from profiles.exercises.course import Course
from profiles.forms.filters import MenuSearchForm
from profiles.models import Option, Role
from profiles.views import wizard
from users import tenancy
from users.models import User

# Of the users whose access is to be finished, the home page names so many.
TASKS = 3


@dataclass(frozen=True)
class Part:
    """A part of the bar of users: how they stand, in words, and where the list shows them."""

    how: str
    count: int
    words: str
    query: str
    # Of the bar, in thousandths.
    start: float
    width: float


PARTS = {
    Standing.READY: ("listo", "listos"),
    Finding.ROLE_MISSING: ("con un rol por asignar",) * 2,
    Finding.WITHOUT_OPTIONS: ("sin opciones",) * 2,
    Standing.STOPPED: ("detenido", "detenidos"),
    User.State.ACTIVE: ("activo", "activos"),
    User.State.SUSPENDED: ("suspendido", "suspendidos"),
}


def parts_of(team: Team) -> list[Part]:
    """Return the parts of the bar, in the order in which they are drawn."""
    parts, start = [], 0
    for how, (singular, plural) in PARTS.items():
        if count := team.parts.get(how):
            name = "estado" if how in User.State.values else "hallazgo"
            width = 1000 * count / team.total
            words = singular if count == 1 else plural
            parts.append(Part(how.value, count, words, f"{name}={how.value}", start, width))
            start += width
    return parts


class HomeView(View):
    """Comunidad del Operador: the account's menu and, for a principal, the administration."""

    def get(self, request):
        user = request.user
        if user.operator is None:
            return redirect("admin:index")
        search = MenuSearchForm(request.GET)
        context = {
            "search": search,
            "query": search.text,
            "operator_types": user.operator.operator_types.all(),
        }
        if user.is_principal:
            context |= self.team(user)
        # The menu of a secondary user is the page; that of a principal is shown when asked for.
        if search.text or not user.is_principal or request.GET.get("menu"):
            menu = own_menu(user, query=search.text)
            context |= {"menu": menu, "menu_size": len(menu.leaves)}
        return render(request, "portal/home.html", context)

    def team(self, principal: User) -> dict:
        """Return how the users of the principal stand, and whose access is to be finished."""
        users, offer = tenancy.secondary_users_of(principal), Offer.to(principal.operator)
        team = Team.of(users, offer)
        practises = settings.DEMO and principal.operator.is_practice and not team.total
        course = Course.of(principal.operator) if practises else None
        return {
            "team": team,
            "parts": parts_of(team),
            "tasks": team.unfinished[:TASKS],
            "unfinished_count": len(team.unfinished),
            "counted": COUNTED,
            "menu_size": len(offer.options),
            "exercise": course and (course.current or course.next_after()),
        }


class OptionView(View):
    """The page of an option: what it is for, and whether the account may open it."""

    # The page around it.
    frame = "base.html"

    def get(self, request, code):
        user = request.user
        if user.operator is None:
            raise PermissionDenied("Esta página es de los usuarios de los operadores.")
        option = Option.objects.every_leaf().for_verdict(code)
        if option is None:
            raise Http404
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
                "frame": self.frame,
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
