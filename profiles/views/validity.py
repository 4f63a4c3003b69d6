"""Vigencia: from when to when each option and role of a user is valid."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.views import View

from profiles.access.tree import OptionTree
from profiles.access.verdict import Holdings
from profiles.actions.validity import set_validity, validity_facts
from profiles.forms.grants import ValidityForm
from profiles.models import Option, Role
from users import tenancy
from users.history.recording import Actor
from users.stale import StaleError


class ValidityView(tenancy.AboutOneUser, View):
    def get(self, request):
        return self.show(ValidityForm(facts=validity_facts(self.account)))

    def post(self, request):
        facts = validity_facts(self.account)
        form = ValidityForm(request.POST, facts=facts)
        if form.is_filling:
            return self.show(form.filled())
        if not form.is_valid():
            return self.show(form)
        try:
            changed = set_validity(
                actor=Actor.from_request(request),
                user=self.account,
                options=form.days("options"),
                roles=form.days("roles"),
                seen=form.cleaned_data["seen"],
            )
        except ValidationError as error:
            form.add_problems(error)
            return self.show(form)
        except StaleError as stale:
            # Keep what was typed; compare it with the present validity from now on.
            form.see(stale.current)
            return self.show(form, meanwhile=True, status=HTTPStatus.CONFLICT)
        if changed:
            messages.success(
                request,
                f"Se guardó la vigencia de {changed} "
                f"{'asignación' if changed == 1 else 'asignaciones'} de {self.account}.",
            )
        else:
            messages.info(request, f"No hubo cambios en la vigencia de {self.account}.")
        return redirect("profiles:validity", self.account)

    def show(self, form: ValidityForm, *, meanwhile: bool = False, status: int = HTTPStatus.OK):
        holdings = Holdings.of(self.account)
        options = OptionTree(
            Option.objects.filter(code__in=form.facts["options"]).select_related("profile")
        )
        rows = [
            (leaf.code, leaf.row.name, leaf.parent.path, holdings.options.get(leaf.code))
            for leaf in options.ordered_leaves
        ] + [
            (role.code, role.name, ("Rol",), holdings.roles.get(role.code))
            for role in Role.objects.filter(code__in=form.facts["roles"])
        ]
        return render(
            self.request,
            "profiles/validity.html",
            {
                "account": self.account,
                "form": form,
                "meanwhile": meanwhile,
                "for_all": [form[name] for name in form.FOR_ALL.values()],
                "is_filled": form.is_filling and not form.errors,
                "today": self.account.operator.today(),
                "rows": [
                    {
                        "code": code,
                        "name": name,
                        "path": path,
                        "reason": reason,
                        "fields": [form[f"{end}:{code}"] for end in form.ENDS],
                    }
                    for code, name, path, reason in rows
                ],
            },
            status=status,
        )
