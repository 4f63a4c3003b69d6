"""Asignar Perfiles: the tree, its summary, and what Grabar did."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse

from profiles.access.difference import of_options
from profiles.access.reasons import OF_THE_ROLE, Reason
from profiles.access.tree import Node, OptionTree, menu_of
from profiles.access.verdict import Holdings, reasons_about_grants
from profiles.actions.grants import NotOfferedError, assign_options
from profiles.forms.assignment import NoOptionsForm, OptionsForm, SummaryForm
from profiles.models import AccessTemplate, Option, Role
from profiles.views.assignment import AssignmentView
from profiles.views.marks import Marks
from users.history.recording import Actor
from users.stale import StaleError


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
        return Option.objects.offered_to(operator).filter(pk__in=template.options.all()).codes()

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
        offered = Option.objects.offered_to(operator)
        marked = offered.filter(code__in=marks.marked).for_verdicts()
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
        acting = leaf.row.role_codes
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
            needs_role=Option.objects.with_needs_role()
            .filter(needs_role=True, grants__user=self.account)
            .exists(),
            roles_url=self.url("roles"),
            guide=self.step and self.step.guide["done"],
        )
