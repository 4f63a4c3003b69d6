"""Modificar datos."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.views import View

from users import tenancy
from users.actions import accounts
from users.forms.person import EditUserForm
from users.history.recording import Actor
from users.models import User
from users.stale import StaleError


class EditUserView(tenancy.AboutOneUser, View):
    """The person's data and validity. The usuario is never changed: it names the account."""

    def get(self, request):
        return self.show(EditUserForm(account=self.account))

    def post(self, request):
        form = EditUserForm(request.POST, account=self.account)
        if not form.is_valid():
            return self.show(form)
        seen = form.cleaned_data["seen"]
        try:
            changed = accounts.change_user(
                actor=Actor.from_request(request), user=self.account, seen=seen, **form.facts()
            )
        except ValidationError as error:
            form.add_errors(error)
            return self.show(form)
        except StaleError as stale:
            form.see(stale.current)
            meanwhile = self.difference(seen, stale.current)
            return self.show(form, meanwhile=meanwhile, status=HTTPStatus.CONFLICT)
        if changed:
            messages.success(request, f"Se guardaron los datos de {self.account}.")
        else:
            messages.info(request, f"No hubo cambios en los datos de {self.account}.")
        return redirect("profiles:user", self.account)

    def difference(self, seen: dict, current: dict) -> list[tuple[str, str, str]]:
        """Return what changed meanwhile: the field, what the form saw, the present value."""
        return [
            (capfirst(User._meta.get_field(name).verbose_name), seen.get(name, ""), current[name])
            for name in current
            if seen.get(name) != current[name]
        ]

    def show(self, form, *, meanwhile=(), status: int = HTTPStatus.OK):
        context = {"account": self.account, "form": form, "meanwhile": meanwhile}
        return render(self.request, "users/edit.html", context, status=status)
