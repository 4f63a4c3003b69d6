"""Asignar Perfiles with its summary, Asignar Roles.

They serve both the wizard (``wizard=True``: what is missing is asked for first, and the way leads
on) and the later correction from the list.
"""

from collections.abc import Collection

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View

from profiles.access.difference import of_options, of_roles
from profiles.access.tree import OptionTree, menu_of
from profiles.access.verdict import Holdings, verdict
from profiles.actions.grants import NotOfferedError, StaleGrantsError, assign_options, assign_roles
from profiles.models import Option, Role
from users import tenancy
from users.history.recording import Actor


def known(model, codes: Collection[str]) -> list:
    """The rows of those of the codes that exist. The others may be anything, a NUL among it, and
    any number, so what was sent never reaches the database."""
    return [row for row in model.objects.all() if row.code in codes]


class GrantView(tenancy.PrincipalRequiredMixin, View):
    """What the two assignment screens share: the user they are about, and what was seen."""

    wizard = False
    model: type[Option] | type[Role]
    grants: str
    code_field: str

    def dispatch(self, request, username):
        tenancy.require_principal(request.user)
        subject = request.POST.get("subject", "")
        self.account = tenancy.secondary_user(request.user, username, subject=subject)
        if request.method == "POST":
            # The codes granted when the form was shown travel in it (decision 21). What is not a
            # code cannot have been granted.
            sent = set(request.POST.get("seen", "").split())
            self.seen = frozenset(row.code for row in known(self.model, sent))
        return self.what_is_missing() or super().dispatch(request)

    def what_is_missing(self):
        """In the wizard: the way to the step before, if that is not done; else None."""

    def granted(self) -> frozenset[str]:
        grants = getattr(self.account, self.grants)
        return frozenset(grants.values_list(self.code_field, flat=True))

    def url(self, name: str) -> str:
        return reverse(f"profiles:{'wizard_' if self.wizard else ''}{name}", args=[self.account])

    def context(self, **more) -> dict:
        return {"account": self.account, "wizard": self.wizard, **more}


class OptionsView(GrantView):
    """Paso 2: choose a profile, mark its options, Siguiente, see the summary, Grabar.

    The marks travel in the form, to the summary and back; nothing is kept until Grabar. Each
    button is a ``do`` of the form, some with an argument: ``mark:90.1``.
    """

    model, grants, code_field = Option, "option_grants", "option_id"

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.do, _, self.argument = request.POST.get("do", "").partition(":")
        # While nothing is marked a profile is chosen by its address, so that Back leads to it.
        self.profile = request.POST.get("profile") or request.GET.get("perfil", "")
        self.query = request.POST.get("query", "")
        if self.do == "profile":
            self.profile, self.query = self.argument, ""

    def get(self, request):
        granted = self.granted()
        self.seen = granted
        tree = self.tree(granted)
        unavailable = known(Option, lost) if (lost := granted - tree.codes) else []
        return self.show_tree(tree, unavailable=unavailable)

    def post(self, request):
        marked = frozenset(request.POST.getlist("option"))
        tree = self.tree(marked)
        if refused := marked - tree.codes:
            return self.show_tree(tree, refused=known(Option, refused), status=400)
        match self.do:
            case "mark":
                return self.show_tree(self.tree(marked | tree.under(self.argument)))
            case "unmark":
                return self.show_tree(self.tree(marked - tree.under(self.argument)))
            case "next" if not marked:
                context = self.context(seen=self.seen, profile=self.profile)
                return render(request, "profiles/no_options.html", context)
            case "next" | "next_without_options":
                return self.show_summary(tree)
            case "save":
                return self.save(tree, marked)
            case _:
                return self.show_tree(tree)

    def save(self, tree: OptionTree, marked: frozenset[str]):
        try:
            change = assign_options(
                actor=Actor.from_request(self.request),
                user=self.account,
                codes=marked,
                seen=self.seen,
            )
        except NotOfferedError:
            # The catalogue changed between reading it above and the transaction.
            return self.post(self.request)
        except StaleGrantsError as stale:
            meanwhile, self.seen = of_options(self.seen, stale.current), stale.current
            return self.show_tree(tree, meanwhile=meanwhile, status=409)
        if not marked:
            messages.warning(
                self.request,
                f"{self.account} quedó sin opciones. Puede ingresar, pero su menú estará vacío "
                "hasta que le asigne perfiles.",
            )
        elif not change and not self.wizard:
            messages.info(self.request, f"No hubo cambios en las opciones de {self.account}.")
        else:
            return redirect(self.url("options_saved"))
        return redirect("profiles:user_list")

    def tree(self, selected) -> OptionTree:
        return OptionTree(
            # Nothing is judged here, so what a verdict reads is left out.
            Option.objects.offered_to(self.account.operator).prefetch_related(None),
            selected=selected,
            query=self.query,
        )

    def show_tree(self, tree: OptionTree, *, status: int = 200, **notices):
        return render(
            self.request,
            "profiles/options.html",
            self.context(
                tree=tree,
                profile=next((node for node in tree if node.code == self.profile), None),
                query=self.query,
                seen=self.seen,
                **notices,
            ),
            status=status,
        )

    def show_summary(self, tree: OptionTree):
        marked = [leaf.row for leaf in tree.selected]
        codes = frozenset(option.code for option in marked)
        holdings = Holdings.of(self.account)
        return render(
            self.request,
            "profiles/summary.html",
            self.context(
                granted=OptionTree(marked),
                codes=codes,
                is_correction=bool(self.seen),
                difference=of_options(self.seen, codes),
                menu=menu_of(holdings.with_options(codes), marked),
                seen=self.seen,
                profile=self.profile,
            ),
        )


