"""The API itself: who calls, what a refusal looks like, and the document."""

import json
from functools import cached_property
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404
from django.views.decorators.debug import sensitive_variables
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as SchemaError
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic.json_schema import model_json_schema

from portal import problems
from portal.api.schemas import ProblemDocument
from portal.problems import Problem
from users.history.recording import Actor
from users.models import AuditEntry
from users.signin import faults, practice_token
from users.signin.throttle import LockedError
from users.stale import StaleError


class Token(HttpBearer):
    """The token of a company: the caller is its principal, and no other company exists for it."""

    @sensitive_variables()
    def authenticate(self, request, token):
        principal = practice_token.principal_of(token)
        if principal is None:
            return None
        # Loaded already, for the line of the log.
        request.user = request._cached_user = principal
        if request.resolver_match.kwargs["ruc"] != principal.operator.ruc:
            raise Http404
        faults.meet(principal.operator)
        return principal


def actor_of(request) -> Actor:
    return Actor.from_request(request, AuditEntry.Channel.API)


class InvalidError(Exception):
    """What was sent has problems: the sentences of each field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__()
        self.errors = errors

    @classmethod
    def of_form(cls, form: Form, **names: str) -> "InvalidError":
        """Return the problems of a form; ``names`` are the fields that are called otherwise here.

        Of several fields that are one here, the first one speaks.
        """
        errors: dict[str, list[str]] = {}
        for field, sentences in form.errors.items():
            errors.setdefault(names.get(field, field), [*sentences])
        return cls(errors)

    @classmethod
    def of_model(cls, error: ValidationError, **names: str) -> "InvalidError":
        """Return the problems that an action raised."""
        errors = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        return cls({names.get(field, field): sentences for field, sentences in errors.items()})


class NotJsonTypeError(Exception):
    """The body says that it is of another type."""


class JsonParser(Parser):
    """Read JSON that is said to be JSON: every number in it is a number, every text has characters."""

    def parse_body(self, request):
        if request.content_type != "application/json":
            raise NotJsonTypeError
        sent = json.loads(request.body, parse_constant=self.refuse)
        # JSON can spell half a character, which no column and no page can hold.
        json.dumps(sent, ensure_ascii=False).encode()
        return sent

    def refuse(self, constant: str):
        raise ValueError(constant)


# The document ---------------------------------------------------------------------------------------

RETRY_AFTER = {"Retry-After": {"description": "Segundos.", "schema": {"type": "integer"}}}
WITH_RETRY_AFTER = (
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
# Of every call; the query of any may hold a name that it does not know.
ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
OF_A_TOKEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
OF_A_BODY = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


class Api(NinjaAPI):
    def get_root_path(self, path_params):
        return problems.API

    def get_openapi_schema(self, **kwargs):
        return self.document

    @cached_property
    def document(self) -> dict:
        """The document of the API, with the refusals of each call."""
        document = super().get_openapi_schema()
        schema = model_json_schema(ProblemDocument)
        document["components"]["schemas"]["ProblemDocument"] = schema
        for operations in document["paths"].values():
            for operation in operations.values():
                for status in sorted(refusals_of(operation)):
                    operation["responses"][status] = refusal(status)
        return document

    def unknown_names(self, request) -> set[str]:
        """Return the names in the query that the call does not have. Ninja would ignore them."""
        path = request.resolver_match.route.replace("<", "{").replace(">", "}")
        call = self.document["paths"].get(f"/{path}", {}).get(request.method.lower())
        known = call and {each["name"] for each in call["parameters"] if each["in"] == "query"}
        return set() if known is None else request.GET.keys() - known


def refusals_of(operation: dict) -> set[HTTPStatus]:
    """Return the statuses with which a call may be refused."""
    statuses = {*ALWAYS, *operation.pop("x-refusals", ())}
    if "security" in operation:
        statuses.update(OF_A_TOKEN)
    if "requestBody" in operation:
        statuses.update(OF_A_BODY)
    return statuses


def refusal(status: HTTPStatus) -> dict:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        "description": Problem.of(status).title,
        "content": {problems.CONTENT_TYPE: {"schema": schema}},
        **({"headers": RETRY_AFTER} if status in WITH_RETRY_AFTER else {}),
    }


api = Api(
    title="Comunidad del Operador",
    version="1",
    description="Empresas de práctica, sus usuarios y sus accesos, para quien prueba programas.",
    auth=Token(),
    parser=JsonParser(),
    docs_url=None,
    urls_namespace="api",
)


# Refusals -------------------------------------------------------------------------------------------


@api.exception_handler(Exception)
def failed(request, error):
    """Leave a failure to the portal's own handler."""
    raise error


@api.exception_handler(AuthenticationError)
def no_token(request, error):
    return problems.answer(request, Problem.NO_TOKEN)


@api.exception_handler(HttpError)
def unreadable(request, error):
    """Answer the one error that ninja raises itself: the parser could not read the body."""
    is_json = not isinstance(error.__cause__, NotJsonTypeError)
    return problems.answer(request, Problem.NOT_JSON if is_json else Problem.NOT_JSON_TYPE)


@api.exception_handler(Http404)
def not_found(request, error):
    return problems.answer(request, Problem.NOT_FOUND)


@api.exception_handler(PermissionDenied)
def forbidden(request, error):
    return problems.answer(request, Problem.FORBIDDEN, detail=str(error))


@api.exception_handler(InvalidError)
def invalid(request, error):
    return problems.answer(request, Problem.INVALID, errors=error.errors)


@api.exception_handler(ValidationError)
def refused_by_action(request, error):
    return invalid(request, InvalidError.of_model(error, password1="password"))


# By the kind of pydantic's error.
SENTENCES = {
    "missing": "Falta este dato.",
    "extra_forbidden": "No se conoce este dato.",
    "string_type": "Debe ser un texto.",
    "int_type": "Debe ser un número entero.",
    "list_type": "Debe ser una lista.",
    "dict_type": "Debe ser un objeto.",
    "model_type": "Debe ser un objeto.",
}


def unknown_names(request, names: set[str]):
    """Answer a query that holds names which the call does not have."""
    return invalid(request, InvalidError({name: [SENTENCES["extra_forbidden"]] for name in names}))


@api.exception_handler(SchemaError)
def of_another_shape(request, error):
    errors: dict[str, list[str]] = {}
    for each in error.errors:
        # Where it was (body, query), the parameter of our function, then the field.
        place = [str(part) for part in each["loc"][1:] if part != "sent"]
        sentence = SENTENCES.get(each["type"], "Este valor no se acepta.")
        if each["type"] in ("literal_error", "enum"):
            sentence = f"Puede ser: {each['ctx']['expected']}.".replace(" or ", " o ")
        errors.setdefault(".".join(place) or "__all__", []).append(sentence)
    return problems.answer(request, Problem.INVALID, errors=errors)


@api.exception_handler(StaleError)
def stale(request, error):
    return problems.answer(request, Problem.STALE, current=sorted(error.current))


@api.exception_handler(LockedError)
def too_many(request, error):
    headers = {"Retry-After": error.seconds}
    return problems.answer(request, Problem.TOO_MANY_REQUESTS, headers=headers)
