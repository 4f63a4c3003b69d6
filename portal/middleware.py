"""What holds for every request and every answer."""

from http import HTTPStatus

from django.db import DataError
from django.http import HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from portal.views import bad_request


class NeverStoreMiddleware:
    """Pages show people's documents: no browser or proxy keeps one, and Back after sign-out
    asks the server again."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        add_never_cache_headers(response)
        return response


class PlainRequestMiddleware:
    """Refuse what no page of ours sends and the layers below stumble over.

    A charset that is not one of text (Django fails on it), and a NUL in the address (PostgreSQL
    does). A method of no page: Django's own pages would take it for a GET or even for a POST. The
    answer to a method that one page does not take is a page too.
    """

    METHODS = ("GET", "HEAD", "OPTIONS", "POST")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8") or "%00" in request.META["QUERY_STRING"]:
            return bad_request(request, None)
        taken = request.method in self.METHODS
        response = self.get_response(request) if taken else HttpResponseNotAllowed(self.METHODS)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request, exception):
        """A number or a text that no column can hold: SQLite and PostgreSQL call it so."""
        if isinstance(exception, OverflowError | DataError):
            return bad_request(request, exception)
        return None
