"""Practice companies: created, reset, closed."""

from http import HTTPStatus

from django.views.decorators.debug import sensitive_variables
from ninja import Router, Status

from portal.api.api import InvalidError, actor_of
from portal.api.schemas import Company, NewCompany
from users.actions import practice
from users.forms.practice import PracticeCompanyForm
from users.models import AuditEntry

router = Router(tags=["Empresas"])


@router.post(
    "/companies",
    auth=None,
    response={HTTPStatus.CREATED: Company},
    url_name="companies",
    operation_id="create_company",
    summary="Crear una empresa de práctica",
    openapi_extra={"x-refusals": [HTTPStatus.TOO_MANY_REQUESTS]},
)
@sensitive_variables()
def create_company(request, sent: NewCompany):
    """Con su usuario principal, la clave de este y el token: solo esta respuesta los muestra."""
    form = PracticeCompanyForm({"types": sent.types, "days": sent.days})
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
