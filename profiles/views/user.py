"""One user: what the user may do, and ¿Por qué no puede?"""

from django.shortcuts import render
from django.urls import reverse
from django.views import View

from profiles.access.chain import chain
from profiles.access.reasons import ORDER, Reason
from profiles.access.tree import OptionTree
from profiles.access.verdict import Holdings, Verdict, reasons_about_grants, verdict
from profiles.forms.filters import OptionSearchForm
from profiles.models import Option, Role
from users import tenancy
from users.forms.sessions import CloseSessionsForm
from users.signin.sessions import open_sessions
from users.signin.throttle import locks_of


class UserView(tenancy.AboutOneUser, View):
    """The page of one user: person, state, validity, what the user may do now and what not."""

    def get(self, request):
        user = self.account
        locks = locks_of([user])
        holdings = Holdings.of(user, locked=locks)
        granted = OptionTree(Option.objects.granted(holdings.options).for_verdicts())
        # A block of the whole account is shown once, not beside every option.
        grants = {leaf.code: reasons_about_grants(holdings, leaf.row) for leaf in granted.leaves}
        working = [leaf.row for leaf in granted.leaves if not grants[leaf.code]]
        verdicts = [verdict(holdings, leaf.row) for leaf in granted.leaves]
        without = Verdict((*holdings.account, Reason.OPTION_NOT_GRANTED))
        return render(
            request,
            "profiles/user.html",
            {
                "account": user,
                "obstacles": sorted(holdings.account, key=ORDER.__getitem__),
                "second_factor": user.has_second_factor,
                "locked_until": locks.get(user),
                "chain": chain(verdicts or [without]),
                "granted": granted,
                "permitted": sum(decision.permitted for decision in verdicts),
                "working": OptionTree(working),
                "refused": [
                    (leaf, reasons[0])
                    for leaf in granted.ordered_leaves
                    if (reasons := grants[leaf.code])
                ],
                "roles": [
                    (role, holdings.roles.get(role.code, Reason.NOT_OFFERED))
                    for role in Role.objects.filter(grants__user=user)
                ],
                "sessions": open_sessions(user),
                "close": CloseSessionsForm(
                    action=reverse("users:close_sessions", args=[user]),
                    all_label="Cerrar todas las sesiones",
                ),
            },
        )


class WhyView(tenancy.AboutOneUser, View):
    """¿Por qué no puede? Choose an option, read the verdict and where each reason is mended."""

    def get(self, request):
        user, search = self.account, OptionSearchForm(request.GET)
        tree = OptionTree(Option.objects.offered_to(user.operator), query=search.text)
        code = request.GET.get("opcion", "")
        option = Option.objects.every_leaf().for_verdict(code) if code else None
        holdings = Holdings.of(user, locked=locks_of([user]))
        context = {
            "account": user,
            "search": search,
            "query": search.text,
            "tree": tree,
            "not_found": bool(code) and option is None,
            "obstacles": sorted(holdings.account, key=ORDER.__getitem__),
        }
        if option is not None:
            context |= self.explanation(user, holdings, option)
        return render(request, "profiles/why.html", context)

    def explanation(self, user, holdings, option) -> dict:
        decision = verdict(holdings, option)
        return {
            "option": option,
            "path": OptionTree([option]).leaves[0].parent.path,
            "verdict": decision,
            "chain": chain([decision]),
            "permitted": decision.permitted,
            "option_grant": user.option_grants.filter(option=option).first(),
            "role_grants": user.role_grants.filter(role__options=option).select_related("role"),
            "acting_roles": Role.objects.filter(
                options=option, is_retired=False, operator_type__operators=user.operator
            ),
        }
