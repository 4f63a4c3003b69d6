"""Reloj: in practice mode the principal moves the simulated clock of the company."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.views import View

from operators.models import Operator
from users import tenancy
from users.actions import operators
from users.forms.clock import ClockForm, DelayForm
from users.history.recording import Actor
from users.models import AuditEntry


class ClockScreen(View):
    """Forward by a step, back to real time, and how long new grants take to have effect.

    Each door says whose clock it is, what follows when it is ``done``, and how to ``draw`` the
    forms.
    """

    operator: Operator
    channel: AuditEntry.Channel

    def get(self, request):
        return self.show()

    def post(self, request):
        actor, operator = Actor.from_request(request, self.channel), self.operator
        match request.POST.get("do"):
            case "real":
                operators.return_to_real_time(actor=actor, operator=operator)
                return self.done("El reloj volvió a la hora real.")
            case "delay":
                form = DelayForm(request.POST, operator=operator)
                if not form.is_valid():
                    return self.show(delay_form=form)
                operators.set_activation_delay(
                    actor=actor, operator=operator, delay=form.cleaned_data["delay"]
                )
                return self.done("Se guardó la demora de activación.")
            case _:
                form = ClockForm(request.POST, operator=operator)
                if not form.is_valid():
                    return self.show(clock_form=form)
                try:
                    operators.advance_clock(
                        actor=actor, operator=operator, by=form.step, seen=form.offset_seen
                    )
                except ValidationError as error:
                    form.add_error("amount", error)
                    return self.show(clock_form=form)
                return self.done(f"El reloj se adelantó: {operator.clock_lead} en total.")

    def show(self, *, clock_form: ClockForm | None = None, delay_form: DelayForm | None = None):
        operator = self.operator
        # What a refused form left on the instance is not the clock.
        operator.refresh_from_db(fields=["clock_offset", "activation_delay"])
        if clock_form:
            clock_form.see(operator.clock_offset)
        return self.draw(
            operator=operator,
            now=operator.now(),
            form=clock_form or delay_form,
            clock_form=clock_form or ClockForm(operator=operator),
            delay_form=delay_form or DelayForm(operator=operator),
        )


class ClockView(tenancy.PrincipalRequiredMixin, ClockScreen):
    channel = AuditEntry.Channel.WEB

    def dispatch(self, request):
        if not settings.DEMO:
            raise PermissionDenied("El reloj de la empresa lo mueve el personal del simulador.")
        self.operator = request.user.operator
        return super().dispatch(request)

    def done(self, sentence):
        messages.success(self.request, sentence)
        return redirect("users:clock")

    def draw(self, **context):
        return render(self.request, "users/clock.html", context)
