"""The secondary users of a company: listed, created, changed; and what each may do."""

from http import HTTPStatus

from django.http import QueryDict
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from ninja import Query, Router, Status

from portal.api import schemas
from portal.api.api import InvalidError, actor_of
from portal.api.repeats import DOCUMENTED, done_once
from profiles.access.verdict import Holdings, verdict
from profiles.actions.creation import create_user_with_access
from profiles.actions.grants import NotOfferedError, assign_options, assign_roles
from profiles.forms.filters import UserFilterForm
from profiles.models import Option
from profiles.views.user_list import SHOWN
from users import tenancy
from users.actions import accounts, passwords
from users.forms.fields import day_field
from users.forms.password import ResetPasswordForm
from users.forms.person import SecondaryUserForm
from users.forms.state import StateForm
from users.lists.keyset import AFTER, page_of
from users.models import User
from users.signin.password_rules import generate_password
from users.signin.throttle import locks_of

router = Router(tags=["Usuarios"])

USERS = "/companies/{ruc}/users"
USER = f"{USERS}/{{username}}"
PAGE_SIZE = 100
CONFLICT = {"x-refusals": [HTTPStatus.CONFLICT]}

# The filters of the list by the name of the form's field.
FILTERS = {"texto": "text", "estado": "state", "opcion": "option", "rol": "role"}


class NewUserForm(SecondaryUserForm):
    """Paso 1, with the validity that Modificar datos gives."""

    ACCOUNT_FIELDS = (*SecondaryUserForm.ACCOUNT_FIELDS, "valid_from", "valid_until")

    valid_from = day_field("Vigente desde (opcional)")
    valid_until = day_field("Vigente hasta (opcional)")


def not_offered(error: NotOfferedError, **sent: list[str]) -> InvalidError:
    """Say under each field which of its codes the company is not offered."""
    refused = {name: sorted(error.codes & {*codes}) for name, codes in sent.items()}
    return InvalidError(
        {
            name: [f"No se ofrece a su empresa: {', '.join(codes)}"]
            for name, codes in refused.items()
            if codes
        }
    )


@router.get(
    USERS,
    response=schemas.UserPage,
    url_name="users",
    operation_id="list_users",
    summary="Listar los usuarios",
)
def list_users(request, ruc: str, asked: Query[schemas.UserFilters]):
    """En orden de usuario, 100 por página. Los eliminados, solo con «state»."""
    operator = request.user.operator
    form = UserFilterForm(
        {field: getattr(asked, name) for field, name in FILTERS.items()}, operator=operator
    )
    if not form.is_valid():
        raise InvalidError.of_form(form, **FILTERS)
    key = QueryDict(mutable=True)
    key.setlist(AFTER, asked.after)
    users = form.filter(User.objects.secondary().filter(operator=operator))
    page = page_of(users, ["username", "pk"], PAGE_SIZE, key, rows=User.objects.annotate(**SHOWN))
    following = asked.model_copy(update={"after": page.following}).model_dump(exclude_defaults=True)
    return schemas.UserPage(
        users=[schemas.UserRow.model_validate(user) for user in page],
        total=page.total,
        next=reverse("api:users", args=[ruc], query=following) if page.following else None,
    )


@router.post(
    USERS,
    response={HTTPStatus.CREATED: schemas.CreatedUser},
    url_name="users",
    operation_id="create_user",
    summary="Crear un usuario",
    openapi_extra=DOCUMENTED,
)
@done_once
@sensitive_variables()
def create_user(request, ruc: str, sent: schemas.NewUser):
    """Con su vigencia, sus opciones y sus roles: todo o nada."""
    password = generate_password() if sent.password is None else sent.password
    typed = sent.model_dump(exclude={"password", "options", "roles"})
    typed["creation_key"] = str(request.repeat_key)
    form = NewUserForm(
        {**typed, "password1": password, "password2": password}, operator=request.user.operator
    )
    if not form.is_valid():
        raise InvalidError.of_form(form, password1="password", password2="password")
    try:
        user = create_user_with_access(
            actor=actor_of(request), **form.account(), options=sent.options, roles=sent.roles
        )
    except NotOfferedError as error:
        raise not_offered(error, options=sent.options, roles=sent.roles) from error
    shown = password if sent.password is None else None
    return Status(
        HTTPStatus.CREATED, schemas.CreatedUser(**detail(user).model_dump(), password=shown)
    )


@router.get(
    USER,
    response=schemas.UserDetail,
    url_name="user",
    operation_id="get_user",
    summary="Ver un usuario",
)
def get_user(request, ruc: str, username: str):
    return detail(tenancy.secondary_user(request.user, username))


