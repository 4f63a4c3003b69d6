"""Practice companies: created on demand, reset to the state of their birth, closed and reopened.

A practice company is an ``Operator`` with a last day and a RUC that no company has. After that day
its accounts are blocked as those of an inactive operator (``Operator.is_open``). All of this exists
in practice mode only.
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from operators.models import Fault, Operator
from operators.validators import draw_practice_ruc
from users import tenancy
from users.actions import bulk, operators, signing_in
from users.address import client_address
from users.history.recording import Actor, entry, record, record_all
from users.models import AuditEntry, KeptAnswer, SecondFactor, User, delete_in_order, lock_in_order
from users.signin import practice_token, throttle
from users.signin.limits import practice_key
from users.signin.password_rules import OperatorPasswordValidator

USERNAME = "TITULAR1"
PERSON = {
    "document_type": "1",
    "document_number": "90000001",
    "first_name": "Titular",
    "last_name": "Ficticio de Práctica",
}
DAYS, MOST_DAYS = 7, 30
WRONG_DAYS = f"Escriba de 1 a {MOST_DAYS} días"
FAULT_SECONDS = 600
WRONG_SECONDS = f"Escriba de 1 a {FAULT_SECONDS} segundos"
CLAVE_CHANGES = ("user.password_reset", "user.password_changed")
CLAVE_CHANGED = (
    "Esta empresa ya se creó, y después su clave se cambió. Para crear otra, empiece de nuevo."
)
# How long the API answers a repeated request with the same answer.
ANSWERS_KEPT = timedelta(hours=24)
# A drawn RUC is rarely taken: with half of the series in use, all of these are once in a million.
DRAWS = 20

# Sent in the transaction of a reset, before the operator is locked (docs/decisions/0067): what the
# floors above hold of the operator is deleted by receivers. Arguments: actor, operator.
practice_company_reset = Signal()


@dataclass(frozen=True)
class PracticeCompany:
    """A new practice company with its principal and the password, which is stored nowhere."""

    operator: Operator
    principal: User
    password: str
    # Of the API; empty if none was asked for.
    token: str = ""

    def facts(self) -> dict:
        """Return what a program that asked for the company is told."""
        return {
            "ruc": self.operator.ruc,
            "name": self.operator.name,
            "types": sorted(self.operator.operator_types.values_list("code", flat=True)),
            "username": self.principal.username,
            "password": self.password,
            "expires_on": self.operator.practice_until.isoformat(),
        }


@sensitive_variables()
def create(
    *,
    actor: Actor,
    operator_types,
    days: int = DAYS,
    key: UUID | None = None,
    with_token: bool = False,
) -> PracticeCompany:
    """Open a practice company with its principal; today is the first of its ``days``.

    The same ``key`` again returns the same company, so that a form sent twice creates one. Raises
    PermissionDenied outside practice mode, and ValidationError keyed by ``days``, or without a key
    when no RUC is free, or the company of the ``key`` has another password by now.
    """
    require_practice_mode()
    until, key = last_day(days), key or uuid4()
    token = _token_of(key) if with_token else ""
    if made := made_with(key, token):
        if not made.password:
            raise ValidationError(CLAVE_CHANGED)
        return made
    company = prepare(key, token)
    try:
        insert(company, actor=actor, operator_types=operator_types, practice_until=until)
    except ValidationError:
        # Another request sent the same form.
        if made := made_with(key, token):
            return made
        raise
    return company


def last_day(days: int) -> date:
    """Return the last of so many days, of which today is the first.

    Raises ValidationError keyed by ``days``.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValidationError({"days": WRONG_DAYS})
    return timezone.localdate() + timedelta(days=days - 1)


@sensitive_variables()
def prepare(key: UUID, token: str = "") -> PracticeCompany:
    """Return the company of a key, its principal's password hashed; nothing is written."""
    password = _password_of(key)
    operator = Operator(
        creation_key=_stored(key), token_digest=practice_token.digest(token) if token else None
    )
    principal = operators.prepare_principal(USERNAME, password, PERSON)
    return PracticeCompany(operator, principal, password, token)