class OptionsSavedView(GrantView):
    """What Grabar did: who, when, how many, and Asignar Roles as the next step."""

    model, grants, code_field = Option, "option_grants", "option_id"

    def get(self, request):
        entry = self.account.audit_entries.filter(action="options.assigned").first()
        if entry is None:
            return redirect(self.url("options"))
        context = self.context(entry=entry, count=len(self.granted()))
        return render(request, "profiles/options_saved.html", context)


class RolesView(GrantView):
    """Paso 3: mark the roles, Asignar. From the list too, whether or not there are options."""

    model, grants, code_field = Role, "role_grants", "role_id"

    def what_is_missing(self):
        if not self.wizard or self.account.option_grants.exists():
            return None
        messages.info(self.request, f"Primero asigne los perfiles de {self.account}.")
        return redirect(self.url("options"))

    def get(self, request):
        granted = self.granted()
        self.seen = granted
        offered = Role.objects.offered_to(self.account.operator).values("code")
        unavailable = Role.objects.filter(code__in=granted).exclude(code__in=offered)
        return self.show(granted, unavailable=unavailable)

    def post(self, request):
        marked = frozenset(request.POST.getlist("role"))
        match request.POST.get("do"):
            case "back":
                return self.show(marked)
            case None if self.is_correction(marked):
                return self.show_difference(marked)
        try:
            change = assign_roles(
                actor=Actor.from_request(request), user=self.account, codes=marked, seen=self.seen
            )
        except NotOfferedError as error:
            return self.show(marked - error.codes, refused=known(Role, error.codes), status=400)
        except StaleGrantsError as stale:
            meanwhile, self.seen = of_roles(self.seen, stale.current), stale.current
            return self.show(marked, meanwhile=meanwhile, status=409)
        if change:
            messages.success(request, self.what_changed(change) + self.certificate())
        else:
            messages.info(request, f"No hubo cambios en los roles de {self.account}.")
        return redirect("profiles:user_list")

    def is_correction(self, marked: frozenset[str]) -> bool:
        """Whether there are roles to be changed: the first ones are given at once, as in the guide."""
        offered = {role.code for role in Role.objects.offered_to(self.account.operator)}
        return bool(self.seen) and marked != self.seen and marked <= offered

    def show_difference(self, marked: frozenset[str]):
        return render(
            self.request,
            "profiles/roles_difference.html",
            self.context(marked=marked, seen=self.seen, difference=of_roles(self.seen, marked)),
        )

    def certificate(self) -> str:
        """With the last step of the wizard a creation is complete."""
        if not self.wizard:
            return ""
        number = self.account.creation.operation_number
        return format_html(
            '\n\n<a href="{}">Constancia {}</a>',
            reverse("profiles:certificate", args=[number]),
            number,
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

    def show(self, marked: frozenset[str], *, status: int = 200, **notices):
        roles = list(Role.objects.offered_to(self.account.operator))
        holdings = Holdings.of(self.account)
        menu = menu_of(holdings, Option.objects.offered_to(self.account.operator))
        for role in roles:
            role.is_marked = role.code in marked
        waiting = []
        for leaf in menu.ordered_leaves:
            if not verdict(holdings, leaf.row).permitted:
                acting = set(leaf.row.roles.all())
                waiting.append((leaf.row, [role for role in roles if role in acting]))
        return render(
            self.request,
            "profiles/roles.html",
            self.context(roles=roles, waiting=waiting, menu=menu, seen=self.seen, **notices),
            status=status,
        )
