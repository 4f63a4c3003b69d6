"""The catalogue, and what is expected of the access of a company's users."""

from ninja import Router

from operators.models import OperatorType
from portal.api import schemas
from portal.api.api import InvalidError
from profiles.access import expectations, judge
from profiles.models import Option, Profile, Role
from users.signin.throttle import locks_of

router = Router(tags=["Accesos"])


@router.get(
    "/catalog",
    auth=None,
    response=schemas.Catalog,
    url_name="catalog",
    operation_id="get_catalog",
    summary="El catálogo de opciones y roles",
)
def get_catalog(request):
    """Lo que se ofrece hoy; de cada fila, de dónde se sabe."""
    row = schemas.CatalogRow.model_validate
    options = Option.objects.filter(is_retired=False, profile__is_retired=False)
    return schemas.Catalog(
        operator_types=[row(each) for each in OperatorType.objects.all()],
        profiles=[row(each) for each in Profile.objects.filter(is_retired=False)],
        roles=[
            schemas.CatalogRole(
                **row(each).model_dump(), operator_type=each.operator_type_id, permits=each.permits
            )
            for each in Role.objects.filter(is_retired=False)
        ],
        options=[
            schemas.CatalogOption(
                **row(each).model_dump(),
                profile=each.profile_id,
                parent=each.parent_id,
                is_folder=each.is_folder,
                operator_types=[operator_type.code for operator_type in each.operator_types.all()],
                roles=[role.code for role in each.roles.all() if not role.is_retired],
            )
            for each in options.prefetch_related("operator_types", "roles")
        ],
    )


@router.post(
    "/companies/{ruc}/expectations",
    response=schemas.Judgment,
    url_name="expectations",
    operation_id="judge_expectations",
    summary="Comparar los accesos con los que se esperan",
)
def judge_expectations(request, ruc: str, sent: schemas.Expectations):
    """Como `manage.py access check`: cada resultado, esté bien o no. No cambia nada."""
    catalogue = expectations.Catalogue.current()
    try:
        expected = expectations.read(sent.model_dump(), catalogue)
    except expectations.ExpectationsError as error:
        errors: dict[str, list[str]] = {}
        for problem in error.problems:
            errors.setdefault(problem.path or "__all__", []).append(problem.sentence)
        raise InvalidError(errors) from error
    state = judge.State.of(request.user.operator, catalogue, expected, locks_of=locks_of)
    results = judge.judge(expected, state)
    right = sum(result.ok for result in results)
    return schemas.Judgment(
        total=len(results),
        ok=right,
        different=len(results) - right,
        results=[
            schemas.Result(
                username=result.item.username,
                kind=result.item.kind,
                code=result.item.code,
                at=result.item.at,
                ok=result.ok,
                sentence=result.sentence,
            )
            for result in results
        ],
    )