def insert(company: PracticeCompany, *, actor: Actor, operator_types, **fields) -> None:
    """Insert a prepared company with a RUC that is free, and these fields of its operator.

    Raises ValidationError if another request inserted it, and when no RUC is free.
    """
    operator = company.operator
    for field, value in fields.items():
        setattr(operator, field, value)
    for _ in range(DRAWS):
        operator.ruc = draw_practice_ruc()
        operator.name = f"Empresa de Práctica {operator.ruc[5:10]}"
        try:
            operators.open_operator(
                actor=actor,
                operator=operator,
                operator_types=operator_types,
                principal=company.principal,
            )
        except ValidationError as error:
            if "ruc" not in error.message_dict:
                raise
        else:
            return
    raise ValidationError("No se encontró un RUC libre. Intente de nuevo.")


@sensitive_variables()
def create_for_visitor(
    *, request, channel=AuditEntry.Channel.WEB, key: UUID | None = None, **company
) -> PracticeCompany:
    """As ``create``, for a visitor without an account; the history names the server.

    Raises LockedError beyond ``settings.PRACTICE_COMPANIES_PER_ADDRESS``.
    """
    address = client_address(request)
    is_again = key and Operator.objects.filter(creation_key=_stored(key)).exists()
    if address and not is_again:
        throttle.count(practice_key(address))
    actor = Actor(User.objects.server(), channel, address)
    return create(actor=actor, key=key, **company)


@transaction.atomic
def reset(
    *,
    actor: Actor,
    operator: Operator,
    session_key: str | None = None,
    keep_token: bool = False,
) -> None:
    """Return a practice company to the state of its birth; the history stays.

    Eliminates its secondary users, deletes its templates and the plans of its loads, returns its
    clock to real time, lifts its locks, removes its second factors, revokes its token unless
    ``keep_token``, ends its fault, and closes the principal's sessions except ``session_key``. The
    operator stays locked until the transaction ends. The principal's password
    stays, and so does what staff decides: name, types, who the principal is. Raises
    PermissionDenied for an actor that does not administer the operator, for an operator that is no
    practice company or has ended, and outside practice mode.
    """
    require_open(operator)
    tenancy.require_administrator_of(actor.user, operator)
    users = operator.users.existing().select_related("operator")
    protected = list(users.filter(second_factor__isnull=False))
    delete_in_order(SecondFactor.objects.filter(user__in=protected))
    throttle.lift(*users)
    practice_company_reset.send(Operator, actor=actor, operator=operator)
    # From here on its principal is the same, and it stays open.
    lock_open(operator)
    operators.return_to_real_time(actor=actor, operator=operator)
    operators.set_activation_delay(actor=actor, operator=operator, delay=timedelta())
    token = {} if keep_token else {"token_digest": None}
    Operator.objects.filter(pk=operator.pk).update(fault="", fault_until=None, **token)
    record_all(
        entry("user.second_factor_off", actor=actor, operator=operator, subject=user)
        for user in protected
    )
    principal = users.get(is_principal=True)
    keys = lock_in_order(tenancy.secondary_users_of(principal))
    eliminated = {"state": User.State.ELIMINATED}
    secondary = [(user, eliminated) for user in User.objects.filter(pk__in=keys)]
    bulk.load_accounts(actor=actor, operator=operator, new=[], changed=secondary)
    signing_in.close_sessions(actor=actor, user=principal, keep=session_key)
    record("operator.reset", actor=actor, operator=operator)


def close(*, actor: Actor, operator: Operator) -> bool:
    """Close a practice company before its last day; return whether this call closed it.

    Raises PermissionDenied for an actor that does not administer the operator, and for an operator
    that is no practice company.
    """
    tenancy.require_administrator_of(actor.user, operator)
    _require_practice(operator)
    return bool(close_all(Operator.objects.filter(pk=operator.pk), actor=actor))


@transaction.atomic
def close_ended(*, actor: Actor) -> int:
    """Close the practice companies whose last day is over; return how many.

    Deletes the answers of the API that were kept long enough.
    """
    delete_in_order(KeptAnswer.objects.filter(at__lt=timezone.now() - ANSWERS_KEPT))
    return close_all(Operator.objects.filter(practice_until__lt=timezone.localdate()), actor=actor)


@transaction.atomic
def issue_token(*, actor: Actor, operator: Operator) -> str:
    """Return a new token for programs, which is stored nowhere; the former one ends.

    Raises PermissionDenied as ``reset``.
    """
    tenancy.require_administrator_of(actor.user, operator)
    lock_open(operator)
    token = secrets.token_urlsafe(32)
    Operator.objects.filter(pk=operator.pk).update(token_digest=practice_token.digest(token))
    record("operator.token_issued", actor=actor, operator=operator)
    return token


