"""Cambiar Estado: of one user, and of several at once."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.views import View

from users import tenancy
from users.actions import accounts
from users.forms.state import FindUsersForm, SeveralStatesForm, StateChange, StateForm
from users.history.recording import Actor
from users.lists.keyset import page_of
from users.models import User
from users.signin.sessions import open_sessions


class ChangeStateView(tenancy.PrincipalRequiredMixin, View):
    """Suspend, reactivate or eliminate one user, with the consequence stated."""

    def get(self, request, username):
        user = tenancy.secondary_user(request.user, username)
        return self.show(user, StateForm(user=user))

    def post(self, request, username):
        # An eliminated user too: the same form sent twice must find it.
        subject = request.POST.get("subject", "")
        user = tenancy.secondary_user(request.user, username, subject=subject, or_eliminated=True)
        form = StateForm(request.POST, user=user)
        if not form.is_valid():
            return self.show(user, form)
        change = form.cleaned_data["change"]
        try:
            changed = accounts.change_states(
                actor=Actor.from_request(request), users=[user], state=change.state
            )
        except ValidationError as error:
            form.add_error("change", error)
            return self.show(user, form)
        if changed:
            messages.success(request, f"Se ha {change.participle} al usuario {user}.")
        else:
            now = user.get_state_display().lower()
            messages.info(request, f"{user} ya estaba {now}. No se cambió nada.")
        return redirect("profiles:user_list")

    def show(self, user, form):
        context = {"account": user, "form": form, "open": open_sessions(user).count()}
        return render(self.request, "users/change_state.html", context)


class ChangeStatesView(tenancy.PrincipalRequiredMixin, View):
    """Mark several users by GET, read what would happen to them, and make it so by POST.

    All of them or none (``actions.change_states``).
    """

    PAGE_SIZE = 100

    def get(self, request):
        if "cambio" not in request.GET:
            return self.show_list()
        form = SeveralStatesForm(request.GET)
        marked = (
            tenancy.secondary_users_of(request.user)
            .filter(username__in=request.GET.getlist("usuario"))
            .select_related("operator")
        )
        if not form.is_valid() or not marked:
            return self.show_list(form, nobody_marked=not marked)
        return self.show_consequence(form, marked)

    def post(self, request):
        users = tenancy.secondary_users_by_subject(request.user, request.POST.getlist("subject"))
        form = SeveralStatesForm(request.POST)
        if not form.is_valid() or not users:
            return self.show_list(form, nobody_marked=not users)
        try:
            changed = accounts.change_states(
                actor=Actor.from_request(request), users=users, state=form.change.state
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.show_consequence(form, users)
        if changed:
            names = ", ".join(map(str, changed))
            messages.success(request, f"Se ha {form.change.participle} a {names}.")
        else:
            messages.info(request, "Todos estaban ya en ese estado. No se cambió nada.")
        return redirect("profiles:user_list")

    def show_list(self, form: SeveralStatesForm | None = None, *, nobody_marked: bool = False):
        search = FindUsersForm(self.request.GET)
        users = search.filter(tenancy.secondary_users_of(self.request.user))
        page = page_of(users, ["username", "pk"], self.PAGE_SIZE, self.request.GET)
        context = {
            "search": search,
            "page": page,
            "form": form,
            "nobody_marked": nobody_marked,
            "marked": {*self.request.GET.getlist("usuario")},
            "changes": StateChange.choices,
        }
        return render(self.request, "users/change_states.html", context)

    def show_consequence(self, form: SeveralStatesForm, users):
        settled = (form.change.state, User.State.ELIMINATED)
        changing = [user for user in users if user.state not in settled]
        context = {
            "form": form,
            "change": form.change,
            "changing": changing,
            "left": [user for user in users if user not in changing],
            "open": open_sessions(*changing).count(),
        }
        return render(self.request, "users/change_states_confirm.html", context)
