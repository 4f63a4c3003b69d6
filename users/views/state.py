"""Cambiar Estado."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.views import View

from users import access, actions
from users.audit import Actor
from users.forms import StateForm


class ChangeStateView(access.PrincipalRequiredMixin, View):
    """Cambiar Estado: suspend, reactivate or eliminate one user, with the consequence stated."""

    ACTIONS = {
        "suspend": (actions.suspend_user, "Se ha suspendido al usuario {}."),
        "reactivate": (actions.reactivate_user, "Se ha reactivado al usuario {}."),
        "eliminate": (actions.eliminate_user, "Se ha eliminado al usuario {}."),
    }

    def get(self, request, username):
        user = access.secondary_user(request.user, username)
        return self.show(user, StateForm(user=user))

    def post(self, request, username):
        # An eliminated user too: the same form sent twice must find it.
        subject = request.POST.get("subject", "")
        user = access.secondary_user(request.user, username, subject=subject, or_eliminated=True)
        form = StateForm(request.POST, user=user)
        if not form.is_valid():
            return self.show(user, form)
        action, sentence = self.ACTIONS[form.cleaned_data["change"]]
        try:
            changed = action(actor=Actor.from_request(request), user=user)
        except ValidationError as error:
            form.add_error("change", error)
            return self.show(user, form)
        if changed:
            messages.success(request, sentence.format(user))
        else:
            now = user.get_state_display().lower()
            messages.info(request, f"{user} ya estaba {now}. No se cambió nada.")
        return redirect("profiles:user_list")

    def show(self, user, form):
        return render(self.request, "users/change_state.html", {"account": user, "form": form})
