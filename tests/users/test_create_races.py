"""Equal users created at once: the database accepts one and refuses the others."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from operators.models import Operator
from tests.conftest import PASSWORD, acting, person, soup
from users.actions.operators import create_operator
from users.models import AuditEntry, UniquenessChecker, User

URL = "/usuarios/nuevo/"
FORM = {
    **person(90000005),
    "email": "",
    "username": "JPEREZ01",
    "password1": PASSWORD,
    "password2": PASSWORD,
}
USUARIO_TAKEN = "Ese usuario ya existe en su empresa. Elija otro"
AT_ONCE = 16


def document_used_by(username: str) -> str:
    return f"Este documento ya lo usa {username} en su empresa"


def errors(response) -> dict[str, str]:
    """The sentence beside each field."""
    return {
        error.find_parent(class_="field")["id"].removeprefix("div_id_"): error.span.contents[
            -1
        ].strip()
        for error in soup(response).select(".field .error")
    }


def entries_of_creation():
    return AuditEntry.objects.filter(action="user.created", subject__is_principal=False)


# One after another, each blind to the one before -------------------------------------------------


@pytest.fixture
def blind_until_saved(monkeypatch):
    """The uniqueness check finds no account until the first save, as if another request saved first."""
    look, save = UniquenessChecker._of, User.save
    seeing = []

    def accounts_compared(self, user):
        return look(self, user) if seeing else User.objects.none()

    def save_and_see(self, *args, **kwargs):
        seeing.append(self)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(UniquenessChecker, "_of", accounts_compared)
    monkeypatch.setattr(User, "save", save_and_see)
    return seeing


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"username": USUARIO_TAKEN, "document_number": document_used_by("JPEREZ01")}),
        ({"document_number": "90000006"}, {"username": USUARIO_TAKEN}),
        (
            {"username": "jperez01", "document_number": "90000006"},
            {"username": USUARIO_TAKEN},
        ),
        ({"username": "OTRA0001"}, {"document_number": document_used_by("JPEREZ01")}),
    ],
    ids=["same person", "same usuario", "same usuario in lower case", "same document"],
)
def test_a_duplicate_that_the_database_refuses_is_reported_on_its_field(
    principal, make_secondary, client_of, blind_until_saved, fields, expected
):
    client = client_of(principal)
    make_secondary("JPEREZ01", 90000005)
    blind_until_saved.clear()
    response = client.post(URL, {**FORM, **fields})
    assert blind_until_saved, "the database was never asked"
    assert response.status_code == 200
    assert errors(response) == expected
    for name in ("password1", "password2"):
        assert not soup(response).select_one(f"[name={name}]").get("value")
    assert User.objects.secondary().count() == 1
    assert entries_of_creation().count() == 1


def test_a_double_click_ends_on_the_page_of_the_first_user(principal, client_of, blind_until_saved):
    client = client_of(principal)
    form = {**FORM, "creation_key": str(uuid4())}
    first = client.post(URL, form)
    blind_until_saved.clear()
    second = client.post(URL, form)
    assert blind_until_saved, "the database was never asked"
    assert first.status_code == second.status_code == 302
    assert first.url == second.url == "/usuarios/nuevo/JPEREZ01/"
    assert User.objects.secondary().count() == 1
    assert entries_of_creation().count() == 1


# All at once -------------------------------------------------------------------------------------


@pytest.fixture
def send_at_once(shared_database, principal, client_of, monkeypatch):
    """send_at_once(forms) sends each form from its own client; all validate before any writes."""
    browsers = [client_of(principal) for _ in range(AT_ONCE)]
    everybody_has_looked = Barrier(AT_ONCE, timeout=60)
    # The last call before the transaction, of which SQLite has one at a time.
    hash_password = User.set_password

    def hash_together(self, *args):
        everybody_has_looked.wait()
        return hash_password(self, *args)

    monkeypatch.setattr(User, "set_password", hash_together)

    def send_one(browser, form):
        try:
            return browser.post(URL, form)
        finally:
            connection.close()

    def send(forms):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(send_one, browsers, forms))

    return send


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("differing", "refused"),
    [
        (lambda n: {}, {"username", "document_number"}),
        (lambda n: {"document_number": f"900001{n:02}"}, {"username"}),
        (lambda n: {"username": f"OTRA00{n:02}"}, {"document_number"}),
    ],
    ids=["same person", "same usuario", "same document"],
)
def test_of_equal_users_created_at_once_one_is_created_and_the_others_refused(
    send_at_once, differing, refused
):
    responses = send_at_once([{**FORM, **differing(n)} for n in range(AT_ONCE)])
    assert sorted(response.status_code for response in responses) == [200] * (AT_ONCE - 1) + [302]
    for response in responses:
        if response.status_code == 200:
            assert set(errors(response)) == refused
    assert User.objects.secondary().count() == 1
    assert entries_of_creation().count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_many_times_at_once_creates_one_user(send_at_once):
    form = {**FORM, "creation_key": str(uuid4())}
    responses = send_at_once([form] * AT_ONCE)
    assert {(response.status_code, response.url) for response in responses} == {
        (302, "/usuarios/nuevo/JPEREZ01/")
    }
    assert User.objects.secondary().count() == 1
    assert entries_of_creation().count() == 1


@pytest.mark.django_db(transaction=True)
def test_different_users_created_at_once_are_all_created(send_at_once):
    responses = send_at_once(
        [
            {**FORM, "username": f"OTRA00{n:02}", "document_number": f"900001{n:02}"}
            for n in range(AT_ONCE)
        ]
    )
    assert {response.status_code for response in responses} == {302}
    assert User.objects.secondary().count() == AT_ONCE
    assert entries_of_creation().count() == AT_ONCE


def test_an_operator_created_by_another_request_is_an_error_of_its_ruc(
    operator, staff, monkeypatch
):
    look = Operator.full_clean
    blind = iter([True])

    def full_clean(self, *args, **kwargs):
        if not next(blind, False):
            look(self, *args, **kwargs)

    monkeypatch.setattr(Operator, "full_clean", full_clean)
    with pytest.raises(ValidationError) as refused:
        create_operator(
            actor=acting(staff),
            ruc=operator.ruc,
            name="Otra",
            operator_types=["AGENTE_ADUANA"],
            username="TITULAR1",
            password=PASSWORD,
            **person(90000077),
        )
    assert refused.value.message_dict == {"ruc": ["Ya existe un operador con ese RUC"]}
    assert Operator.objects.count() == 1
