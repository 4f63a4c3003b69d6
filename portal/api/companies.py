"""Practice companies: created, reset, closed; their clock, and their outages."""

from functools import partial
from http import HTTPStatus

from django.views.decorators.debug import sensitive_variables
from ninja import Router, Status

from portal.api.api import InvalidError, actor_of
from portal.api.repeats import DOCUMENTED, done_once
from portal.api.schemas import Clock, Company, Fault, NewCompany, NewFault, Step
from users.actions import operators, practice
from users.forms.clock import ClockForm
from users.forms.practice import FaultForm, PracticeCompanyForm
from users.models import AuditEntry

router = Router(tags=["Empresas"])


@router.post(
    "/companies",
    auth=None,
    response={HTTPStatus.CREATED: Company},
    url_name="companies",
    operation_id="create_company",
    summary="Crear una empresa de práctica",
    openapi_extra={**DOCUMENTED, "x-refusals": [HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS]},
)
@done_once
@sensitive_variables()
def create_company(request, sent: NewCompany):
    """Con su usuario principal, la clave de este y el token: solo esta respuesta los muestra."""
    typed = {"types": sent.types, "days": sent.days}
    form = PracticeCompanyForm({**typed, "creation_key": str(request.repeat_key)})
    if not form.is_valid():
        raise InvalidError.of_form(form)
    company = practice.create_for_visitor(
        request=request, channel=AuditEntry.Channel.API, with_token=True, **form.company()
    )
    return Status(HTTPStatus.CREATED, Company(**company.facts(), token=company.token))


@router.delete(
    "/companies/{ruc}",
    response={HTTPStatus.NO_CONTENT: None},
    url_name="company",
    operation_id="close_company",
    summary="Cerrar la empresa antes de su último día",
)
def close_company(request, ruc: str):
    practice.close(actor=actor_of(request), operator=request.user.operator)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post(
    "/companies/{ruc}/reset",
    response={HTTPStatus.NO_CONTENT: None},
    url_name="reset",
    operation_id="reset_company",
    summary="Devolver la empresa a su inicio",
)
def reset_company(request, ruc: str):
    """Elimina a sus usuarios y borra lo que hizo; el token deja de valer, la clave sigue igual."""
    practice.reset(actor=actor_of(request), operator=request.user.operator)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post(
    "/companies/{ruc}/clock",
    response=Clock,
    url_name="clock",
    operation_id="advance_clock",
    summary="Adelantar el reloj de la empresa",
    openapi_extra=DOCUMENTED,
)
@partial(done_once, in_one=True)
def advance_clock(request, ruc: str, sent: Step):
    """Solo se adelanta; para atrasarlo, vuelva a la hora real."""
    operator = request.user.operator
    form = ClockForm({"amount": sent.hours, "unit": "hours"}, operator=operator)
    if not form.is_valid():
        raise InvalidError.of_form(form, amount="hours")
    operators.advance_clock(actor=actor_of(request), operator=operator, by=form.step)
    return Clock.of(operator)


@router.delete(
    "/companies/{ruc}/clock",
    response=Clock,
    url_name="clock",
    operation_id="return_to_real_time",
    summary="Volver a la hora real",
)
def return_to_real_time(request, ruc: str):
    operators.return_to_real_time(actor=actor_of(request), operator=request.user.operator)
    return Clock.of(request.user.operator)


@router.post(
    "/companies/{ruc}/faults",
    response={HTTPStatus.CREATED: Fault},
    url_name="faults",
    operation_id="set_fault",
    summary="Ensayar una caída",
    openapi_extra=DOCUMENTED,
)
@done_once
def set_fault(request, ruc: str, sent: NewFault):
    """Los ingresos, los tokens y la API de la empresa se comportan así, y termina solo.

    Mientras «down», la API responde 503 también a esto.
    """
    operator, form = request.user.operator, FaultForm(sent.model_dump())
    if not form.is_valid():
        raise InvalidError.of_form(form)
    practice.set_fault(
        actor=actor_of(request),
        operator=operator,
        fault=form.cleaned_data["kind"],
        seconds=form.cleaned_data["seconds"],
    )
    return Status(HTTPStatus.CREATED, Fault(kind=operator.fault, until=operator.fault_until))
