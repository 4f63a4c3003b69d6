"""What a program is told instead of an error page: problem documents (RFC 9457)."""

import enum
from http import HTTPStatus

from django.conf import settings
from django.http import JsonResponse

# Where the API is, in practice mode only (portal/api/).
API = "/api/v1/"
CONTENT_TYPE = "application/problem+json"


class Problem(enum.Enum):
    """A kind of refusal: its status, a title that never changes, and what to do.

    The name is the end of the ``type`` of its documents, by which programs tell problems apart.
    """

    def __init__(self, status: HTTPStatus, title: str, detail: str) -> None:
        self.status, self.title, self.detail = status, title, detail

    BAD_REQUEST = (
        HTTPStatus.BAD_REQUEST,
        "La solicitud no se puede leer",
        "Revise la dirección, las cabeceras y el cuerpo: texto en UTF-8, sin caracteres nulos.",
    )
    NOT_JSON = (
        HTTPStatus.BAD_REQUEST,
        "El cuerpo no es JSON",
        "Envíe un objeto JSON en UTF-8.",
    )
    NO_TOKEN = (
        HTTPStatus.UNAUTHORIZED,
        "Falta un token válido",
        "Envíe «Authorization: Bearer» y el token de la empresa. Un token deja de valer cuando su "
        "empresa vuelve a su inicio o termina.",
    )
    FORBIDDEN = (
        HTTPStatus.FORBIDDEN,
        "No está permitido",
        "El token no da poder para hacerlo.",
    )
    NOT_FOUND = (
        HTTPStatus.NOT_FOUND,
        "No existe",
        "No hay nada en esa dirección para este token.",
    )
    METHOD_NOT_ALLOWED = (
        HTTPStatus.METHOD_NOT_ALLOWED,
        "Esa dirección no acepta ese método",
        "Use uno de los métodos de la cabecera Allow.",
    )
    STALE = (
        HTTPStatus.CONFLICT,
        "Lo que hay ya no es lo que usted vio",
        "No se guardó nada. Revise lo que hay, que está en «current», y repita.",
    )
    IN_PROGRESS = (
        HTTPStatus.CONFLICT,
        "Otra solicitud con esa Idempotency-Key no ha terminado",
        "Repita la solicitud después de los segundos de Retry-After.",
    )
    TOO_LARGE = (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "El cuerpo es muy grande",
        "El envío es demasiado grande: divídalo en varios.",
    )
    NOT_JSON_TYPE = (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "El cuerpo es de otro tipo",
        "Envíe «Content-Type: application/json».",
    )
    INVALID = (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Hay datos que corregir",
        "Cada problema está en «errors», bajo su dato. No se guardó nada.",
    )
    KEY_REUSED = (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Esa Idempotency-Key es de otra solicitud",
        "Use una clave nueva para cada solicitud distinta.",
    )
    TOO_MANY_REQUESTS = (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Son muchas solicitudes",
        "Repita la solicitud después de los segundos de Retry-After.",
    )
    SERVER_ERROR = (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "El portal falló",
        "Dé el número de «request» a quien administra el portal.",
    )
    UNAVAILABLE = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "El portal no puede atender ahora",
        "Repita la solicitud después de los segundos de Retry-After.",
    )

    @property
    def code(self) -> str:
        return self.name.lower().replace("_", "-")

    @property
    def type(self) -> str:
        return f"urn:comunidad-del-operador:problema:{self.code}"

    @classmethod
    def of(cls, status: HTTPStatus) -> "Problem":
        """Return the first kind of problem that has the status."""
        return next(problem for problem in cls if problem.status == status)


def speaks_to_programs(request) -> bool:
    """Return whether the request is one to the API, whose refusals are documents, not pages."""
    return settings.DEMO and request.path.startswith(API)


def answer(
    request, problem: Problem, *, detail: str = "", headers: dict | None = None, **members
) -> JsonResponse:
    """Return the document of a problem, with the number of the request.

    ``members`` are further parts of the document, such as ``errors``.
    """
    document = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.detail,
        "request": request.number,
        **members,
    }
    headers = headers or {}
    if problem is Problem.NO_TOKEN:
        headers = {**headers, "WWW-Authenticate": "Bearer"}
    return JsonResponse(document, status=problem.status, content_type=CONTENT_TYPE, headers=headers)
