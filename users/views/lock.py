"""Desbloquear: who failed too often, or was made to, may try again at once."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views import View

from users import tenancy
from users.actions import signing_in
from users.history.recording import Actor
from users.signin import throttle


class UnlockView(tenancy.PrincipalRequiredMixin, View):
    def get(self, request, username):
        user = tenancy.secondary_user(request.user, username)
        context = {"account": user, "locked_until": throttle.locks_of([user]).get(user)}
        return render(request, "users/unlock.html", context)

    def post(self, request, username):
        user = tenancy.secondary_user(
            request.user, username, subject=request.POST.get("subject", "")
        )
        if signing_in.unlock_user(actor=Actor.from_request(request), user=user):
            messages.success(request, f"Se desbloqueó a {user}. Ya puede ingresar.")
        else:
            messages.info(request, f"{user} ya no estaba bloqueado.")
        return redirect("profiles:user", user)
