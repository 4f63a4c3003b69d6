"""Cambiar Estado: suspend, reactivate or eliminate one user, with the consequence stated."""

import pytest
from django.core.exceptions import ValidationError

from operators.models import OperatorType
from tests.conftest import PASSWORD, RUC, acting, person, soup
from users.actions import accounts, operators
from users.models import AuditEntry, User

URL, ELIMINATE = "/usuarios/JPEREZ01/estado/", "/usuarios/JPEREZ01/eliminar/"
STATE_ACTIONS = {"user.suspended", "user.reactivated", "user.eliminated"}

SENTENCES = {
    "suspend": "Se ha suspendido al usuario JPEREZ01.",
    "reactivate": "Se ha reactivado al usuario JPEREZ01.",
    "eliminate": "Se ha eliminado al usuario JPEREZ01.",
}

# The change sent, the state before, the state after, and the audit action.
CHANGES = [
    ("suspend", "active", "suspended", "user.suspended"),
    ("reactivate", "suspended", "active", "user.reactivated"),
    ("eliminate", "active", "eliminated", "user.eliminated"),
    ("eliminate", "suspended", "eliminated", "user.eliminated"),
]
each_change = pytest.mark.parametrize(
    ("change", "before", "after", "action"),
    CHANGES,
    ids=[f"{change}-{before}" for change, before, *_ in CHANGES],
)


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


@pytest.fixture
def put_in(principal, secondary):
    """put_in(state) sets the state of the user without an action."""

    def put(state: str) -> None:
        secondary.state = state
        secondary.save(update_fields=["state"])

    return put


def send(client, change, url=URL, **kwargs):
    return client.post(url, {"change": change}, **kwargs)


def state(user) -> str:
    return User.objects.get(pk=user.pk).state


def movements():
    return AuditEntry.objects.filter(action__in=STATE_ACTIONS)


def notices(response) -> list[str]:
    return [notice.get_text(strip=True) for notice in soup(response).select(".status-region")]


# The page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "verb"),
    [("active", ("suspend", "Suspender")), ("suspended", ("reactivate", "Reactivar"))],
)
def test_the_button_says_the_verb_and_eliminar_has_a_page_of_its_own(client, put_in, before, verb):
    put_in(before)
    page = soup(client.get(URL))
    (button,) = page.select("main form button")
    assert (button["name"], button["value"], button.text) == ("change", *verb)
    assert "btn-danger" not in button["class"]
    assert [link["href"] for link in page.select("main .buttons a")] == [ELIMINATE, "/usuarios/"]
    page = soup(client.get(ELIMINATE))
    (button,) = page.select("main form button")
    assert (button["value"], button.text) == ("eliminate", "Eliminar")
    assert "btn-danger" in button["class"]


def test_the_page_says_the_consequence_of_each_change(client, put_in, subtests):
    cases = [
        ("active", URL, "JPEREZ01 no podrá ingresar."),
        ("active", URL, "Conserva sus opciones y roles; puede reactivarlo cuando quiera."),
        ("active", URL, "JPEREZ01 no podrá ingresar nunca más."),
        ("active", ELIMINATE, "Su usuario y su documento quedan libres para crear otro"),
        ("active", ELIMINATE, "No se puede deshacer."),
        ("suspended", URL, "podrá ingresar otra vez, con las opciones y los roles que tenía."),
        ("suspended", ELIMINATE, "JPEREZ01 no podrá ingresar nunca más."),
    ]
    for before, url, consequence in cases:
        with subtests.test(before=before, consequence=consequence):
            put_in(before)
            page = soup(client.get(url))
            assert consequence in page.main.get_text(" ", strip=True)
            assert page.h1.text.endswith("JPEREZ01")
            assert "Juan Pérez Ñaupari" in page.select_one(".lead").text


def test_a_get_request_does_not_change_the_state(client, secondary):
    client.get(URL, {"change": "eliminate"})
    assert state(secondary) == "active"
    assert not movements().exists()


# The changes -------------------------------------------------------------------------------------


@each_change
def test_the_state_changes_and_the_list_confirms_it(
    client, secondary, put_in, change, before, after, action
):
    put_in(before)
    response = send(client, change)
    assert (response.status_code, response.url) == (302, "/usuarios/")
    assert state(secondary) == after
    (notice,) = notices(client.get(response.url))
    assert notice.startswith(SENTENCES[change])


@each_change
def test_the_audit_entry_has_actor_subject_states_and_origin(
    client, principal, secondary, put_in, change, before, after, action
):
    put_in(before)
    send(client, change)
    entry = movements().get()
    assert (entry.action, entry.actor, entry.subject) == (action, principal, secondary)
    assert entry.operator == principal.operator
    assert (entry.before, entry.after) == ({"state": before}, {"state": after})
    assert (entry.channel, entry.address) == ("web", "127.0.0.1")


@each_change
def test_the_same_form_sent_twice_changes_the_state_once(
    client, secondary, put_in, change, before, after, action
):
    put_in(before)
    first, second = send(client, change), send(client, change)
    assert (second.status_code, second.url) == (first.status_code, first.url) == (302, "/usuarios/")
    (notice,) = notices(client.get(second.url))
    assert SENTENCES[change] in notice
    assert "No se cambió nada." in notice
    assert state(secondary) == after
    assert movements().count() == 1


