"""A browser without a screen: cookies, forms, and how long an answer takes.

It stands where the proxy of a real installation does, so it says that TLS was used.
"""

import gzip
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from time import perf_counter
from urllib.parse import urlencode

import brotli
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.bench.errors import CannotMeasureError

HOST = "portal.example"
ORIGIN = f"https://{HOST}"

Fields = dict[str, str | list[str]]


@dataclass(frozen=True)
class Request:
    """A GET, or with fields a POST, and the status of the answer that it is sent for."""

    path: str
    fields: Fields | None = None
    expected: int = 200

    @property
    def method(self) -> str:
        return "GET" if self.fields is None else "POST"


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    sent: bytes = field(repr=False)
    seconds: float = 0

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def body(self) -> bytes:
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}
        return unpack[self.header("content-encoding")](self.sent)

    @property
    def compressed(self) -> bytes:
        """As it reaches a browser: what the portal sends as it is, the proxy compresses."""
        return self.sent if self.header("content-encoding") else gzip.compress(self.sent, 6)

    @property
    def page(self) -> "Page":
        return Page(self.body.decode())


class Page(HTMLParser):
    """What a browser makes of a page: its forms, the way to the next one, what it fetches besides."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Fields] = []
        self.next: str | None = None
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and self.forms:
            self.fill_in(values)
        elif tag == "a" and values.get("rel") == "next":
            self.next = values["href"]
        if tag == "link" and "href" in values:
            self.fetched.append(values["href"])
        self.fetched += [values[name] for name in ("src", "poster", "data") if name in values]

    def fill_in(self, values: dict[str, str]) -> None:
        name, kind, value = values.get("name"), values.get("type"), values.get("value", "")
        if not name or (kind in ("checkbox", "radio") and "checked" not in values):
            return
        if kind == "checkbox" or name == "option":
            self.forms[-1].setdefault(name, []).append(value)
        else:
            self.forms[-1][name] = value

    def form(self, name: str) -> Fields:
        """The form that has a field of that name."""
        for form in self.forms:
            if name in form:
                return form
        raise CannotMeasureError(f"Una página no tiene el formulario con «{name}».")


class Browser:
    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def send(self, request: Request) -> Response:
        """The answer, timed from the first byte sent to the last one received."""
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "Accept-Encoding": "br, gzip",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        body = b""
        if request.fields is not None:
            headers |= {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(request.fields, doseq=True).encode()
        response = self.exchange(request, headers, body)
        if response.status != request.expected:
            raise CannotMeasureError(
                f"{request.method} {request.path}: {response.status} en lugar de {request.expected}"
            )
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                for cookie in SimpleCookie(value).values():
                    self.cookies[cookie.key] = cookie.value
        return response

    def exchange(self, request: Request, headers: dict[str, str], body: bytes) -> Response:
        started = perf_counter()
        self.connection.request(request.method, request.path, body, headers)
        answer = self.connection.getresponse()
        sent = answer.read()
        return Response(answer.status, answer.getheaders(), sent, perf_counter() - started)

    def open(self, path: str) -> Page:
        return self.send(Request(path)).page

    def sign_in(self, ruc: str, username: str, password: str) -> None:
        form = self.open("/ingresar/").form("password")
        fields = {**form, "ruc": ruc, "username": username, "password": password}
        self.send(Request("/ingresar/", fields, expected=302))


class CountingBrowser(Browser):
    """Asks the portal in this very process, and counts the queries of each answer."""

    def __init__(self) -> None:
        self.cookies = {}
        self.queries = 0

    def exchange(self, request: Request, headers: dict[str, str], body: bytes) -> Response:
        kind = headers.pop("Content-Type", "")
        with CaptureQueriesContext(connection) as captured:
            answer = Client(enforce_csrf_checks=True).generic(
                request.method, request.path, body, content_type=kind, headers=headers
            )
        self.queries = len(captured)
        cookies = [("Set-Cookie", morsel.OutputString()) for morsel in answer.cookies.values()]
        return Response(answer.status_code, [*answer.items(), *cookies], answer.getvalue())
