"""What every request and every response goes through."""

import logging
import secrets
import time
from contextlib import suppress
from http import HTTPStatus

from django.conf import settings
from django.db import DataError
from django.http import HttpResponseNotAllowed, UnreadablePostError
from django.utils.cache import add_never_cache_headers
from django.utils.encoding import iri_to_uri

from portal.errors import bad_request, error_page
from portal.logs import current_request
from portal.problems import speaks_to_programs
from users.address import comes_from_trusted_proxy
from users.signin.faults import OutageError
from users.signin.hashers import HashingBusyError

# Crockford's 32 characters: no two sound or look alike.
NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

access = logging.getLogger("portal.access")
proxies = logging.getLogger("portal.proxy")


class RequestNumberMiddleware:
    """Number each request, for its response, its error page and the log, and log it when it ends."""

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
        if refusal := getattr(request, "refusal", None):
            facts["reason"] = refusal
        access.log(
            logging.WARNING if refused else logging.INFO,
            "%s %s %s",
            request.method,
            # Encoded, as it was sent: a decoded path may contain line breaks.
            iri_to_uri(request.path),
            response.status_code,
            extra={"facts": facts},
        )


def new_number() -> str:
    """Return a random number such as 4H2P-WAF8."""
    signs = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


class ProxyMiddleware:
    """Believe X-Forwarded-Proto of a trusted proxy only, which says the visitor's address too.

    A wrong TRUSTED_PROXIES or a header that the proxy does not send then shows at once, as a
    redirect that repeats itself, and not as an address that all visitors share.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        trusted = comes_from_trusted_proxy(request)
        if not (trusted and "HTTP_X_FORWARDED_FOR" in request.META):
            said = request.META.pop("HTTP_X_FORWARDED_PROTO", None)
            if said and settings.BEHIND_TLS_PROXY:
                proxies.warning("no X-Forwarded-For" if trusted else "not in TRUSTED_PROXIES")
        return self.get_response(request)


class WholeBodyMiddleware:
    """Read what an answer left unread of a form: if the connection ended in the middle of it, a
    proxy that is still sending would get no answer, and say 502."""

    CHUNK = 64 * 1024

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not is_too_long(request):
            with suppress(UnreadablePostError):
                while request.read(self.CHUNK):
                    pass
        return response


class SecurityHeadersMiddleware:
    """Set the security headers that Django does not know, on every response that has none of its own."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in settings.SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class NeverStoreMiddleware:
    """Forbid browsers and proxies to store responses: pages show people's documents, and Back after
    sign-out must ask the server again."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        add_never_cache_headers(response)
        return response


class ErrorPageMiddleware:
    """Give an empty error response the page that says what to do."""

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
    """Refuse requests that no page sends and that the layers below cannot handle.

    An unknown method (the administration treats it as GET; each call of the API knows its own), another charset than UTF-8 (Django
    fails on it), a NUL in the address (PostgreSQL fails on it), a body that would fill the disk
    (Django limits the fields of a form, not the bytes of its files), and a path of another site,
    under which half of our links would lead out of it.
    """

    METHODS = ("GET", "HEAD", "POST", "OPTIONS")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method not in self.METHODS and not speaks_to_programs(request):
            return HttpResponseNotAllowed(self.METHODS)
        if is_too_long(request):
            return error_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        charset = (request.content_params or {}).get("charset", "utf-8")
        if (
            charset.lower() not in ("utf-8", "utf8")
            or "%00" in request.META["QUERY_STRING"]
            or request.META.get("SCRIPT_NAME")
        ):
            return bad_request(request, None)
        return self.get_response(request)

    def process_exception(self, request, exception):
        """Answer 400 to a number or a text that no column can hold, on SQLite and PostgreSQL."""
        if isinstance(exception, OverflowError | DataError):
            return bad_request(request, exception)
        return None


def is_too_long(request) -> bool:
    length = request.META.get("CONTENT_LENGTH", "")
    return length.isdecimal() and int(length) > settings.MAX_REQUEST_BYTES


class OverloadMiddleware:
    """Return 503 with Retry-After when the hashing queue is full, or a company rehearses an outage."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        match exception:
            case HashingBusyError():
                about, wait = {"busy": True}, settings.HASHING_WAIT
            case OutageError():
                about, wait = {"rehearsed": True}, exception.seconds
            case _:
                return None
        request.refusal = type(exception).__name__
        page = error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, **about)
        page["Retry-After"] = wait
        return page
