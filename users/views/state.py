"""Cambiar Estado: of one user, and of several at once."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View

from users import tenancy
from users.actions import accounts
from users.forms.state import (
    ConfirmStatesForm,
    EliminateForm,
    MarkUsersForm,
    StateChange,
    StateForm,
)
from users.history.recording import Actor
from users.models import User
from users.signin.sessions import open_sessions


class ChangeStateView(tenancy.AboutOneUser, View):
    """Suspend or reactivate one user, with the consequence stated."""

    form_class, template = StateForm, "users/change_state.html"

    @property
    def or_eliminated(self) -> bool:
        """The same form sent twice must find the user whom it eliminated."""
        return self.request.method == "POST"

    def get(self, request):
        return self.show(self.form_class(account=self.account))

    def post(self, request):
        user = self.account
        form = self.form_class(request.POST, account=user)
        if not form.is_valid():
            return self.show(form)
        change = form.cleaned_data["change"]
        try:
            changed = accounts.change_states(
                actor=Actor.from_request(request), users=[user], state=change.state
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.show(form)
        if changed:
            said = f"Se ha {change.participle} al usuario {user}."
            if change.can_be_undone:
                undo = reverse("profiles:undo", args=[user])
                said = format_html('{} <a href="{}">Deshacer</a>', said, undo)
            messages.success(request, said)
        else:
            now = user.get_state_display().lower()
            messages.info(request, f"{user} ya estaba {now}. No se cambió nada.")
        return redirect("profiles:user_list")

    def show(self, form):
        context = {
            "account": self.account,
            "form": form,
            "open": open_sessions(self.account).count(),
        }
        return render(self.request, self.template, context)


class EliminateView(ChangeStateView):
    """Eliminate one user: a page of its own, for it cannot be undone."""

    form_class, template = EliminateForm, "users/eliminate.html"


class ChangeStatesView(tenancy.PrincipalRequiredMixin, View):
    """What would happen to the users marked in the list, by GET; by POST make it so.

    All of them or none (``actions.change_states``).
    """

    def get(self, request):
        form = MarkUsersForm(request.GET)
        if not form.is_valid():
            return self.back_to_the_list()
        marked = (
            tenancy.secondary_users_of(request.user)
            .filter(username__in=form.cleaned_data["usuario"])
            .select_related("operator")
        )
        return self.show_consequence(form.change, marked) if marked else self.back_to_the_list()

    def post(self, request):
        form = ConfirmStatesForm(request.POST)
        is_valid = form.is_valid()
        users = tenancy.secondary_users_by_subject(request.user, form.cleaned_data["subject"])
        if not is_valid or not users:
            return self.back_to_the_list()
        try:
            changed = accounts.change_states(
                actor=Actor.from_request(request), users=users, state=form.change.state
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.show_consequence(form.change, users, form)
        if changed:
            names = ", ".join(map(str, changed))
            messages.success(request, f"Se ha {form.change.participle} a {names}.")
        else:
            messages.info(request, "Todos estaban ya en ese estado. No se cambió nada.")
        return redirect("profiles:user_list")

    def back_to_the_list(self):
        """Lead to the list in which several are marked; it says what a pressed button lacked."""
        sent = self.request.POST or self.request.GET
        pressed = {"cambio": sent["cambio"]} if "cambio" in sent else {}
        return redirect(reverse("profiles:user_list", query={"varios": "si", **pressed}))

    def show_consequence(self, change: StateChange, users, form: ConfirmStatesForm | None = None):
        settled = (change.state, User.State.ELIMINATED)
        changing = [user for user in users if user.state not in settled]
        subjects = [user.pk for user in changing]
        context = {
            "form": form or ConfirmStatesForm(initial={"cambio": change, "subject": subjects}),
            "change": change,
            "changing": changing,
            "left": [user for user in users if user not in changing],
            "open": open_sessions(*changing).count(),
        }
        return render(self.request, "users/change_states_confirm.html", context)
