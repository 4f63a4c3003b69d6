"""The token service for programs: what it gives, what it refuses and in which words.

A client stands for an option: its ``client_id`` is the code of the option, with points or hyphens,
so that each option of the catalogue has one, and its ``client_secret`` is public. The numbers of the refusals and their
sentences are the authority's; that this service answers in this form is assumed (docs/fidelity.md).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from django.core import signing
from django.http import JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from operators.models import Fault
from portal.sol.credentials import account_of
from profiles.access.reasons import OF_THE_ACCOUNT, OF_THE_ROLE
from profiles.access.verdict import Holdings, verdict
from profiles.models import Option
from users.models import User
from users.signin import entry, throttle
from users.signin.backends import OperatorBackend
from users.signin.faults import OutageError, fault_of

PUBLIC_WORD = "practica"
SECONDS = 3600
SALT = "portal.sol.token"

WRONG, NOT_VALID, OUTAGE, NOT_SECONDARY = "0102", "0106", "0109", "0112"
MESSAGES = {
    WRONG: "Usuario o contraseña incorrectos",
    "0103": "El Usuario ingresado no existe",
    "0105": "El Usuario no está activo",
    NOT_VALID: "El Usuario no es válido",
    OUTAGE: "El sistema no puede responder su solicitud. (El servicio de autenticación no está disponible)",
    "0111": "No tiene el perfil para enviar comprobantes electronicos",
    NOT_SECONDARY: "El usuario debe ser secundario",
    "0113": "El usuario no esta afiliado a Factura Electronica",
}
ASKS_FOR_A_CODE = "La cuenta tiene un segundo factor: con la clave sola no se le da un token."
OF_A_PRINCIPAL = "El token se da a un usuario secundario, no al usuario principal."


class RefusedError(Exception):
    """A request gets no token: ``cod`` and ``msg`` as the authority numbers them, ``error`` of OAuth."""

    def __init__(
        self,
        cod: str,
        error: str,
        *,
        msg: str = "",
        said: str = "",
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        seconds: int | None = None,
    ) -> None:
        msg = msg or MESSAGES[cod]
        super().__init__(cod, msg)
        self.status, self.seconds = status, seconds
        self.body = {
            "cod": cod,
            "msg": msg,
            "error": error,
            "error_description": said or msg,
            "errors": [{"cod": cod, "msg": msg, "codError": cod, "desError": msg}],
        }

    def response(self) -> JsonResponse:
        """Return the answer in every spelling that a known client reads."""
        headers = {} if self.seconds is None else {"Retry-After": self.seconds}
        return JsonResponse(self.body, status=self.status, headers=headers)


@sensitive_variables()
def give(request, client: str) -> str:
    """Return a token for the account in the body of the request. Raises RefusedError.

    Until the clave is right all accounts are refused alike, those that do not exist included.
    """
    sent = request.POST
    option = _option_of(client, sent)
    if sent.get("grant_type") != "password":
        raise RefusedError("400", "unsupported_grant_type", msg="grant_type debe ser password")
    name = sent.get("username", "").strip()
    try:
        user = account_of(
            request,
            ruc=name[:11],
            username=name[11:],
            password=sent.get("password", ""),
            blocked_too=True,
        )
    except throttle.LockedError as locked:
        raise RefusedError(
            WRONG, "invalid_grant", said=locked.for_operators, seconds=locked.seconds
        ) from locked
    except OutageError as outage:
        raise _unavailable(outage.seconds) from outage
    if user is None:
        raise RefusedError(WRONG, "invalid_grant")
    if fault_of(user.operator) is Fault.NO_TOKEN:
        throttle.report_refused(request, user)
        raise _unavailable(OutageError(user.operator.fault_until).seconds)
    if refusal := _refusal(user, option):
        throttle.report_refused(request, user)
        cod, said = refusal
        raise RefusedError(cod, "access_denied", said=said)
    entry.admit(request, user)
    until = timezone.now() + timedelta(seconds=SECONDS)
    return _signer().sign_object(
        {
            "user": user.pk,
            "client": option.code,
            "proof": _proof(user),
            "until": until.isoformat(),
        }
    )


def _unavailable(seconds: int) -> RefusedError:
    """Return the refusal of an outage that the company rehearses."""
    return RefusedError(
        OUTAGE,
        "temporarily_unavailable",
        said="La empresa ensaya una caída, que un programa pidió por la API.",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        seconds=seconds,
    )


def _option_of(client: str, sent: Mapping[str, str]) -> Option:
    """Return the option that the client stands for. Raises RefusedError for an unknown client."""
    is_known = sent.get("client_id", client) == client and sent.get("client_secret") == PUBLIC_WORD
    # Some clients take no points in an identifier.
    code = client.replace("-", ".")
    option = Option.objects.leaves().for_verdict(code) if is_known else None
    if option is None:
        raise RefusedError(
            "401",
            "unauthorized_client",
            msg="Cliente no autorizado",
            status=HTTPStatus.UNAUTHORIZED,
        )
    return option


def _refusal(user: User, option: Option) -> tuple[str, str] | None:
    """Return the number and the sentence of what the verdict has against the token; None if nothing.

    A role is a matter of the application that the token is shown to, as of the menu's.
    """
    reasons = [
        reason for reason in verdict(Holdings.of(user), option).reasons if reason not in OF_THE_ROLE
    ]
    if reasons and reasons[0] in OF_THE_ACCOUNT:
        return reasons[0].analogy or NOT_VALID, reasons[0].for_user
    if user.has_second_factor:
        return NOT_VALID, ASKS_FOR_A_CODE
    if user.is_principal:
        return NOT_SECONDARY, OF_A_PRINCIPAL
    return (reasons[0].analogy or NOT_VALID, reasons[0].for_user) if reasons else None


# What is given --------------------------------------------------------------------------------------


def account_of_token(token: str) -> User | None:
    """Return the account of a token that still holds: for an hour, until it is blocked or changes
    its clave."""
    try:
        given = _signer().unsign_object(token)
    except signing.BadSignature:
        return None
    if timezone.now() >= datetime.fromisoformat(given["until"]):
        return None
    user = OperatorBackend().get_user(given["user"])
    return user if user and constant_time_compare(given["proof"], _proof(user)) else None


def _signer() -> signing.Signer:
    # With a point between its parts, a token is what a header may hold after «Bearer».
    return signing.Signer(salt=SALT, sep=".")


def _proof(user: User) -> str:
    return salted_hmac(SALT, user.password, algorithm="sha256").hexdigest()[:32]