@transaction.atomic
def set_fault(*, actor: Actor, operator: Operator, fault: Fault, seconds: int) -> None:
    """Let the company behave as if there was an outage (users.signin.faults), for so many seconds.

    Raises PermissionDenied as ``reset``, and ValidationError keyed by ``seconds``.
    """
    tenancy.require_administrator_of(actor.user, operator)
    lock_open(operator)
    if not 1 <= seconds <= FAULT_SECONDS:
        raise ValidationError({"seconds": WRONG_SECONDS})
    operator.fault = fault
    operator.fault_until = timezone.now() + timedelta(seconds=seconds)
    operator.save(update_fields=["fault", "fault_until"])
    facts = {"fault": fault, "seconds": seconds}
    record("operator.fault_set", actor=actor, operator=operator, after=facts)


@transaction.atomic
def close_all(companies, *, actor: Actor) -> int:
    """Close the companies of a queryset that are not closed; return how many."""
    closing = Operator.objects.filter(pk__in=lock_in_order(companies.filter(is_active=True)))
    record_all(
        entry(
            "operator.closed",
            actor=actor,
            operator=operator,
            before={"is_active": True},
            after={"is_active": False},
        )
        for operator in closing
    )
    return closing.update(is_active=False, token_digest=None)


@transaction.atomic
def open_all(companies, *, actor: Actor, until: date) -> int:
    """Open the companies of a queryset up to a last day; return how many this changed."""
    is_open = {"is_active": True, "practice_until": until}
    opening = Operator.objects.filter(pk__in=lock_in_order(companies.exclude(**is_open)))
    after = {"is_active": True, "practice_until": str(until)}
    record_all(
        entry(
            "operator.reopened",
            actor=actor,
            operator=operator,
            before={
                "is_active": operator.is_active,
                "practice_until": str(operator.practice_until),
            },
            after=after,
        )
        for operator in opening
    )
    return opening.update(**is_open)


def lock_open(operator: Operator) -> Operator:
    """Return the operator as its row says now, locked until the transaction ends.

    Raises PermissionDenied as ``require_open``: another transaction may have closed it meanwhile.
    """
    locked = Operator.objects.select_for_update(no_key=True).get(pk=operator.pk)
    require_open(locked)
    return locked


def require_open(operator: Operator) -> None:
    """Raise PermissionDenied unless this is a practice company that has not ended."""
    require_practice_mode()
    _require_practice(operator)
    if not operator.is_open:
        raise PermissionDenied("Esta empresa de práctica ya terminó. Cree otra.")


def require_practice_mode() -> None:
    """Raise PermissionDenied outside practice mode."""
    if not settings.DEMO:
        raise PermissionDenied("Las empresas de práctica existen solo con DEMO=true.")


def _require_practice(operator: Operator) -> None:
    if not operator.is_practice:
        raise PermissionDenied("Esta empresa no es de práctica propia: cree la suya en Ingreso.")


@sensitive_variables()
def _password_of(key: UUID) -> str:
    """Return the password that belongs to a key: the same form sent twice shows the same one."""
    rule = OperatorPasswordValidator
    digest = salted_hmac("practice-password", key.hex, algorithm="sha256").digest()
    signs, letters = rule.LETTERS + rule.DIGITS, digest[1 : rule.MAX_LENGTH]
    digit = rule.DIGITS[digest[0] % len(rule.DIGITS)]
    return digit + "".join(signs[byte % len(signs)] for byte in letters)


@sensitive_variables()
def _token_of(key: UUID) -> str:
    """Return the token that belongs to a key."""
    digest = salted_hmac("practice-token", key.hex, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _stored(key: UUID) -> UUID:
    """Return what is stored of a key: no password follows from it."""
    return uuid5(key, "practice company")


@sensitive_variables()
def made_with(key: UUID, token: str = "") -> PracticeCompany | None:
    """Return the company that was made with the key; None without one.

    Its password is empty if somebody has changed it, or who the principal is.
    """
    operator = Operator.objects.filter(creation_key=_stored(key)).first()
    if operator is None:
        return None
    principal = operator.users.select_related("operator").get(is_principal=True)
    is_other = Q(action="operator.principal_changed")
    changes = is_other | Q(subject=principal, action__in=CLAVE_CHANGES)
    is_changed = operator.audit_entries.filter(changes).exists()
    return PracticeCompany(operator, principal, "" if is_changed else _password_of(key), token)
