"""A request with an Idempotency-Key is done once; sent again, it gets the same answer."""

import json
from contextlib import nullcontext
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables
from ninja import Status

from portal import problems
from portal.api.api import InvalidError
from portal.problems import Problem
from users.actions.practice import ANSWERS_KEPT
from users.models import KeptAnswer
from users.seal import BrokenSealError, Seal

HEADER = "Idempotency-Key"
# A request that has no answer after so long was killed at work: the next one does it again.
AT_WORK = timedelta(minutes=1)

REFUSALS = {"x-refusals": [HTTPStatus.CONFLICT]}
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "format": "uuid"},
    "description": "Un UUID al azar: la misma solicitud otra vez, dentro de un día, no se hace de "
    "nuevo y recibe la misma respuesta.",
}
# Of the document, for a call that is ``done_once``.
DOCUMENTED = {"parameters": [PARAMETER], **REFUSALS}


def done_once(call, *, in_one: bool = False):
    """Keep the answer of a call for a day, under the key of its request, if that has one.

    ``request.repeat_key`` is then a UUID that follows from the key, else None: what an action
    creates under it, it creates once, even when the process was killed before its answer was kept.
    With ``in_one`` the transaction of the call keeps the answer, for a call that hashes and counts
    nothing, and must not be done again.
    """

    @wraps(call)
    @sensitive_variables()
    def wrapped(request, *args, **kwargs):
        request.repeat_key = None
        if HEADER not in request.headers:
            return call(request, *args, **kwargs)
        key = _key_of(request)
        body = sha256(request.body).hexdigest()
        if (kept := _claim(key, body)) is not None:
            return _again(request, kept, body)
        request.repeat_key = UUID(hex=key[:32])
        try:
            with transaction.atomic() if in_one else nullcontext():
                result = call(request, *args, **kwargs)
                _keep(key, result)
        except BaseException:
            # Nothing was done, so that the request, corrected, may be sent again.
            KeptAnswer.objects.filter(key=key).delete()
            raise
        return result

    return wrapped


@sensitive_variables()
def _keep(key: str, result) -> None:
    """Keep what a call returned: a schema, or a status with one."""
    if not isinstance(result, Status):
        result = Status(HTTPStatus.OK, result)
    text = json.dumps([result.status_code, result.value.model_dump_json()])
    KeptAnswer.objects.filter(key=key).update(answer=_seal().close(text))


def _seal() -> Seal:
    return Seal("portal.api.repeats", ANSWERS_KEPT)


def _key_of(request) -> str:
    """Return the digest under which an answer is kept. Raises InvalidError for a key that is none."""
    try:
        key = UUID(request.headers[HEADER])
    except ValueError as error:
        raise InvalidError({HEADER: ["Debe ser un UUID al azar"]}) from error
    return salted_hmac(
        "portal.api.repeats", f"{request.path} {key}", algorithm="sha256"
    ).hexdigest()


def _claim(key: str, body: str) -> KeptAnswer | None:
    """Return what is kept under the key; None if this request is the first to come with it."""
    now = timezone.now()
    over = Q(at__lte=now - ANSWERS_KEPT) | Q(answer="", at__lte=now - AT_WORK)
    KeptAnswer.objects.filter(over, key=key).delete()
    try:
        with transaction.atomic():
            KeptAnswer.objects.create(key=key, body=body, at=now)
    except IntegrityError:
        # If it is gone already, it was refused meanwhile.
        return KeptAnswer.objects.filter(key=key).first() or KeptAnswer(key=key, body=body, at=now)
    return None


@sensitive_variables()
def _again(request, kept: KeptAnswer, body: str):
    if kept.body != body:
        return problems.answer(request, Problem.KEY_REUSED)
    try:
        status, text = json.loads(_seal().open(kept.answer))
    except BrokenSealError:
        # It is not there yet.
        return problems.answer(request, Problem.IN_PROGRESS, headers={"Retry-After": 1})
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")
