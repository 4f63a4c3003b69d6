"""The pages where staff creates a practice company and returns one to its inicio."""

from functools import wraps

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables

from users.actions import practice
from users.admin.pages import acting, form_page, page, row_to_change
from users.forms.practice import PracticeCompanyForm


def of_practice(view):
    """Answer 404 outside a practice installation."""

    @wraps(view)
    def viewed(*args, **kwargs):
        if not settings.DEMO:
            raise Http404
        return view(*args, **kwargs)

    return viewed


class PracticePages:
    """Mixin of the administration of operators: adds to a practice installation these pages, and to
    its list until when each practice company is open."""

    def get_list_display(self, request):
        columns = super().get_list_display(request)
        return [*columns, "practice"] if settings.DEMO else columns

    def get_urls(self):
        create = self.admin_site.admin_view(self.create_practice_view)
        reset = self.admin_site.admin_view(self.reset_practice_view)
        return [
            path("practica/", create, name="operators_operator_practice"),
            path("<path:object_id>/inicio/", reset, name="operators_operator_reset"),
            *super().get_urls(),
        ]

    @method_decorator([of_practice, sensitive_variables()])
    def create_practice_view(self, request):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PracticeCompanyForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                company = practice.create(actor=acting(request), **form.company())
            except ValidationError as error:
                form.add_error(None, error)
        if form.is_valid():
            self.log_addition(request, company.operator, [{"added": {}}])
            # The answer itself shows the password, which is stored nowhere.
            return page(
                self,
                request,
                "admin/operators/operator/practice_created.html",
                title="Empresa de práctica creada",
                original=company.operator,
                company=company,
            )
        return form_page(
            self, request, form, title="Crear una empresa de práctica", submit="Crear la empresa"
        )

    @method_decorator(of_practice)
    def reset_practice_view(self, request, object_id):
        operator = row_to_change(self, request, object_id)
        practice.require_open(operator)
        if request.method == "POST":
            practice.reset(actor=acting(request), operator=operator)
            self.log_change(request, operator, "Devuelta a su inicio.")
            messages.success(request, f"{operator.name} está como al crearla.")
            return HttpResponseRedirect(
                reverse("admin:operators_operator_change", args=[operator.pk])
            )
        return form_page(
            self,
            request,
            forms.Form(),
            title=f"Devolver a su inicio a {operator.name}",
            submit="Devolver a su inicio",
            intro_template="admin/operators/operator/reset_intro.html",
            original=operator,
        )
