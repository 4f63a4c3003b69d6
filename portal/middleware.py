"""What holds for every request and every answer."""

import logging
import secrets
import time
from http import HTTPStatus

from django.conf import settings
from django.db import DataError
from django.http import HttpResponseNotAllowed
from django.utils.cache import add_never_cache_headers
from django.utils.encoding import iri_to_uri

from portal.errors import bad_request, error_page
from portal.logs import current_request
from users.signin.hashers import HashingBusyError

# Crockford's 32: nobody who reads a number out over the telephone takes one sign for another.
NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

access = logging.getLogger("portal.access")


class RequestNumberMiddleware:
    """Give each request a number, the same in its answer, on its error page and in the log, where
    the request leaves one line when it ends."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.number = new_number()
        started = time.monotonic()
        token = current_request.set(request)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request.number
            self.log(request, response, time.monotonic() - started)
        finally:
            current_request.reset(token)
        return response

    def log(self, request, response, seconds: float):
        refused = response.status_code >= HTTPStatus.BAD_REQUEST
        facts = {"status": response.status_code, "ms": round(seconds * 1000)}
        access.log(
            logging.WARNING if refused else logging.INFO,
            "%s %s %s",
            request.method,
            # As it was sent: an address may hold the end of a line.
            iri_to_uri(request.path),
            response.status_code,
            extra={"facts": facts},
        )


def new_number() -> str:
    signs = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


class SecurityHeadersMiddleware:
    """The headers that Django does not set, on every answer: pages, redirects, files, refusals."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in settings.SECURITY_HEADERS.items():
            response[name] = value
        return response


class NeverStoreMiddleware:
    """Pages show people's documents: no browser or proxy keeps one, and Back after sign-out
    asks the server again."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        add_never_cache_headers(response)
        return response


class ErrorPageMiddleware:
    """An answer that says no and nothing else gets the page that says what to do."""

    PAGES = (
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code not in self.PAGES or response.content:
            return response
        page = error_page(request, response.status_code)
        for name in ("Allow", "Retry-After"):
            if name in response:
                page[name] = response[name]
        return page


class PlainRequestMiddleware:
    """Refuse what no page of ours sends and the layers below stumble over.

    A method that is none of a browser's (the administration takes any for a GET), a charset that
    is not one of text (Django fails on it), a NUL in the address (PostgreSQL does), and a body
    that would fill the disk: Django counts the fields of a form, not the bytes of its files.
    """

    METHODS = ("GET", "HEAD", "POST", "OPTIONS")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method not in self.METHODS:
            return HttpResponseNotAllowed(self.METHODS)
        length = request.META.get("CONTENT_LENGTH", "")
        if length.isdecimal() and int(length) > settings.MAX_REQUEST_BYTES:
            return error_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8") or "%00" in request.META["QUERY_STRING"]:
            return bad_request(request, None)
        return self.get_response(request)

    def process_exception(self, request, exception):
        """A number or a text that no column can hold: SQLite and PostgreSQL call it so."""
        if isinstance(exception, OverflowError | DataError):
            return bad_request(request, exception)
        return None


class OverloadMiddleware:
    """Whoever could not have his turn is told when to come back."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, HashingBusyError):
            return None
        page = error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, busy=True)
        page["Retry-After"] = settings.HASHING_WAIT
        return page
