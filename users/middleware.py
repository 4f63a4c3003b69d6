"""Sign-in is required for every view, except where the view says otherwise."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse

from users.signin import second_factor
from users.signin.unsent import UnsentForm
from users.views.sign_in import SignInView


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Deny by default: a view requires sign-in unless it is marked ``login_not_required``.

    A form sent after the session ended is answered with the sign-in page, which keeps the form.
    """

    WAYS_OUT = ("users:sign_out", "admin:logout")

    def process_view(self, request, view_func, view_args, view_kwargs):
        if not getattr(view_func, "login_required", True):
            # Public view: do not load the user.
            return None
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        first = None if refused else self.to_do_first(request.user)
        if first and request.resolver_match.view_name not in (first, *self.WAYS_OUT):
            return redirect(first)
        return refused

    def to_do_first(self, user) -> str | None:
        """The URL name of the page that the user must complete before any other opens, or None."""
        if user.is_anonymous:
            return None
        if user.must_change_password:
            return "users:own_password"
        required = second_factor.is_required_of(user) and not user.has_second_factor
        return "users:second_factor" if required else None

    def handle_no_permission(self, request, view_func):
        if request.resolver_match.app_name == "admin":
            # Django's administration uses its own sign-in page on some of its pages only.
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if request.method == "POST" and (unsent := UnsentForm.from_request(request)):
            return SignInView.keeping(request, unsent)
        to_sign_in = super().handle_no_permission(request, view_func)
        # If the session still has its user, the account was blocked; the session did not end.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY not in request.session:
            # Tell it in the address: the response deletes the cookie.
            return redirect(f"{to_sign_in.url}&sesion=terminada")
        return to_sign_in
