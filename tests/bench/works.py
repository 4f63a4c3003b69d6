"""What is measured: each a stream of requests, and what it does between two of them is not timed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from urllib.parse import urljoin
from uuid import uuid4

from operators.models import Operator
from tests.bench.browser import Browser, CountingBrowser, Request
from tests.bench.data import PRINCIPAL, PROFILE, SEARCHED, World

LIST = "/usuarios/"
DEEP_PAGE = 50
# Any number that nobody else has.
NUMBERS = count(1)


@dataclass
class Place:
    """Where: in a portal of so many users, as the principal of an operator of so many."""

    world: World
    operator: Operator
    portal: int
    options: int
    sessions: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def users(self) -> int:
        return self.world.sizes[self.operator]

    def enter(self, browser: Browser, number: int) -> None:
        """Each of several browsers has a session of its own, and keeps it from work to work."""
        if number not in self.sessions:
            browser.sign_in(self.operator.ruc, PRINCIPAL, self.world.clave)
            self.sessions[number] = browser.cookies
        browser.cookies = dict(self.sessions[number])

    @cached_property
    def deep_page(self) -> str:
        """Page 50 of the list, reached as people do: by «Siguiente»."""
        browser, path = CountingBrowser(), LIST
        self.enter(browser, 0)
        for _ in range(DEEP_PAGE - 1):
            path = urljoin(path, browser.open(path).next)
        return path


# Of each work: the requests of one browser of several, by its number.
Requests = Iterator[Request]


def sign_in(place: Place, browser: Browser, number: int) -> Requests:
    while True:
        browser.cookies = {}
        yield Request("/ingresar/")


def home(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, "/")


def list_first(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, LIST)


def list_deep(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, place.deep_page)


def search(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, f"{LIST}?texto={SEARCHED}")


def create(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, "/usuarios/nuevo/")


def options(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, options_path(number))


def roles(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, roles_path(number))


def access_table(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, "/accesos/")


def history(place: Place, browser: Browser, number: int) -> Requests:
    return again(place, browser, number, "/historial/")


def sign_in_post(place: Place, browser: Browser, number: int) -> Requests:
    """Each time with a browser in which nobody has signed in yet.

    Each browser with an account of its own: more than five people who enter one account in the
    same instant are taken for somebody who guesses.
    """
    form = browser.open("/ingresar/").form("password")
    own = {"ruc": place.operator.ruc, "username": subject(number), "password": place.world.clave}
    cookies = browser.cookies
    while True:
        browser.cookies = dict(cookies)
        yield Request("/ingresar/", form | own, expected=302)


def create_post(place: Place, browser: Browser, number: int) -> Requests:
    """In an operator that may grow."""
    browser.sign_in(place.world.growing.ruc, PRINCIPAL, place.world.clave)
    form = browser.open("/usuarios/nuevo/").form("password1")
    while True:
        new = next(NUMBERS)
        own = {
            "document_type": "1",
            "document_number": str(90_000_000 + new),
            "first_name": "Ana",
            "last_name": "Ficticia",
            "email": f"n{new}@empresa.example",
            "username": f"N{new:07}",
            "password1": "Clave12345",
            "password2": "Clave12345",
            "creation_key": str(uuid4()),
        }
        yield Request("/usuarios/nuevo/", form | own, expected=302)


def options_post(place: Place, browser: Browser, number: int) -> Requests:
    """Grabar: one option is taken away, then given back."""
    place.enter(browser, number)
    form = browser.open(options_path(number)).form("option") | {"do": "save"}
    every = form["option"]
    return back_and_forth(options_path(number), form, "option", every, every[1:])


def roles_post(place: Place, browser: Browser, number: int) -> Requests:
    """Asignar, on the page that shows what changes: one role is given, then taken away."""
    place.enter(browser, number)
    page = browser.open(roles_path(number))
    form = page.form("seen") | {"do": "save"}
    held = form["role"]
    return back_and_forth(roles_path(number), form, "role", held, [*held, "BANCO.BANCO.F"])


def subject(number: int) -> str:
    return f"U{number + 1:07}"


def options_path(number: int) -> str:
    return f"/usuarios/{subject(number)}/perfiles/?perfil={PROFILE}"


def roles_path(number: int) -> str:
    return f"/usuarios/{subject(number)}/roles/"


def again(place: Place, browser: Browser, number: int, path: str) -> Requests:
    place.enter(browser, number)
    while True:
        yield Request(path)


def back_and_forth(path: str, form: dict, name: str, held: list, other: list) -> Requests:
    while True:
        yield Request(path, form | {name: other, "seen": json.dumps(held)}, expected=302)
        held, other = other, held


Work = Callable[[Place, Browser, int], Requests]

# By the name they have in the results; what they are called is in ``tests.bench.report``.
PAGES: dict[str, Work] = {
    "sign_in": sign_in,
    "home": home,
    "list_first": list_first,
    "list_deep": list_deep,
    "search": search,
    "create": create,
    "options": options,
    "options_post": options_post,
    "roles": roles,
    "roles_post": roles_post,
    "access_table": access_table,
    "history": history,
}
HASHING: dict[str, Work] = {"sign_in_post": sign_in_post, "create_post": create_post}
# What the number of users of one operator weighs on.
OF_MANY_USERS = ("home", "list_first", "list_deep", "search", "access_table", "history")
# And the number of options.
OF_MANY_OPTIONS = ("home", "options", "options_post", "access_table")
