"""Sesiones abiertas: of the signed-in user, and of a secondary user of the principal."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from users import tenancy
from users.actions import signing_in
from users.forms.sessions import CloseSessionsForm
from users.history.recording import Actor
from users.signin.sessions import open_sessions


def closed_sentence(closed: int) -> str:
    """What the page says after so many sessions were closed."""
    return {
        0: "Esa sesión ya estaba cerrada.",
        1: "Se cerró la sesión.",
    }.get(closed, f"Se cerraron {closed} sesiones.")


def close(request, user, *, keep: str | None = None) -> None:
    """Close what the form names, and tell the user how many sessions that were."""
    form, closed = CloseSessionsForm(request.POST), 0
    if form.is_valid():
        closed = signing_in.close_sessions(
            actor=Actor.from_request(request),
            user=user,
            public_id=form.cleaned_data["session"],
            keep=keep,
        )
    messages.success(request, closed_sentence(closed))


class OwnSessionsView(View):
    """List the sessions of the signed-in user, and close one or all the others."""

    def dispatch(self, request):
        if request.user.operator_id is None:
            return redirect("admin:index")
        return super().dispatch(request)

    def get(self, request):
        context = {
            "sessions": open_sessions(request.user),
            "own_key": request.session.session_key,
            "close": CloseSessionsForm(
                action=reverse("users:own_sessions"), all_label="Cerrar todas menos esta"
            ),
        }
        return render(request, "users/own_sessions.html", context)

    def post(self, request):
        close(request, request.user, keep=request.session.session_key)
        return redirect("users:own_sessions")


class CloseSessionsView(tenancy.AboutOneUser, View):
    """Close one session of a secondary user, or all of them."""

    http_method_names = ["post"]

    def post(self, request):
        close(request, self.account)
        return redirect("profiles:user", self.account)
