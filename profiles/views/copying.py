"""Copiar permisos: the access of a colleague or of a template, with the difference shown first."""

from http import HTTPStatus

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views import View

from profiles.access.difference import access_of, of_options, of_roles, proposal
from profiles.actions.grants import NotOfferedError, assign_access
from profiles.forms.grants import CopyForm
from users import tenancy
from users.history.recording import Actor
from users.stale import StaleError


class CopyView(tenancy.PrincipalRequiredMixin, View):
    """Choose a source by GET, see what would change, and apply by POST exactly what was seen."""

    # So many are offered while typing; any other is typed whole.
    COLLEAGUES = 100

    def dispatch(self, request, username):
        tenancy.require_principal(request.user)
        self.account = tenancy.secondary_user(
            request.user, username, subject=request.POST.get("subject", "")
        )
        return super().dispatch(request)

    def get(self, request):
        # A link may name the template alone.
        is_chosen = "modo" in request.GET
        form = CopyForm(
            request.GET if is_chosen else None,
            account=self.account,
            initial={"plantilla": request.GET.get("plantilla")},
        )
        return self.show_difference(form) if is_chosen and form.is_valid() else self.show(form)

    def post(self, request):
        form = CopyForm(request.POST, account=self.account)
        if not form.is_valid():
            return self.show(form)
        wanted = proposal(self.account, form.source, adding=form.is_adding)
        # What was shown is what is applied: if the source or the catalogue gives something else
        # by now, that is shown instead.
        if (wanted.options, wanted.roles) != (self.sent("options"), self.sent("roles")):
            return self.show_difference(form, meanwhile=True, status=HTTPStatus.CONFLICT)
        try:
            options, roles = assign_access(
                actor=Actor.from_request(request),
                user=self.account,
                options=wanted.options,
                roles=wanted.roles,
                seen_options=self.sent("seen_options"),
                seen_roles=self.sent("seen_roles"),
            )
        except (NotOfferedError, StaleError):
            return self.show_difference(form, meanwhile=True, status=HTTPStatus.CONFLICT)
        if options or roles:
            messages.success(request, f"{self.account} tiene ahora los permisos de {form.source}.")
        else:
            messages.info(request, f"No hubo cambios en los permisos de {self.account}.")
        return redirect("profiles:user", self.account)

    def sent(self, name: str) -> frozenset[str]:
        return frozenset(self.request.POST.get(name, "").split())

    def show(self, form: CopyForm):
        colleagues = tenancy.secondary_users_of(self.request.user).exclude(pk=self.account.pk)
        return self.render(
            "profiles/copy.html", form=form, colleagues=colleagues[: self.COLLEAGUES]
        )

    def show_difference(self, form: CopyForm, *, meanwhile=False, status: int = HTTPStatus.OK):
        wanted = proposal(self.account, form.source, adding=form.is_adding)
        options, roles = access_of(self.account)
        return self.render(
            "profiles/copy_difference.html",
            status=status,
            form=form,
            wanted=wanted,
            seen_options=options,
            seen_roles=roles,
            difference=of_options(options, wanted.options) + of_roles(roles, wanted.roles),
            meanwhile=meanwhile,
        )

    def render(self, template: str, *, status: int = HTTPStatus.OK, **context):
        context |= {"account": self.account}
        return render(self.request, template, context, status=status)