def detail(user: User) -> schemas.UserDetail:
    return schemas.UserDetail(
        **{name: getattr(user, name) for name in (*accounts.EDITABLE_FIELDS, "username", "state")},
        last_login=user.last_login,
        locked_until=locks_of([user]).get(user),
        must_change_password=user.must_change_password,
        options=[
            grant_of(each, each.option_id) for each in user.option_grants.order_by("option_id")
        ],
        roles=[grant_of(each, each.role_id) for each in user.role_grants.order_by("role_id")],
    )


def grant_of(grant, code: str) -> schemas.Grant:
    return schemas.Grant(
        code=code,
        granted_at=grant.granted_at,
        effective_at=grant.effective_at,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
    )


def put_grants(assign, request, username: str, sent: schemas.Grants) -> schemas.Assigned:
    user = tenancy.secondary_user(request.user, username)
    try:
        change = assign(actor=actor_of(request), user=user, codes=sent.codes, seen=sent.seen)
    except NotOfferedError as error:
        raise not_offered(error, codes=sent.codes) from error
    return schemas.Assigned(
        codes=sorted({*sent.codes}), added=sorted(change.added), removed=sorted(change.removed)
    )


@router.put(
    f"{USER}/options",
    response=schemas.Assigned,
    url_name="options",
    operation_id="assign_options",
    summary="Asignar perfiles",
    openapi_extra=CONFLICT,
)
def put_options(request, ruc: str, username: str, sent: schemas.Grants):
    """Deja al usuario con estas opciones y ninguna más."""
    return put_grants(assign_options, request, username, sent)


@router.put(
    f"{USER}/roles",
    response=schemas.Assigned,
    url_name="roles",
    operation_id="assign_roles",
    summary="Asignar roles",
    openapi_extra=CONFLICT,
)
def put_roles(request, ruc: str, username: str, sent: schemas.Grants):
    """Deja al usuario con estos roles y ninguno más."""
    return put_grants(assign_roles, request, username, sent)


@router.post(
    f"{USER}/state",
    response=schemas.State,
    url_name="state",
    operation_id="change_state",
    summary="Suspender, reactivar o eliminar",
    openapi_extra=DOCUMENTED,
)
@done_once
def change_state(request, ruc: str, username: str, sent: schemas.NewState):
    """La misma solicitud otra vez no cambia nada."""
    user = tenancy.secondary_user(request.user, username, or_eliminated=True)
    form = StateForm({"change": sent.change}, account=user)
    if not form.is_valid():
        raise InvalidError.of_form(form)
    changed = accounts.change_states(
        actor=actor_of(request), users=[user], state=form.cleaned_data["change"].state
    )
    return schemas.State(username=user.username, state=user.state, changed=bool(changed))


@router.post(
    f"{USER}/password",
    response=schemas.TemporaryPassword,
    url_name="password",
    operation_id="reset_password",
    summary="Dar una clave temporal",
    openapi_extra=DOCUMENTED,
)
@done_once
@sensitive_variables()
def reset_password(request, ruc: str, username: str, sent: schemas.NewPassword):
    """Cierra las sesiones del usuario y levanta su bloqueo."""
    user = tenancy.secondary_user(request.user, username)
    way = ResetPasswordForm.GENERATE if sent.password is None else ResetPasswordForm.TYPE
    form = ResetPasswordForm(
        {"way": way, "password1": sent.password, "password2": sent.password}, account=user
    )
    if not form.is_valid():
        raise InvalidError.of_form(form, password1="password", password2="password")
    generated = generate_password() if form.is_generated else None
    password = generated or form.cleaned_data["password1"]
    passwords.reset_password(actor=actor_of(request), user=user, password=password)
    return schemas.TemporaryPassword(username=user.username, password=generated)


@router.get(
    f"{USER}/access",
    response=schemas.Access,
    url_name="access",
    operation_id="get_access",
    summary="¿Puede abrir una opción?",
)
def get_access(request, ruc: str, username: str, option: str):
    """El veredicto de «¿Por qué no puede?», con todos los motivos: el más hondo primero."""
    user = tenancy.secondary_user(request.user, username)
    leaf = Option.objects.every_leaf().for_verdict(option)
    if leaf is None:
        raise InvalidError({"option": ["No hay una opción con ese código"]})
    decision = verdict(Holdings.of(user, locked=locks_of([user])), leaf)
    reasons = [
        schemas.ReasonAgainst(
            code=reason.code,
            sentence=reason.for_admin.format(user),
            remedy=reason.remedy.words,
        )
        for reason in decision.reasons
    ]
    return schemas.Access(permitted=decision.permitted, reasons=reasons)
