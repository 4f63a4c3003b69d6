"""Mis sesiones abiertas: the signed-in user lists and closes its own sessions."""

from datetime import timedelta

import pytest

from tests.conftest import PASSWORD, RUC, soup
from users.models import AuditEntry, Session
from users.signin import sessions

URL = "/sesiones/"


@pytest.fixture(params=["secondary", "principal"])
def owner(request, db):
    return request.getfixturevalue(request.param)


def key_of(client) -> str:
    return client.cookies["sessionid"].value


def test_each_session_is_listed_and_the_current_one_has_no_button(owner, client_of):
    here, there = client_of(owner), client_of(owner)
    there.get("/", HTTP_USER_AGENT="Otro navegador")
    response = here.get(URL)
    rows = soup(response).select(".session-list li")
    assert len(rows) == 2
    assert ["Esta sesión" in row.text for row in rows].count(True) == 1
    assert [bool(row.select("button")) for row in rows].count(True) == 1
    for client in (here, there):
        assert key_of(client) not in response.content.decode()


def test_closing_a_session_is_recorded(owner, client_of):
    here, there = client_of(owner), client_of(owner)
    button = soup(here.get(URL)).select_one(".session-list button")
    answer = here.post(URL, {"session": button["value"]}, follow=True)
    assert "Se cerró la sesión." in soup(answer).text
    assert there.get("/").status_code == 302
    entry = AuditEntry.objects.get(action="user.sessions_closed")
    assert (entry.actor, entry.subject, entry.before) == (owner, owner, {"sessions": 1})
    # The same form again.
    answer = here.post(URL, {"session": button["value"]}, follow=True)
    assert "Esa sesión ya estaba cerrada." in soup(answer).text
    assert AuditEntry.objects.filter(action="user.sessions_closed").count() == 1


def test_all_sessions_but_the_current_one_are_closed(owner, client_of):
    here, *others = [client_of(owner) for _ in range(3)]
    assert soup(here.get(URL)).find("button", string="Cerrar todas menos esta")
    assert "Se cerraron 2 sesiones." in soup(here.post(URL, follow=True)).text
    assert [client.get("/").status_code for client in others] == [302, 302]
    assert here.get("/").status_code == 200


def test_a_session_of_another_account_is_not_closed(principal, secondary, client_of):
    other = client_of(principal)
    foreign = Session.objects.get(session_key=key_of(other))
    client_of(secondary).post(URL, {"session": foreign.public_id})
    assert other.get("/").status_code == 200


def test_with_one_session_there_is_no_close_button(owner, client_of):
    page = soup(client_of(owner).get(URL))
    assert not page.select("main form")


def test_a_temporary_password_does_not_open_the_list_of_sessions(secondary, client_of):
    secondary.must_change_password = True
    secondary.save(update_fields=["must_change_password"])
    assert client_of(secondary).get(URL).url == "/clave/"


def test_the_name_of_the_browser_is_stored_printable_and_cut(principal, client):
    form = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}
    client.post("/ingresar/", form, headers={"user-agent": "A\x1b[2J\n" + "x" * 300})
    assert Session.objects.get().browser == "A[2J" + "x" * 196


def test_the_browser_of_a_session_is_said_in_words():
    chrome = "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    agents = {
        f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {chrome}": "Chrome en Linux",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Edg/140.0": "Edge en Windows",
        f"Mozilla/5.0 (Linux; Android 16; K) {chrome}": "Chrome en Android",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 15.5; rv:140.0) Firefox/140.0": "Firefox en Mac",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604": (
            "Safari en iPhone"
        ),
        "curl/8.0": "curl/8.0",
        "": "",
    }
    assert {agent: Session(browser=agent).browser_in_words for agent in agents} == agents


def test_a_session_closed_during_a_request_leads_to_the_sign_in_page(
    owner, client_of, settings, monkeypatch
):
    settings.SESSION_SAVED_EVERY = timedelta(0)
    client, idle_since = client_of(owner), sessions.SessionStore.idle_since

    def closed_meanwhile(session):
        Session.objects.all().delete()
        return idle_since.fget(session)

    monkeypatch.setattr(sessions.SessionStore, "idle_since", property(closed_meanwhile))
    answer = client.get("/")
    assert answer.url == "/ingresar/?sesion=terminada"
