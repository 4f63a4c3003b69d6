"""Asignar Roles, and the end of the guide."""

from http import HTTPStatus

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View

from profiles.access.difference import of_roles
from profiles.access.reasons import ORDER
from profiles.access.role_needs import expired_roles, needs_of, smallest_roles
from profiles.access.tree import OptionTree
from profiles.access.verdict import Holdings, reasons_about_grants
from profiles.actions.grants import NotOfferedError, assign_roles
from profiles.forms.assignment import RolesDifferenceForm, RolesForm
from profiles.models import Option, Role
from profiles.views.assignment import AssignmentView
from users import tenancy
from users.forms.sign_in import TryAsForm
from users.history.recording import Actor
from users.signin.throttle import locks_of
from users.stale import StaleError


class RolesView(AssignmentView):
    """Paso 3: mark the roles, Asignar. From the list too, whether or not there are options."""

    form_class = RolesForm

    def get(self, request):
        granted = frozenset(self.account.role_grants.values_list("role_id", flat=True))
        form = self.form(role=granted, seen=granted)
        lost = granted - {role.code for role in form.roles}
        return self.show(
            form,
            unavailable=Role.objects.filter(code__in=lost) if lost else (),
            is_smallest=request.GET.get("marcar") == "minimos",
        )

    def post(self, request):
        sent = self.form(request.POST)
        if not sent.is_valid():
            return self.refuse(sent)
        match sent.cleaned_data["do"]:
            case "back" | "check":
                return self.show(self.form(**sent.cleaned_data))
            case None if sent.is_correction():
                return self.show_difference(sent)
            case _:
                return self.save(sent)

    def save(self, sent: RolesForm):
        marked, seen = sent.cleaned_data["role"], sent.cleaned_data["seen"]
        try:
            change = assign_roles(
                actor=Actor.from_request(self.request), user=self.account, codes=marked, seen=seen
            )
        except NotOfferedError:
            # The catalogue changed between reading it above and the transaction.
            return self.refuse(self.form(self.request.POST))
        except StaleError as stale:
            form = self.form(**sent.cleaned_data | {"seen": stale.current})
            meanwhile = of_roles(seen, stale.current)
            return self.show(form, meanwhile=meanwhile, status=HTTPStatus.CONFLICT)
        if not change:
            messages.info(self.request, f"No hubo cambios en los roles de {self.account}.")
        elif not seen:
            # The end of the guide: the first roles of the user.
            return redirect("profiles:roles_saved", self.account)
        else:
            messages.success(self.request, self.what_changed(change))
        return redirect("profiles:user_list")

    def refuse(self, sent: RolesForm):
        """Show the marks that are offered; name the roles that are not."""
        sent.is_valid()
        form, refused = self.form(**sent.cleaned_data), sent.fields["role"].refused_rows()
        return self.show(form, refused=refused, status=HTTPStatus.BAD_REQUEST)

    def show_difference(self, sent: RolesForm):
        marked, seen = sent.cleaned_data["role"], sent.cleaned_data["seen"]
        return self.page(
            "profiles/roles_difference.html",
            form=self.form(form_class=RolesDifferenceForm, **sent.cleaned_data),
            marked=marked,
            difference=of_roles(seen, marked),
        )

    def what_changed(self, change) -> str:
        names = dict(Role.objects.values_list("code", "name"))
        parts = [
            f"{verb} {', '.join(sorted(names[code] for code in codes))}"
            for verb, codes in (("se agregó", change.added), ("se quitó", change.removed))
            if codes
        ]
        return format_html(
            "Se ha asignado los roles correctamente al usuario\n\n{}: {}. "
            '<a href="{}">Deshacer</a>',
            self.account,
            "; ".join(parts),
            reverse("profiles:undo", args=[self.account]),
        )

    def show(
        self,
        form: RolesForm,
        *,
        status: int = HTTPStatus.OK,
        is_smallest: bool = False,
        **notices,
    ):
        holdings = Holdings.of(self.account)
        offered = Option.objects.offered_to(self.account.operator)
        granted = offered.filter(code__in=holdings.options).for_verdicts()
        needs, expired = needs_of(holdings, granted, form.roles), expired_roles(holdings)
        if is_smallest:
            form.mark(smallest_roles(needs, without=expired, reach=Role.objects.reach()))
        form.describe(needs, expired)
        return self.page(
            "profiles/roles.html",
            form=form,
            needs=needs,
            all_met=all(need.is_met for need in needs),
            smallest_count=sum(role.is_marked for role in form.roles),
            has_options=bool(granted),
            is_smallest=is_smallest,
            guide=self.step and self.step.guide["form"],
            status=status,
            **notices,
        )


class RolesSavedView(tenancy.AboutOneUser, View):
    """The end of the guide: what the user has, what works and what does not, and to try it."""

    def get(self, request):
        user = self.account
        if not user.role_grants.exists():
            return redirect("profiles:roles", user)
        holdings = Holdings.of(user, locked=locks_of([user]))
        granted = OptionTree(Option.objects.granted(holdings.options).for_verdicts())
        context = {
            "account": user,
            "options": granted.leaves,
            "roles": Role.objects.filter(grants__user=user),
            "obstacles": sorted(holdings.account, key=ORDER.__getitem__),
            "failing": [
                (leaf.row, reasons[0])
                for leaf in granted.ordered_leaves
                if (reasons := reasons_about_grants(holdings, leaf.row))
            ],
            "try_as": TryAsForm(initial={"usuario": user.username}),
        }
        return render(request, "profiles/roles_saved.html", context)
