"""Deshacer: show what would be taken back, and take it back."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views import View

from profiles.access.difference import Difference, of_options, of_roles
from profiles.actions.grants import NotOfferedError
from profiles.actions.undo import STATES, last_change, undo
from profiles.forms.undo import UndoForm
from users import tenancy
from users.history.recording import Actor
from users.history.wording import action_label
from users.models import AuditEntry, User
from users.stale import StaleError


class UndoView(tenancy.AboutOneUser, View):
    def get(self, request):
        entry = last_change(self.account)
        if entry is None:
            return self.refuse("no hay un cambio que deshacer")
        return self.show(entry, UndoForm(initial={"seen": entry.pk}))

    def post(self, request):
        form = UndoForm(request.POST)
        seen = form.cleaned_data["seen"] if form.is_valid() else 0
        try:
            entry = undo(actor=Actor.from_request(request), user=self.account, seen=seen)
        except StaleError:
            return self.refuse("hubo otro cambio después, que se perdería")
        except NotOfferedError:
            return self.refuse("algo de lo que volvería ya no se ofrece a su empresa")
        messages.success(request, f"Se deshizo: {action_label(entry).lower()}, {self.account}.")
        return redirect("profiles:user", self.account)

    def refuse(self, why: str):
        messages.warning(self.request, f"No se deshizo nada de {self.account}: {why}.")
        return redirect("profiles:user", self.account)

    def show(self, entry: AuditEntry, form: UndoForm):
        context = {"account": self.account, "entry": entry, "label": action_label(entry)}
        if entry.action in STATES:
            context["state"] = User.State(entry.before["state"]).label
        else:
            context["difference"] = difference(entry)
        context["form"] = form
        return render(self.request, "profiles/undo.html", context)


def difference(entry: AuditEntry) -> Difference:
    """Return what taking back the entry adds and removes."""
    compare = of_options if entry.action == "options.assigned" else of_roles
    return compare(entry.after["codes"], entry.before["codes"])
