"""The page where staff suspends an operator, with all its users, or reactivates it."""

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import path, reverse

from users.actions import operators
from users.admin.pages import acting, form_page, row_to_change


class StatePage:
    """Mixin of the administration of operators: adds the page of their state."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.state_view)
        name = "operators_operator_state"
        return [path("<path:object_id>/estado/", view, name=name), *super().get_urls()]

    def state_view(self, request, object_id):
        operator = row_to_change(self, request, object_id)
        # What the page showed: a form that is sent twice does not undo itself.
        form = OperatorStateForm(
            request.POST if request.method == "POST" else None,
            initial={"is_active": not operator.is_active},
        )
        if form.is_valid():
            operators.change_operator(
                actor=acting(request),
                operator=operator,
                name=operator.name,
                operator_types=operator.operator_types.all(),
                is_active=form.cleaned_data["is_active"],
            )
            done = "reactivado" if form.cleaned_data["is_active"] else "suspendido"
            self.log_change(request, operator, f"Se ha {done}.")
            messages.success(request, f"Se ha {done} a {operator.name.removesuffix('.')}.")
            return HttpResponseRedirect(
                reverse("admin:operators_operator_change", args=[operator.pk])
            )
        verb = "Suspender" if operator.is_active else "Reactivar"
        return form_page(
            self,
            request,
            form,
            title=f"{verb} a {operator.name}",
            submit=verb,
            intro_template="admin/operators/operator/state_intro.html",
            original=operator,
        )


class OperatorStateForm(forms.Form):
    """Whether the operator shall be active."""

    is_active = forms.TypedChoiceField(
        choices=[("True", "Activo"), ("False", "Suspendido")],
        coerce=lambda value: value == "True",
        widget=forms.HiddenInput,
    )