def test_a_form_without_a_valid_change_asks_for_the_new_state(client, secondary, subtests):
    for fields in [
        {},
        {"change": ""},
        {"change": "delete"},
        {"change": "SUSPEND"},
        {"change": "suspend\0"},
    ]:
        with subtests.test(fields=fields):
            response = client.post(URL, {**fields, "state": "eliminated"})
            page = soup(response)
            assert response.status_code == 200
            assert page.title.text.startswith("Error: Cambiar Estado de JPEREZ01")
            link = page.select_one(".error-summary a")
            assert link.text == "Elija qué desea hacer"
            assert page.find(id=link["href"].removeprefix("#")).text == "Suspender"
            assert state(secondary) == "active"
            assert not movements().exists()


def test_an_eliminated_user_cannot_be_reactivated_or_suspended(client, secondary, put_in, subtests):
    for change in ["reactivate", "suspend"]:
        with subtests.test(change=change):
            put_in("eliminated")
            response = send(client, change)
            assert response.status_code == 200
            assert "Un usuario eliminado ya no cambia de estado." in (
                soup(response).select_one(".error-summary").text
            )
            assert state(secondary) == "eliminated"
            assert not movements().exists()


def test_the_page_of_an_eliminated_user_is_not_found(client, put_in):
    put_in("eliminated")
    assert client.get(URL).status_code == 404


def test_the_usuario_and_document_of_an_eliminated_user_are_free(client, secondary):
    send(client, "eliminate")
    response = client.post(
        "/usuarios/nuevo/",
        {
            **person(90000002),
            "username": "JPEREZ01",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    assert response.url == "/usuarios/nuevo/JPEREZ01/"
    heir = User.objects.secondary().existing().get(username="JPEREZ01")
    assert heir != secondary
    assert heir.document_number == secondary.document_number
    assert state(secondary) == "eliminated"
    # And from now on the URL means the new one.
    send(client, "suspend")
    assert state(heir) == "suspended"
    assert state(secondary) == "eliminated"


def test_a_stale_form_does_not_reach_the_next_user_of_that_name(client, secondary, make_secondary):
    subject = soup(client.get(URL)).select_one("[name=subject]")["value"]
    send(client, "eliminate")
    heir = make_secondary("JPEREZ01", 90000002)
    client.post(URL, {"change": "eliminate", "subject": subject})
    client.post(URL, {"change": "suspend", "subject": subject})
    assert state(heir) == "active"
    assert movements().get().subject == secondary


def test_a_form_with_an_invalid_subject_is_not_found(client, secondary, subtests):
    for subject in ["0", "-1", "x", "²", "9" * 30, "1 OR 1=1", "\0"]:
        with subtests.test(subject=subject):
            response = client.post(URL, {"change": "suspend", "subject": subject})
            assert response.status_code == 404
            assert state(secondary) == "active"


# Who is put out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["suspend", "eliminate"])
def test_an_open_session_ends_at_its_next_request(client, secondary, client_of, change):
    theirs = client_of(secondary)
    assert theirs.get("/").status_code == 200
    send(client, change)
    assert theirs.get("/").url.startswith("/ingresar/?next=/")


def test_a_reactivated_user_may_sign_in_again(client, client_of, put_in):
    put_in("suspended")
    triple = {"ruc": RUC, "username": "JPEREZ01", "password": PASSWORD}
    assert client_of(None).post("/ingresar/", triple).status_code == 200
    send(client, "reactivate")
    assert client_of(None).post("/ingresar/", triple).url == "/"


def test_closing_the_operator_ends_all_its_sessions(client, principal, secondary, staff, client_of):
    theirs = client_of(secondary)
    assert client.get("/").status_code == theirs.get("/").status_code == 200
    operators.change_operator(
        actor=acting(staff),
        operator=principal.operator,
        name=principal.operator.name,
        operator_types=OperatorType.objects.filter(operators=principal.operator),
        is_active=False,
    )
    for browser in (client, theirs):
        assert browser.get("/").url.startswith("/ingresar/?next=/")
    response = send(client, "suspend")
    assert response.status_code == 302
    assert response.url.startswith("/ingresar/")
    assert state(secondary) == "active"


# Who is out of reach -----------------------------------------------------------------------------


def test_the_principal_and_users_of_other_operators_are_not_found(
    client, strangers_secondary, subtests
):
    for username in ["TITULAR1", "AJENO001", "NADIE001"]:
        for change in SENTENCES:
            with subtests.test(change=change, username=username):
                url = f"/usuarios/{username}/estado/"
                before = set(User.objects.values_list("pk", "state"))
                assert client.get(url).status_code == 404
                assert send(client, change, url).status_code == 404
                assert set(User.objects.values_list("pk", "state")) == before
                assert not movements().exists()


def test_a_secondary_user_cannot_change_a_state(secondary, make_secondary, client_of, subtests):
    make_secondary("COLEGA01", 90000004)
    client = client_of(secondary)
    for change in SENTENCES:
        with subtests.test(change=change):
            for url in (URL, "/usuarios/COLEGA01/estado/"):
                assert client.get(url).status_code == 403
                assert send(client, change, url).status_code == 403
            assert not movements().exists()


# What every channel shares -----------------------------------------------------------------------


def test_a_session_closed_by_a_suspension_is_not_open_again_after_reactivation(
    principal, secondary, client_of
):
    theirs = client_of(secondary)
    accounts.suspend_user(actor=acting(principal), user=secondary)
    accounts.reactivate_user(actor=acting(principal), user=secondary)
    assert theirs.get("/").url.startswith("/ingresar/?next=/")


def test_not_even_staff_eliminates_a_principal(principal, staff):
    with pytest.raises(ValidationError, match="El usuario principal no se puede eliminar"):
        accounts.eliminate_user(actor=acting(staff), user=principal)
    assert state(principal) == "active"
