"""Asignar Perfiles with its summary, Asignar Roles.

The screens serve both the wizard, where each has its ``step``, and the later correction of an
account from the list, where ``step`` is None.
"""

from http import HTTPStatus

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View

from profiles.access.difference import of_options, of_roles
from profiles.access.reasons import ORDER
from profiles.access.tree import OptionTree, menu_of
from profiles.access.verdict import Holdings, reasons_about_grants, verdict
from profiles.actions.grants import NotOfferedError, assign_options, assign_roles
from profiles.forms.assignment import (
    NoOptionsForm,
    OptionsForm,
    RolesDifferenceForm,
    RolesForm,
    SummaryForm,
)
from profiles.models import Option, Role
from profiles.views.wizard import StepView
from users import tenancy
from users.forms.sign_in import TryAsForm
from users.history.recording import Actor
from users.signin.throttle import locks_of
from users.stale import StaleError


class AssignmentView(tenancy.AboutOneUser, StepView):
    """What the assignment screens share: their forms, addresses and pages."""

    form_class: type[OptionsForm] | type[RolesForm]

    def form(self, data=None, *, form_class=None, **initial):
        """Return a form bound to ``data`` or, for a page to draw, one that shows ``initial``."""
        return (form_class or self.form_class)(
            data, operator=self.account.operator, auto_id=False, initial=initial
        )

    def url(self, name: str) -> str:
        return reverse(f"profiles:{'wizard_' if self.step else ''}{name}", args=[self.account])

    def page(self, template: str, *, status: int = HTTPStatus.OK, **context):
        context |= {"account": self.account, "step": self.step}
        return render(self.request, template, context, status=status)


class OptionsView(AssignmentView):
    """Paso 2: choose a profile, mark its options, Siguiente, see the summary, Grabar.

    The marks travel in the form, to the summary and back; nothing is kept until Grabar.
    """

    form_class = OptionsForm

    def get(self, request):
        granted = frozenset(self.account.option_grants.values_list("option_id", flat=True))
        # While nothing is marked a profile is chosen by its address, so that Back leads to it.
        form = self.form(option=granted, seen=granted, profile=request.GET.get("perfil"))
        lost = granted - form.tree.codes
        return self.show(form, unavailable=Option.objects.filter(code__in=lost) if lost else ())

    def post(self, request):
        sent = self.form(request.POST)
        if not sent.is_valid():
            return self.refuse(sent)
        marked, do = sent.cleaned_data["option"], sent.cleaned_data["do"]
        match do:
            case "next" if not marked:
                form = self.form(form_class=NoOptionsForm, **sent.cleaned_data)
                return self.page(
                    "profiles/no_options.html", form=form, seen=sent.cleaned_data["seen"]
                )
            case "next" | "next_without_options":
                return self.show_summary(sent)
            case "save":
                return self.save(sent)
            case _:
                return self.show(self.form(**sent.cleaned_data))

    def save(self, sent: OptionsForm):
        marked, seen = sent.cleaned_data["option"], sent.cleaned_data["seen"]
        try:
            change = assign_options(
                actor=Actor.from_request(self.request), user=self.account, codes=marked, seen=seen
            )
        except NotOfferedError:
            # The catalogue changed between reading it above and the transaction.
            return self.refuse(self.form(self.request.POST))
        except StaleError as stale:
            form = self.form(**sent.cleaned_data | {"seen": stale.current})
            meanwhile = of_options(seen, stale.current)
            return self.show(form, meanwhile=meanwhile, status=HTTPStatus.CONFLICT)
        if not marked:
            messages.warning(
                self.request,
                f"{self.account} quedó sin opciones. Puede ingresar, pero su menú estará vacío "
                "hasta que le asigne perfiles.",
            )
        elif not change and not self.step:
            messages.info(self.request, f"No hubo cambios en las opciones de {self.account}.")
        else:
            return redirect(self.url("options_saved"))
        return redirect("profiles:user_list")

    def refuse(self, sent: OptionsForm):
        """Show the marks that are offered; name the options that are not."""
        sent.is_valid()
        form, refused = self.form(**sent.cleaned_data), sent.fields["option"].refused_rows()
        return self.show(form, refused=refused, status=HTTPStatus.BAD_REQUEST)

    def show(self, form: OptionsForm, *, status: int = HTTPStatus.OK, **notices):
        back = reverse("users:created", args=[self.account]) if self.step else None
        return self.page(
            "profiles/options.html",
            form=form,
            back=back or reverse("profiles:user_list"),
            guide=self.step and self.step.guide["form"],
            status=status,
            **notices,
        )

    def show_summary(self, sent: OptionsForm):
        codes, seen = sent.cleaned_data["option"], sent.cleaned_data["seen"]
        marked = list(Option.objects.offered_to(self.account.operator).filter(code__in=codes))
        return self.page(
            "profiles/summary.html",
            form=self.form(form_class=SummaryForm, **sent.cleaned_data),
            granted=OptionTree(marked),
            codes=codes,
            is_correction=bool(seen),
            difference=of_options(seen, codes),
            menu=menu_of(Holdings.of(self.account).with_options(codes), marked),
            guide=self.step and self.step.guide["summary"],
        )


class OptionsSavedView(AssignmentView):
    """What Grabar did: who, when, how many, and Asignar Roles as the next step."""

    def get(self, request):
        entry = self.account.audit_entries.filter(action="options.assigned").first()
        if entry is None:
            return redirect(self.url("options"))
        return self.page(
            "profiles/options_saved.html",
            entry=entry,
            count=self.account.option_grants.count(),
            roles_url=self.url("roles"),
            guide=self.step and self.step.guide["done"],
        )


class RolesView(AssignmentView):
    """Paso 3: mark the roles, Asignar. From the list too, whether or not there are options."""

    form_class = RolesForm

    def get(self, request):
        granted = frozenset(self.account.role_grants.values_list("role_id", flat=True))
        form = self.form(role=granted, seen=granted)
        lost = granted - {role.code for role in form.roles}
        return self.show(form, unavailable=Role.objects.filter(code__in=lost) if lost else ())

    def post(self, request):
        sent = self.form(request.POST)
        if not sent.is_valid():
            return self.refuse(sent)
        match sent.cleaned_data["do"]:
            case "back":
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
            undo = reverse("profiles:undo", args=[self.account])
            messages.success(self.request, self.what_changed(change), extra_tags=undo)
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
            "Se ha asignado los roles correctamente al usuario\n\n{}: {}.",
            self.account,
            "; ".join(parts),
        )

    def show(self, form: RolesForm, *, status: int = HTTPStatus.OK, **notices):
        holdings = Holdings.of(self.account)
        menu = menu_of(holdings, Option.objects.offered_to(self.account.operator))
        waiting = []
        for leaf in menu.ordered_leaves:
            if not verdict(holdings, leaf.row).permitted:
                acting = set(leaf.row.roles.all())
                waiting.append((leaf.row, [role for role in form.roles if role in acting]))
        return self.page(
            "profiles/roles.html",
            form=form,
            waiting=waiting,
            menu=menu,
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
        granted = OptionTree(Option.objects.granted(holdings.options))
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
