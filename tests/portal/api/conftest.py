"""Programs that call the API."""

import json

import pytest
from django.test import Client

from operators.models import Operator
from tests.conftest import acting
from users.actions import practice
from users.history.recording import Actor
from users.models import User

API = "/api/v1"
JSON = "application/json"


class Program:
    """Calls the API with the token of one company; ``company`` is None for one without a token."""

    def __init__(self, company: practice.PracticeCompany | None = None) -> None:
        self.company = company
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {company.token}"} if company else {}

    def call(self, method: str, path: str, sent=None, *, type: str = JSON, **headers: str):
        """Send ``sent`` as JSON, or bytes as they are; «{ruc}» in the path is the company's."""
        if self.company:
            path = path.replace("{ruc}", self.company.operator.ruc)
        body = sent if isinstance(sent, bytes) else b"" if sent is None else json.dumps(sent)
        headers = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.generic(method, f"{API}{path}", body, type, headers=headers)

    def get(self, path: str, **headers):
        return self.call("GET", path, **headers)

    def post(self, path: str, sent=None, **headers):
        return self.call("POST", path, sent, **headers)

    def put(self, path: str, sent=None, **headers):
        return self.call("PUT", path, sent, **headers)

    def delete(self, path: str, **headers):
        return self.call("DELETE", path, **headers)

    @property
    def operator(self) -> Operator:
        return Operator.objects.get(pk=self.company.operator.pk)

    @property
    def principal(self) -> User:
        return self.operator.users.select_related("operator").get(is_principal=True)

    @property
    def actor(self) -> Actor:
        return acting(self.principal)


def problem(response) -> tuple[int, str]:
    """Return the status of a problem document and the end of its type, having proved its form."""
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert {"type", "title", "status", "detail", "request"} <= document.keys()
    assert document["status"] == response.status_code
    assert document["request"] == response["X-Request-ID"]
    kind, _, code = document["type"].rpartition(":")
    assert kind == "urn:comunidad-del-operador:problema"
    return response.status_code, code


@pytest.fixture
def make_program(small_catalog, staff):
    """make_program(*types) makes a company with a token, and the program that has it."""

    def make(*types: str) -> Program:
        company = practice.create(
            actor=Actor.server(), operator_types=types or ["AGENTE_ADUANA"], with_token=True
        )
        return Program(company)

    return make


@pytest.fixture
def program(make_program) -> Program:
    return make_program()


@pytest.fixture
def visitor(small_catalog, staff) -> Program:
    """A program without a token."""
    return Program()
