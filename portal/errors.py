"""Error pages."""

import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from psycopg.errors import ReadOnlySqlTransaction

from users.signin.unsent import UnsentForm
from users.views.sign_in import SignInView, resume

RETRY_AFTER_SECONDS = 30


def error_page(request, status: HTTPStatus, **context):
    context["number"] = request.number
    return render(request, f"{status:d}.html", context, status=status)


def bad_request(request, exception):
    too_large = isinstance(exception, RequestDataTooBig)
    return error_page(
        request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
    )


def permission_denied(request, exception):
    return error_page(request, HTTPStatus.FORBIDDEN, reason=str(exception))


def page_not_found(request, exception):
    return error_page(request, HTTPStatus.NOT_FOUND)


def csrf_failure(request, reason=""):
    """A form whose token is from an earlier session; if it came from a page of this site, it is
    offered to its owner to be sent again. So is one that a sign-in page was keeping."""
    if request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}":
        kept = UnsentForm.loads(request.POST.get("unsent", ""))
        unsent = kept or UnsentForm.from_request(request)
        if unsent and unsent.belongs_to(request.user):
            return resume(request, unsent, status=HTTPStatus.FORBIDDEN)
        if kept and request.user.is_anonymous:
            return SignInView.keeping(request, kept)
    reopens = request.resolver_match and request.resolver_match.view_name != "users:sign_out"
    context = {
        "reopen": request.path if reopens else reverse("portal:home"),
        "number": request.number,
    }
    return render(request, "403_csrf.html", context, status=HTTPStatus.FORBIDDEN)


def server_error(request):
    """A failure, or a database that is gone, full or read-only: that one ends by itself.

    Django calls this while the exception is being handled. The page needs neither database nor
    session nor the list of static files: whatever broke may be one of them.
    """
    unavailable = database_is_unavailable(sys.exc_info()[1])
    status = HTTPStatus.SERVICE_UNAVAILABLE if unavailable else HTTPStatus.INTERNAL_SERVER_ERROR
    page = loader.get_template(f"{status:d}.html").render({"number": request.number})
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if unavailable else {}
    return HttpResponse(page, status=status, headers=headers)


def database_is_unavailable(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError | InterfaceError) or isinstance(
        # PostgreSQL after a failover; Django counts it among the faults of a program.
        error.__cause__ if error else None,
        ReadOnlySqlTransaction,
    )
