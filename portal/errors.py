"""Error pages, and the problem documents that programs get instead."""

import sys
from http import HTTPStatus

from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, UnreadablePostError
from django.middleware import csrf
from django.shortcuts import redirect, render
from django.template import loader
from django.urls import reverse
from psycopg.errors import ReadOnlySqlTransaction

from portal import problems
from users.signin.unsent import UnsentForm
from users.views.sign_in import SignInView, resume

RETRY_AFTER_SECONDS = 30

# How Django's reasons begin when the form comes from elsewhere, or does not say from where.
REFUSED_ORIGIN = tuple(
    reason.partition("%s")[0]
    for reason in (
        csrf.REASON_BAD_ORIGIN,
        csrf.REASON_NO_REFERER,
        csrf.REASON_BAD_REFERER,
        csrf.REASON_MALFORMED_REFERER,
        csrf.REASON_INSECURE_REFERER,
    )
)


def error_page(request, status: HTTPStatus, **context):
    """Return the page of that status, or its problem document, with the number of the request."""
    if problems.speaks_to_programs(request):
        kind = problems.Problem.of(status)
        return problems.answer(request, kind, detail=context.get("reason", ""))
    context["number"] = request.number
    return render(request, f"{status:d}.html", context, status=status)


def bad_request(request, exception):
    """Answer what the visitor caused; the reason is in the log's line of the request."""
    if exception is not None:
        request.refusal = type(exception).__name__
    if isinstance(exception, SessionInterrupted):
        # Another request closed the session while this one was answered.
        return redirect(reverse("users:sign_in", query={"sesion": "terminada"}))
    too_large = isinstance(exception, RequestDataTooBig)
    return error_page(
        request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
    )


def permission_denied(request, exception):
    return error_page(request, HTTPStatus.FORBIDDEN, reason=str(exception))


def page_not_found(request, exception):
    return error_page(request, HTTPStatus.NOT_FOUND)


def csrf_failure(request, reason=""):
    """Answer a form from another origin, without a cookie, or with a token of an earlier session.

    If the form came from a page of this site, or a sign-in page kept it, offer its owner to send it
    again.
    """
    if request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}":
        kept = UnsentForm.loads(request.POST.get("unsent", ""))
        unsent = kept or UnsentForm.from_request(request)
        if unsent and unsent.belongs_to(request.user):
            return resume(request, unsent, status=HTTPStatus.FORBIDDEN)
        if kept and request.user.is_anonymous:
            return SignInView.keeping(request, kept)
    template = "403_csrf.html"
    if reason.startswith(REFUSED_ORIGIN):
        template = "403_origin.html"
    elif reason == csrf.REASON_NO_CSRF_COOKIE:
        template = "403_cookie.html"
    reopens = request.resolver_match.view_name != "users:sign_out"
    context = {
        "reopen": request.path if reopens else reverse("portal:home"),
        "number": request.number,
    }
    return render(request, template, context, status=HTTPStatus.FORBIDDEN)


def server_error(request):
    """Answer 503 with Retry-After if the database is gone, full or read-only, else 500.

    Django calls this while the exception is being handled. The page uses neither the database nor
    the session nor the list of static files: any of them may be what failed.
    """
    error = sys.exc_info()[1]
    if isinstance(error, UnreadablePostError):
        # The connection ended while the form arrived: no failure of ours.
        return bad_request(request, error)
    unavailable = database_is_unavailable(error)
    status = HTTPStatus.SERVICE_UNAVAILABLE if unavailable else HTTPStatus.INTERNAL_SERVER_ERROR
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if unavailable else {}
    if problems.speaks_to_programs(request):
        return problems.answer(request, problems.Problem.of(status), headers=headers)
    page = loader.get_template(f"{status:d}.html").render({"number": request.number})
    return HttpResponse(page, status=status, headers=headers)


def database_is_unavailable(error: BaseException | None) -> bool:
    """Return whether the error is one of the database that ends without a change of code."""
    return isinstance(error, OperationalError | InterfaceError) or isinstance(
        # PostgreSQL after a failover; Django reports it as a programming error.
        error.__cause__ if error else None,
        ReadOnlySqlTransaction,
    )
