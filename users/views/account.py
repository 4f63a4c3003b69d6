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


class EditUserView(tenancy.PrincipalRequiredMixin, View):
    """The person's data and validity. The usuario is never changed: it names the account."""

    def get(self, request, username):
        user = tenancy.secondary_user(request.user, username)
        return self.show(user, EditUserForm(account=user))

    def post(self, request, username):
        user = tenancy.secondary_user(
            request.user, username, subject=request.POST.get("subject", "")
        )
        form = EditUserForm(request.POST, account=user)
        if not form.is_valid():
            return self.show(user, form)
        try:
            changed = accounts.change_user(
                actor=Actor.from_request(request),
                user=user,
                seen=form.seen_facts(),
                **form.facts(),
            )
        except ValidationError as error:
            form.add_errors(error)
            return self.show(user, form)
        except accounts.StaleUserError as stale:
            meanwhile = self.difference(form.seen_facts(), stale.current)
            form.see(stale.current)
            return self.show(user, form, meanwhile=meanwhile, status=HTTPStatus.CONFLICT)
        if changed:
            messages.success(request, f"Se guardaron los datos de {user}.")
        else:
            messages.info(request, f"No hubo cambios en los datos de {user}.")
        return redirect("profiles:user", user)

    def difference(self, seen: dict, current: dict) -> list[tuple[str, str, str]]:
        """What somebody else changed: the field, what the form saw, what there is now."""
        return [
            (capfirst(User._meta.get_field(name).verbose_name), seen.get(name, ""), current[name])
            for name in current
            if seen.get(name) != current[name]
        ]

    def show(self, user, form, *, meanwhile=(), status: int = HTTPStatus.OK):
        context = {"account": user, "form": form, "meanwhile": meanwhile}
        return render(self.request, "users/edit.html", context, status=status)
