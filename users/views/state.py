"""Cambiar Estado: of one user, and of several at once."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from users import tenancy
from users.actions import accounts
from users.forms.state import (
    ConfirmStatesForm,
    EliminateForm,
    FindUsersForm,
    MarkUsersForm,
    StateChange,
    StateForm,
)
from users.history.recording import Actor
from users.lists.keyset import page_of
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
            undo = reverse("profiles:undo", args=[user]) if change.can_be_undone else ""
            said = f"Se ha {change.participle} al usuario {user}."
            messages.success(request, said, extra_tags=undo)
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
    """Mark several users by GET, read what would happen to them, and make it so by POST.

    All of them or none (``actions.change_states``).
    """

    PAGE_SIZE = 100

    def get(self, request):
        if "cambio" not in request.GET:
            return self.show_list()
        form = MarkUsersForm(request.GET)
        is_valid = form.is_valid()
        marked = (
            tenancy.secondary_users_of(request.user)
            .filter(username__in=form.cleaned_data["usuario"])
            .select_related("operator")
        )
        if not is_valid or not marked:
            return self.show_list(form, nobody_marked=not marked)
        return self.show_consequence(form.change, marked)

    def post(self, request):
        form = ConfirmStatesForm(request.POST)
        is_valid = form.is_valid()
        users = tenancy.secondary_users_by_subject(request.user, form.cleaned_data["subject"])
        if not is_valid or not users:
            return self.show_list(MarkUsersForm(request.POST), nobody_marked=not users)
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

    def show_list(self, form: MarkUsersForm | None = None, *, nobody_marked: bool = False):
        search = FindUsersForm(self.request.GET)
        users = search.filter(tenancy.secondary_users_of(self.request.user))
        page = page_of(users, ["username", "pk"], self.PAGE_SIZE, self.request.GET)
        marked = self.request.GET.getlist("usuario")
        context = {
            "search": search,
            "page": page,
            "form": form or MarkUsersForm(initial={"usuario": marked}),
            "nobody_marked": nobody_marked,
        }
        return render(self.request, "users/change_states.html", context)

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
