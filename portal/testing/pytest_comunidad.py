"""Test a program, or the access of people, against Comunidad del Operador.

    pytest --portal-dir=CHECKOUT    starts a portal from a checkout, with a database of its own
    pytest --portal-url=URL         uses one that runs in practice mode

The fixture ``company`` is a practice company for one test. What a test does with it goes through the
portal's API, by the rules of the portal's screens; failures are told in the portal's words.
"""

import os
import re
import subprocess
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

# What a portal gets of the environment; the other variables are for what is tested.
KEPT_VARIABLES = ("HOME", "LANG", "PATH", "TMPDIR")
# A portal that one run has for itself limits no visitor.
SETTINGS = "from portal.settings import *\nPRACTICE_COMPANIES_PER_ADDRESS = 10**6\n"
SECONDS_TO_START = 60
SECONDS_TO_ANSWER = 60
# Enough for a run that passes midnight: a company ends with its last day.
DAYS = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("comunidad", "Comunidad del Operador")
    group.addoption("--portal-url", metavar="URL", help="test against the portal at this address")
    group.addoption(
        "--portal-dir", metavar="CHECKOUT", help="start a portal from its checkout for the run"
    )


@pytest.fixture(scope="session")
def portal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Portal"]:
    """The portal of ``--portal-url``, or one that runs while the tests do."""
    url, checkout = request.config.option.portal_url, request.config.option.portal_dir
    if bool(url) == bool(checkout):
        pytest.fail("Name one portal: --portal-url=URL or --portal-dir=CHECKOUT.", pytrace=False)
    if url:
        yield Portal(url)
        return
    with serving(Path(checkout).resolve(), tmp_path_factory.mktemp("portal")) as url:
        yield Portal(url)


@pytest.fixture
def company_types() -> list[str]:
    """The types of ``company``: override the fixture, or parametrise a test with it."""
    return ["AGENTE_ADUANA"]


@pytest.fixture
def company(portal: "Portal", company_types: list[str]) -> Iterator["Company"]:
    """A new practice company, which is closed after the test."""
    company = portal.create_company(*company_types)
    yield company
    company.close()


class RefusedError(Exception):
    """The portal refused a call. As a text: what the portal says of it.

    ``type`` tells the kinds of refusal apart, and ``errors`` has the sentences of each field.
    """

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        is_problem = answer.headers.get("Content-Type") == "application/problem+json"
        document = answer.json() if is_problem else {}
        self.type: str = document.get("type", "")
        self.errors: dict[str, list[str]] = document.get("errors") or {}
        said = f"{document['title']}. {document['detail']}" if document else answer.reason_phrase
        lines = [f"{answer.request.method} {answer.request.url}: {self.status} {said}"]
        if not document:
            lines.append("That is no answer of the API. Does the portal run with DEMO=true?")
        if seconds := answer.headers.get("Retry-After"):
            lines.append(f"Retry-After: {seconds}")
        lines += [f"{name}: {' '.join(said)}" for name, said in self.errors.items()]
        super().__init__("\n".join(lines))


