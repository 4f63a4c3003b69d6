"""The page where staff moves the simulated clock of an operator."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import path

from users.admin.pages import in_fieldsets, page, row_to_change
from users.models import AuditEntry
from users.views.clock import ClockScreen


class ClockPage:
    """Mixin of the administration of operators: adds the page of the clock."""

    def get_urls(self):
        view = self.admin_site.admin_view(OperatorClockView.as_view(model_admin=self))
        name = "operators_operator_clock"
        return [path("<path:object_id>/clock/", view, name=name), *super().get_urls()]


class OperatorClockView(ClockScreen):
    """The forms that a principal has in practice mode; staff always has them."""

    model_admin = None
    channel = AuditEntry.Channel.ADMIN

    def dispatch(self, request, object_id):
        self.operator = row_to_change(self.model_admin, request, object_id)
        return super().dispatch(request)

    def done(self, sentence):
        self.model_admin.log_change(self.request, self.operator, sentence)
        messages.success(self.request, sentence)
        return HttpResponseRedirect(self.request.path)

    def draw(self, *, clock_form, delay_form, **context):
        return page(
            self.model_admin,
            self.request,
            "admin/operators/operator/clock.html",
            title="Reloj",
            original=self.operator,
            clock_form=clock_form,
            clock_fieldsets=in_fieldsets(
                self.model_admin,
                clock_form,
                [("Adelantar el reloj", {"fields": [("amount", "unit")]})],
            ),
            delay_fieldsets=in_fieldsets(
                self.model_admin,
                delay_form,
                [("Lo que se asigna desde ahora", {"fields": ["delay"]})],
            ),
            media=self.model_admin.media,
            **context,
        )
