"""Desbloquear: a user who is locked out after failed attempts may try again at once."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views import View

from users import tenancy
from users.actions import signing_in
from users.forms.lock import UnlockForm
from users.history.recording import Actor
from users.signin import throttle


class UnlockView(tenancy.AboutOneUser, View):
    def get(self, request):
        context = {
            "account": self.account,
            "locked_until": throttle.locks_of([self.account]).get(self.account),
            "form": UnlockForm(),
        }
        return render(request, "users/unlock.html", context)

    def post(self, request):
        user = self.account
        if signing_in.unlock_user(actor=Actor.from_request(request), user=user):
            messages.success(request, f"Se desbloqueó a {user}. Ya puede ingresar.")
        else:
            messages.info(request, f"{user} ya no estaba bloqueado.")
        return redirect("profiles:user", user)