class Portal:
    """A portal in practice mode, at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.http = httpx.Client(base_url=f"{self.url}/api/v1/", timeout=SECONDS_TO_ANSWER)

    def call(self, method: str, path: str, body: dict | None = None, *, token: str = "") -> Any:
        """Call the API and return its answer. Raises RefusedError."""
        __tracebackhide__ = True
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = self.http.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            said = f"The portal at {self.url} does not answer: {error}"
            raise pytest.fail.Exception(said) from None
        if not answer.is_success:
            raise RefusedError(answer)
        return answer.json() if answer.content else None

    def create_company(self, *types: str, days: int = DAYS) -> "Company":
        """Create a practice company of these types of operator. Raises RefusedError.

        A fixture of wider scope calls this for tests that share a company: a portal that was not
        started for the run lets an address create a number of them in an hour.
        """
        __tracebackhide__ = True
        return Company(self, **self.call("POST", "companies", {"types": types, "days": days}))


@dataclass(frozen=True)
class User:
    """A secondary user and the password that it signs in with."""

    username: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return self.username


@dataclass
class Company:
    """A practice company; ``username`` and ``password`` are those of its principal."""

    portal: Portal = field(repr=False)
    ruc: str
    name: str
    types: list[str]
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    expires_on: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    @property
    def clock(self) -> "Clock":
        return Clock(self)

    def call(self, method: str, path: str, body: dict | None = None) -> Any:
        """Call the API about this company: ``call("GET", "users")``. Raises RefusedError."""
        __tracebackhide__ = True
        return self.portal.call(
            method, f"companies/{self.ruc}/{path}".rstrip("/"), body, token=self.token
        )

    def create_user(self, username: str = "", **fields: Any) -> User:
        """Create a secondary user, with ``options`` and ``roles`` if given. Raises RefusedError.

        Fields are those of the API; what is left out is a fictitious person, and a password that
        the portal generates.
        """
        __tracebackhide__ = True
        number = next(self.numbers)
        person = {
            "document_type": "1",
            "document_number": str(91000000 + number),
            "first_name": "Ana",
            "last_name": "Ficticia",
            "username": username or f"PRUEBA{number:02}",
        }
        created = self.call("POST", "users", person | fields)
        return User(created["username"], fields.get("password") or created["password"])

    def assert_can(self, user: User | str, option: str, *, at: str = "") -> None:
        """Fail unless the user can open the option: now, or with the clock ``at`` "24h" ahead."""
        __tracebackhide__ = True
        verdict = {"option": option, "at": at} if at else option
        self.expect({"username": str(user), "can": [verdict]})

    def assert_cannot(
        self, user: User | str, option: str, reason: str = "", *, at: str = ""
    ) -> None:
        """Fail unless the user cannot open the option, for that reason among others."""
        __tracebackhide__ = True
        given = {"option": option, "reason": reason, "at": at}
        verdict = {name: value for name, value in given.items() if value}
        self.expect({"username": str(user), "cannot": [verdict]})

    def expect(self, *users: dict) -> None:
        """Fail unless users are as expected, each a table as in the file of ``expect_file``."""
        __tracebackhide__ = True
        self._judge({"users": users})

    def expect_file(self, file: str | Path) -> None:
        """Fail unless users are as the file expects, that of ``manage.py access check``."""
        __tracebackhide__ = True
        self._judge(tomllib.loads(Path(file).read_text("utf-8")))

    def _judge(self, document: dict) -> None:
        __tracebackhide__ = True
        judgment = self.call("POST", "expectations", document)
        if different := [each["sentence"] for each in judgment["results"] if not each["ok"]]:
            pytest.fail("\n".join(different))

    def close(self) -> None:
        """End the company; if a test reset it, or rehearses an outage, it ends with its last day."""
        try:
            self.call("DELETE", "")
        except RefusedError as refusal:
            if refusal.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE):
                raise


@dataclass(frozen=True)
class Clock:
    """The clock of a company, by which its grants have effect and end."""

    company: Company

    def advance(self, *, hours: int = 0, days: int = 0) -> None:
        __tracebackhide__ = True
        self.company.call("POST", "clock", {"hours": hours + 24 * days})

    def reset(self) -> None:
        """Return to real time."""
        __tracebackhide__ = True
        self.company.call("DELETE", "clock")


@contextmanager
def serving(checkout: Path, home: Path) -> Iterator[str]:
    """Serve a portal from the checkout as ``make demo`` does, and yield its address.

    Its database and its log are in ``home``. Fails with the log if the portal does not start.
    """
    if not (checkout / "manage.py").is_file():
        pytest.fail(f"{checkout} is no checkout of the portal.", pytrace=False)
    python = checkout / ".venv" / "bin" / "python"
    log = home / "portal.log"
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | {
        "DEMO": "true",
        "DEBUG": "false",
        "DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "settings_of_the_run",
        "PYTHONPATH": str(home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
    (home / "settings_of_the_run.py").write_text(SETTINGS)
    # A group of its own: Ctrl+C ends the tests, and then they end the portal.
    common = {"cwd": checkout, "env": environment, "start_new_session": True}
    steps = [
        ["make", "-s", ".venv/.app"] if not python.exists() else [],
        [python, "manage.py", "migrate", "--verbosity", "0"],
        [python, "manage.py", "load_catalog"],
    ]
    # The system chooses a free port; the server says which.
    serve = [python, "manage.py", "serve_demo", "--noreload", "--skip-checks", "127.0.0.1:0"]
    with log.open("w") as lines:
        for step in filter(None, steps):
            if subprocess.run(step, stdout=lines, stderr=lines, check=False, **common).returncode:
                fail_to_start(checkout, log)
        process = subprocess.Popen(serve, stdout=lines, stderr=lines, **common)
    try:
        yield address_of(process, checkout, log)
    finally:
        process.terminate()
        process.wait()


def address_of(process: subprocess.Popen, checkout: Path, log: Path) -> str:
    """Return the address that the server writes when it is ready."""
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        if said := re.search(r"^Portal: (http://[\d.:]+)/", log.read_text("utf-8"), re.MULTILINE):
            return said[1]
        time.sleep(0.05)
    return fail_to_start(checkout, log)


def fail_to_start(checkout: Path, log: Path) -> Any:
    said = log.read_text("utf-8").strip()
    pytest.fail(f"The portal in {checkout} does not start:\n{said}", pytrace=False)
