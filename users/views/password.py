"""Change the own password, and give a temporary one to another account."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from users import tenancy
from users.actions import passwords
from users.forms.password import OwnPasswordForm, ResetPasswordForm, StaffOwnPasswordForm
from users.history.recording import Actor
from users.models import AuditEntry
from users.signin import devices
from users.signin.password_rules import advice_on_password, generate_password
from users.signin.sessions import open_sessions
from users.views.proofs import prove_password


@method_decorator(sensitive_post_parameters(), name="dispatch")
class OwnPasswordView(View):
    """Change one's own password; an account with a temporary password can open no other page."""

    def dispatch(self, request):
        if request.user.operator_id is None:
            return redirect("admin:password_change")
        return super().dispatch(request)

    def get(self, request):
        return self.show(OwnPasswordForm(account=request.user))

    @method_decorator(sensitive_variables())
    def post(self, request):
        form = OwnPasswordForm(request.POST, account=request.user)
        if not prove_password(request, form, "current_password"):
            return self.show(form)
        others = open_sessions(request.user).exclude(pk=request.session.session_key).count()
        try:
            passwords.change_own_password(
                actor=Actor.from_request(request),
                password=form.cleaned_data["password1"],
                session_key=request.session.session_key,
            )
        except ValidationError as error:
            form.add_error("password1", error.error_dict["password"])
            return self.show(form)
        update_session_auth_hash(request, request.user)
        devices.remember(request, request.user)
        closed = {0: "", 1: " Se cerró su otra sesión."}.get(
            others, f" Se cerraron sus otras {others} sesiones."
        )
        messages.success(request, f"Se cambió su clave.{closed}")
        change = ("Cambiar mi clave", reverse("users:own_password"))
        advise(request, form.cleaned_data["password1"], request.user, change=change)
        return redirect("portal:home")

    def show(self, form):
        return render(self.request, "users/own_password.html", {"form": form})


class StaffOwnPasswordView(PasswordChangeView):
    """Of staff, inside the administration (``portal.staff_site``)."""

    form_class = StaffOwnPasswordForm

    @method_decorator(sensitive_variables())
    def post(self, request, *args, **kwargs):
        form = self.get_form()
        wrong = form.error_messages["password_incorrect"]
        if prove_password(request, form, "old_password", wrong=wrong):
            return self.form_valid(form)
        return self.form_invalid(form)

    @method_decorator(sensitive_variables())
    def form_valid(self, form):
        request = self.request
        try:
            passwords.change_own_password(
                actor=Actor.from_request(request, AuditEntry.Channel.ADMIN),
                password=form.cleaned_data["new_password1"],
                session_key=request.session.session_key,
            )
        except ValidationError as error:
            form.add_error("new_password1", error.error_dict["password"])
            return self.form_invalid(form)
        update_session_auth_hash(request, request.user)
        devices.remember(request, request.user)
        advise(request, form.cleaned_data["new_password1"], request.user)
        return redirect(self.get_success_url())


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ResetPasswordView(tenancy.AboutOneUser, View):
    """Restablecer clave: a temporary password, generated and shown once, or typed twice."""

    def get(self, request):
        return self.show(ResetPasswordForm(account=self.account))

    @method_decorator(sensitive_variables())
    def post(self, request):
        user = self.account
        form = ResetPasswordForm(request.POST, account=user)
        if not form.is_valid():
            return self.show(form)
        closed = open_sessions(user).count()
        generated = form.is_generated
        password = generate_password() if generated else form.cleaned_data["password1"]
        try:
            passwords.reset_password(
                actor=Actor.from_request(request), user=user, password=password
            )
        except ValidationError as error:
            form.add_error("password1", error.error_dict["password"])
            return self.show(form)
        if generated:
            # Answer with the page itself: the password is not stored, so no later page could show it.
            return render(
                request,
                "users/generated_password.html",
                {
                    "account": user,
                    "password": password,
                    "closed": closed,
                    "sign_in": request.build_absolute_uri(reverse("users:sign_in")),
                },
            )
        messages.success(
            request,
            f"Se restableció la clave de {user}. La cambiará al ingresar. "
            f"{sessions_closed(closed)}",
        )
        change = ("Restablecer clave", reverse("users:reset_password", args=[user]))
        advise(request, password, user, change=change)
        return redirect("profiles:user_list")

    def show(self, form):
        context = {
            "account": self.account,
            "form": form,
            "open": open_sessions(self.account).count(),
        }
        return render(self.request, "users/reset_password.html", context)


@sensitive_variables()
def advise(request, password: str, user, *, change: tuple[str, str] | None = None) -> None:
    """Say what is odd about a password that was set: easy to guess, unseen characters.

    ``change`` is the text and the address of the link where another password can be set.
    """
    if advice := advice_on_password(password, user):
        if change:
            label, address = change
            advice = format_html('{} <a href="{}">{}</a>', advice, address, label)
        messages.warning(request, advice)


def sessions_closed(count: int) -> str:
    if not count:
        return "No tenía sesiones abiertas."
    return "Se cerró su sesión." if count == 1 else f"Se cerraron sus {count} sesiones."
