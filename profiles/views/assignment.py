"""Asignar Perfiles with its summary, Asignar Roles.

The screens serve both the wizard, where each has its ``step``, and the later correction of an
account from the list, where ``step`` is None.
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View

from profiles.access.difference import of_options, of_roles
from profiles.access.reasons import OF_THE_ROLE, ORDER, Reason
from profiles.access.role_needs import expired_roles, needs_of, smallest_roles
from profiles.access.tree import Node, OptionTree, menu_of
from profiles.access.verdict import Holdings, reasons_about_grants
from profiles.actions.grants import NotOfferedError, assign_options, assign_roles
from profiles.forms.assignment import (
    NoOptionsForm,
    OptionsForm,
    RolesDifferenceForm,
    RolesForm,
    SummaryForm,
)
from profiles.models import AccessTemplate, Option, Role
from profiles.views.marks import Marks
from profiles.views.wizard import StepView
from users import tenancy
from users.forms.sign_in import TryAsForm
from users.history.recording import Actor
from users.signin.throttle import locks_of
from users.stale import StaleError


class AssignmentView(tenancy.AboutOneUser, StepView):
    """What the assignment screens share: their forms, addresses and pages."""

    form_class: type[OptionsForm] | type[RolesForm]

    def form(self, data=None, *, form_class=None, action=None, **initial):
        """Return a form bound to ``data`` or, for a page to draw, one that shows ``initial``."""
        options = {"action": action} if action else {}
        return (form_class or self.form_class)(
            data, operator=self.account.operator, auto_id=False, initial=initial, **options
        )

    def url(self, name: str) -> str:
        return reverse(f"profiles:{'wizard_' if self.step else ''}{name}", args=[self.account])

    def page(self, template: str, *, status: int = HTTPStatus.OK, **context):
        context |= {"account": self.account, "step": self.step}
        return render(self.request, template, context, status=status)


class OptionMarksView(AssignmentView):
    """What the two screens of step 2 share: the marks, which travel in the address.

    Nothing is kept until Grabar (docs/decisions/0073).
    """

    form_class = OptionsForm

    def marks(self) -> Marks | None:
        """Return the marks of the address, else what is granted; None if they cannot be read."""
        granted = frozenset(self.account.option_grants.values_list("option_id", flat=True))
        text = self.request.GET.get("marcas")
        if not text and (template := self.template()):
            return Marks(granted | template, granted)
        marks = Marks.loads(text, self.account) if text else None
        if not text or (marks and marks.marked == granted):
            # Marks that were saved meanwhile are what a new page would show.
            return Marks(granted, granted)
        return marks

    def template(self) -> frozenset[str]:
        """Return the offered options of the template that the address names, if it names one."""
        operator = self.account.operator
        template = AccessTemplate.objects.chosen(operator, self.request.GET)
        if template is None:
            return frozenset()
        offered = Option.objects.offered_to(operator).filter(pk__in=template.options.all())
        return frozenset(offered.values_list("code", flat=True))

    def start_again(self):
        messages.warning(
            self.request, "El catálogo de opciones cambió. Marque otra vez lo que falte."
        )
        return redirect(self.url("options"))

    def address(self, name: str, marks: Marks, *, place: str = "", **state: str) -> str:
        """Return the address of a screen with these marks, opened at a place of the page."""
        state["marcas"] = marks.dumps(self.account)
        query = urlencode({key: value for key, value in state.items() if value})
        return f"{self.url(name)}?{query}{place and '#'}{place}"


class OptionsView(OptionMarksView):
    """Paso 2: choose a profile, mark its options, Siguiente."""

    def get(self, request):
        if (marks := self.marks()) is None:
            return self.start_again()
        form = self.form(
            option=marks.marked,
            seen=marks.seen,
            profile=request.GET.get("perfil"),
            query=request.GET.get("texto"),
        )
        lost = (marks.marked | marks.seen) - form.tree.codes
        return self.show(form, unavailable=Option.objects.filter(code__in=lost) if lost else ())

    def post(self, request):
        sent = self.form(request.POST)
        if not sent.is_valid():
            return self.refuse(sent)
        if sent.cleaned_data["do"] == "save":
            return self.save(sent)
        return redirect(self.next_address(sent))

    def next_address(self, sent: OptionsForm) -> str:
        """Return where a button leads: to the summary, or back to the same place of the tree."""
        chosen = sent.cleaned_data
        marks = Marks(chosen["option"], chosen["seen"])
        state = {"perfil": sent.profile_shown.code if sent.profile_shown else ""}
        if chosen["do"] == "next":
            return self.address("options_summary", marks, **state)
        folder = next((code for code in (chosen["mark"], chosen["unmark"]) if code), "")
        if folder:
            place = f"carpeta-{quote(folder)}"
        else:
            place = "seleccionadas" if chosen["remove"] else "opciones"
        return self.address("options", marks, place=place, texto=chosen["query"], **state)

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


class OptionsSummaryView(OptionMarksView):
    """The summary of step 2: what Grabar will write, and the menu as the user will see it."""

    def get(self, request):
        if (marks := self.marks()) is None:
            return self.start_again()
        operator = self.account.operator
        marked = list(Option.objects.offered_to(operator).filter(code__in=marks.marked))
        profile = request.GET.get("perfil", "")
        back = self.address("options", marks, perfil=profile)
        if marks.marked - {option.code for option in marked}:
            # That screen names what is no longer offered.
            return redirect(back)
        holdings = Holdings.of(self.account).with_options(marks.marked)
        granted = granted_rows(holdings, marked, Role.objects.offered_to(operator))
        return self.page(
            "profiles/summary.html" if marked else "profiles/no_options.html",
            form=self.form(
                form_class=SummaryForm if marked else NoOptionsForm,
                action=self.url("options"),
                option=marks.marked,
                seen=marks.seen,
                profile=profile,
            ),
            back=back,
            granted=granted,
            needs_roles=any(row.reason for row in granted),
            change_address=self.address("options", marks),
            is_correction=bool(marks.seen),
            difference=of_options(marks.seen, marks.marked),
            menu=menu_of(holdings, marked),
            guide=self.step and self.step.guide["summary"],
        )


@dataclass(frozen=True)
class GrantedRow:
    """An option of the summary: the roles that permit it, and why none of them works, if so."""

    leaf: Node
    roles: list[Role]
    reason: Reason | None


def granted_rows(holdings: Holdings, options: list[Option], roles) -> list[GrantedRow]:
    """Return a row for each option, in the order of the tree.

    Its roles are those that the user holds or, if none has effect, those of ``roles`` that act.
    """
    roles, rows = list(roles), []
    for leaf in OptionTree(options).ordered_leaves:
        acting = {role.code for role in leaf.row.roles.all()}
        reason = next(
            (each for each in reasons_about_grants(holdings, leaf.row) if each in OF_THE_ROLE), None
        )
        if not reason:
            acting &= holdings.roles.keys()
        rows.append(GrantedRow(leaf, [role for role in roles if role.code in acting], reason))
    return rows


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
            needs_role=Option.objects.needing_a_role().filter(grants__user=self.account).exists(),
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
        granted = list(
            Option.objects.offered_to(self.account.operator).filter(code__in=holdings.options)
        )
        needs, expired = needs_of(holdings, granted, form.roles), expired_roles(holdings)
        if is_smallest:
            reach = Role.objects.annotate(reach=Count("options")).values_list("code", "reach")
            form.mark(smallest_roles(needs, without=expired, reach=dict(reach)))
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
