"""The administration, with a door and a change of password of its own that count guesses."""

from django.contrib.admin import AdminSite
from django.urls import reverse

from users.forms import StaffSignInForm
from users.views.password import StaffOwnPasswordView


class StaffSite(AdminSite):
    site_header = "Administración del simulador"
    site_title = "Administración del simulador"
    index_title = "Comunidad del Operador"
    login_form = StaffSignInForm

    def password_change(self, request, extra_context=None):
        request.current_app = self.name
        return StaffOwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)
