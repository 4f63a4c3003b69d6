"""The page where staff removes the second factor of an account that lost it."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse

from users.actions import signing_in
from users.admin.pages import acting, form_page


class SecondFactorPage:
    """Mixin of the administration of accounts: adds the page of the second factor."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.second_factor_view)
        name = "users_user_second_factor"
        return [path("<int:pk>/segundo-factor/", view, name=name), *super().get_urls()]

    def may_take_from(self, request, user) -> bool:
        """Whether the staff account may remove it: from staff, superusers only."""
        return self.has_change_permission(request, user if user.operator_id is None else None)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        user = self.get_object(request, object_id)
        may = {
            "may_remove_second_factor": user
            and user != request.user
            and user.has_second_factor
            and self.may_take_from(request, user)
        }
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    def second_factor_view(self, request, pk):
        user = self.get_object(request, str(pk))
        if user is None:
            raise Http404
        if not self.may_take_from(request, user):
            raise PermissionDenied
        if user == request.user:
            # To turn off your own, the portal asks for the password.
            return redirect("users:second_factor")
        if request.method == "POST":
            if signing_in.turn_off_second_factor(actor=acting(request), user=user):
                self.log_change(request, user, "Segundo factor desactivado.")
                messages.success(request, f"Se ha quitado el segundo factor de {user}.")
            else:
                messages.info(request, f"{user} ya no tenía segundo factor. No se cambió nada.")
            return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))
        return form_page(
            self,
            request,
            forms.Form(),
            title=f"Quitar el segundo factor: {user}, {user.operator or 'personal del simulador'}",
            submit="Quitar el segundo factor" if user.has_second_factor else "",
            intro_template="admin/users/user/second_factor_intro.html",
            original=user,
        )
