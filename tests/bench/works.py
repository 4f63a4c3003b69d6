"""What is measured: endless streams of answers. What a browser does between two is not timed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from http.client import RemoteDisconnected
from itertools import count
from urllib.parse import urljoin
from uuid import uuid4

from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from operators.models import Operator
from tests.bench.data import CODE, PRINCIPAL, ROLES, SEARCHED, World
from tests.server import FORM, Answer, Browser, Server

# The proxy, where TLS ends, asks like this.
PROXIED = {"Host": "portal.example", "X-Forwarded-Proto": "https", "Accept-Encoding": "br, gzip"}
PROXIED |= {"Origin": "https://portal.example", "X-Forwarded-For": "192.0.2.1"}


class Visitor(Browser):
    """A browser of one server, behind the proxy."""

    def __init__(self, server: Server) -> None:
        super().__init__(PROXIED)
        self.server = server

    def ask(self, server: Server, *request) -> Answer:
        """A connection that waited long for its turn is closed by the server: open another."""
        try:
            return super().ask(server, *request)
        except RemoteDisconnected:
            self.connections.clear()
            return super().ask(server, *request)

    def send(self, path: str, form: dict | None = None) -> Answer:
        """A page, or after a form the redirection; another answer has no figures."""
        answer = self.get(self.server, path) if form is None else self.post(self.server, path, form)
        assert answer.status == (200 if form is None else 302), f"{path}: {answer.status}"
        return answer

    def open(self, path: str) -> BeautifulSoup:
        return BeautifulSoup(self.send(path).content, "html.parser")

    def form_at(self, path: str, name: str) -> dict[str, list[str]]:
        """The form with a field of that name, as a browser would send it unchanged."""
        sent: dict[str, list[str]] = {}
        for control in self.open(path).select(f"form:has([name={name}]) input[name]"):
            if control.get("type") not in ("checkbox", "radio") or control.has_attr("checked"):
                sent.setdefault(control["name"], []).append(control.get("value", ""))
        return sent


class CountingVisitor(Visitor):
    """Asks in this process, where the ``queries`` of an answer can be counted."""

    client = Client(enforce_csrf_checks=True, headers=PROXIED)

    def ask(self, server: Server, method: str, path: str, body: str | None = None) -> Answer:
        self.client.cookies.clear()
        self.client.cookies.load(self.cookies)
        with CaptureQueriesContext(connection) as captured:
            answer = self.client.generic(method, path, body or "", FORM)
        self.cookies |= {name: cookie.value for name, cookie in answer.cookies.items()}
        answer.status, answer.queries = answer.status_code, len(captured)
        return answer


@dataclass
class Place:
    """In a portal of so many users, an operator that is offered so many options."""

    world: World
    server: Server
    operator: Operator
    portal: int
    options: int
    browser: type[Visitor] = Visitor

    @property
    def key(self) -> tuple[int, int, int]:
        return self.portal, self.world.sizes[self.operator], self.options

    def enter(self) -> Visitor:
        """A browser in which the principal has signed in."""
        visitor = self.browser(self.server)
        own = {"ruc": self.operator.ruc, "username": PRINCIPAL, "password": self.world.password}
        visitor.send(SIGN_IN, visitor.form_at(SIGN_IN, "password") | own)
        return visitor

    @cached_property
    def page_50(self) -> str:
        """Its address, reached by «Siguiente» as a person would."""
        visitor, path = self.enter(), LIST
        for _ in range(self.world.scale.page - 1):
            path = urljoin(path, visitor.open(path).select_one("a[rel=next]")["href"])
        return path


# By the number of the browser, which is about the user of that number: no two get in their way.
Work = Callable[[Place, int], Iterator[Answer]]
SIGN_IN, CREATE, LIST = "/ingresar/", "/usuarios/nuevo/", "/usuarios/"
OPTIONS = f"/usuarios/U{{number:07}}/perfiles/?perfil={CODE}"
ROLES_PAGE = "/usuarios/U{number:07}/roles/"
NUMBERS_OF_NEW_USERS = count(1)


def opening(path: str) -> Work:
    def work(place: Place, number: int) -> Iterator[Answer]:
        visitor, own = place.enter(), path.format(place=place, number=number)
        while True:
            yield visitor.send(own)

    return work


def saving(path: str, name: str, code: str) -> Work:
    """Give a code and take it away in turns, each with the form of the page after the other."""

    def work(place: Place, number: int) -> Iterator[Answer]:
        visitor, own = place.enter(), path.format(number=number)
        there = visitor.form_at(own, name) | {"do": "save"}
        held, there[name] = there[name], {*there[name]} ^ {code}
        visitor.send(own, there)
        back = visitor.form_at(own, name) | {"do": "save", name: held}
        while True:
            yield visitor.send(own, back)
            yield visitor.send(own, there)

    return work


def open_sign_in(place: Place, number: int) -> Iterator[Answer]:
    visitor = place.browser(place.server)
    while True:
        visitor.cookies = {}
        yield visitor.send(SIGN_IN)


def sign_in(place: Place, number: int) -> Iterator[Answer]:
    """Each to an account of its own: more than five to one at once are counted as guesses."""
    visitor = place.browser(place.server)
    own = {"ruc": place.operator.ruc, "username": f"U{number:07}", "password": place.world.password}
    form, cookies = visitor.form_at(SIGN_IN, "password") | own, visitor.cookies
    while True:
        visitor.cookies = dict(cookies)
        yield visitor.send(SIGN_IN, form)


def create(place: Place, number: int) -> Iterator[Answer]:
    visitor = replace(place, operator=place.world.growing).enter()
    form = visitor.form_at(CREATE, "password1")
    form |= dict.fromkeys(("password1", "password2"), "Clave12345")
    while True:
        new = next(NUMBERS_OF_NEW_USERS)
        own = {"username": f"N{new:07}", "creation_key": uuid4()}
        yield visitor.send(CREATE, form | place.world.person(80_000_000 + new) | own)


PAGES: dict[str, Work] = {
    "Ingreso": open_sign_in,
    "Inicio": opening("/"),
    "Lista, página 1": opening(LIST),
    "Lista, página 50": opening("{place.page_50}"),
    "Lista, búsqueda": opening(f"{LIST}?texto={SEARCHED}"),
    "Crear Usuario": opening(CREATE),
    "Opciones": opening(OPTIONS),
    "Opciones, Grabar": saving(OPTIONS, "option", "99.1.1.1.1"),
    "Roles": opening(ROLES_PAGE),
    "Roles, Asignar": saving(ROLES_PAGE, "role", ROLES[-1]),
    "Accesos": opening("/accesos/"),
    "Historial": opening("/historial/"),
}
HASHING: dict[str, Work] = {"Ingreso, Ingresar": sign_in, "Crear Usuario, Siguiente": create}
LISTS = ("Lista, página 1", "Lista, página 50", "Lista, búsqueda")
# The pages that depend on the users of one operator, and on the options offered.
OF_MANY_USERS = ("Inicio", *LISTS, "Accesos", "Historial")
OF_MANY_OPTIONS = ("Inicio", "Opciones", "Opciones, Grabar", "Accesos")
