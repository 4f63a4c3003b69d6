"""The administration site, whose sign-in and change of password count failed attempts."""

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from profiles.catalog.permissions import may_import
from users.views.password import StaffOwnPasswordView
from users.views.sign_in import StaffSignInView


class StaffSite(AdminSite):
    site_header = "Administración del simulador"
    site_title = "Administración del simulador"
    index_title = "¿Qué necesita hacer?"
    # The width is for the lists; the start page is one click away.
    enable_nav_sidebar = False

    def index(self, request, extra_context=None):
        """Begin with the tasks of staff; leave out groups, which few installations have.

        Superusers find them beside the accounts.
        """
        apps = [app for app in self.get_app_list(request) if app["app_label"] != "auth"]
        about = {"app_list": apps, "may_import": may_import(request.user)}
        return super().index(request, {**about, **(extra_context or {})})

    @login_not_required
    def login(self, request, extra_context=None):
        """Show our sign-in: Django's view knows neither the throttle nor the second factor."""
        if request.method == "GET" and self.has_permission(request):
            return redirect(reverse("admin:index", current_app=self.name))
        request.current_app = self.name
        return StaffSignInView.as_view(
            next_page=reverse("admin:index", current_app=self.name),
            extra_context={
                **self.each_context(request),
                "title": "Iniciar sesión",
                "app_path": request.get_full_path(),
                "username": request.user.get_username(),
                **(extra_context or {}),
            },
        )(request)

    def autocomplete_view(self, request):
        """Answer 404: no form asks for it, and it searches every list without a limit."""
        raise Http404

    def password_change(self, request, extra_context=None):
        request.current_app = self.name
        return StaffOwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)
