"""Copiar permisos: the access of a colleague or of a template, with the difference shown first."""

from http import HTTPStatus

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views import View

from profiles.access.difference import Proposal, access_of, of_options, of_roles, proposal
from profiles.actions.grants import NotOfferedError, assign_access
from profiles.forms.grants import CopyDifferenceForm, CopyForm
from users import tenancy
from users.history.recording import Actor
from users.stale import StaleError


def codes(options, roles) -> dict[str, list[str]]:
    """Return codes of options and roles as a form carries them."""
    return {"options": sorted(options), "roles": sorted(roles)}


class CopyView(tenancy.AboutOneUser, View):
    """Choose a source by GET, see what would change, and apply by POST exactly what was seen."""

    # The number of colleagues offered at once; typing asks again.
    COLLEAGUES = 100

    def get(self, request):
        # A link may name the template alone.
        is_chosen = "modo" in request.GET
        form = CopyForm(
            request.GET if is_chosen else None,
            account=self.account,
            initial={name: request.GET.get(name) for name in ("desde", "plantilla")},
        )
        return self.show_difference(form) if is_chosen and form.is_valid() else self.show(form)

    def post(self, request):
        form = CopyDifferenceForm(request.POST, account=self.account)
        if not form.is_valid():
            return self.show(CopyForm(request.POST, account=self.account))
        wanted, seen = self.proposal(form), form.cleaned_data["seen"]
        # The source or the catalogue has changed since: show the difference again.
        if form.cleaned_data["wanted"] != codes(wanted.options, wanted.roles):
            return self.show_difference(form, meanwhile=True, status=HTTPStatus.CONFLICT)
        try:
            options, roles = assign_access(
                actor=Actor.from_request(request),
                user=self.account,
                options=wanted.options,
                roles=wanted.roles,
                seen_options=seen["options"],
                seen_roles=seen["roles"],
            )
        except (NotOfferedError, StaleError):
            return self.show_difference(form, meanwhile=True, status=HTTPStatus.CONFLICT)
        if options or roles:
            messages.success(request, f"{self.account} tiene ahora los permisos de {form.source}.")
        else:
            messages.info(request, f"No hubo cambios en los permisos de {self.account}.")
        return redirect("profiles:user", self.account)

    def proposal(self, form: CopyForm) -> Proposal:
        return proposal(self.account, form.source, adding=form.is_adding)

    def show(self, form: CopyForm):
        typed = form["desde"].value() or ""
        colleagues = form.colleagues().matching(typed)
        return self.page(
            "profiles/copy.html",
            form=form,
            typed=typed,
            colleagues=colleagues[: self.COLLEAGUES],
        )

    def show_difference(self, chosen: CopyForm, *, meanwhile=False, status: int = HTTPStatus.OK):
        wanted = self.proposal(chosen)
        options, roles = access_of(self.account)
        form = CopyDifferenceForm(
            account=self.account,
            auto_id=False,
            initial={name: chosen.data.get(name) for name in ("desde", "plantilla", "modo")}
            | {"wanted": codes(wanted.options, wanted.roles), "seen": codes(options, roles)},
        )
        return self.page(
            "profiles/copy_difference.html",
            status=status,
            form=form,
            source=chosen.source,
            wanted=wanted,
            difference=of_options(options, wanted.options) + of_roles(roles, wanted.roles),
            meanwhile=meanwhile,
        )

    def page(self, template: str, *, status: int = HTTPStatus.OK, **context):
        context |= {"account": self.account}
        return render(self.request, template, context, status=status)
