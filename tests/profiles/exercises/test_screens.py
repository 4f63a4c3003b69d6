"""Prácticas as a trainee sees them: the list, an exercise, its bar on other pages, its constancia."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from operators.models import Operator
from profiles.models import Exercise
from tests.conftest import soup
from tests.profiles.exercises.conftest import (
    ASKING,
    FREE,
    ONE,
    OTHER,
    actions,
    bar,
    begin,
    buttons,
    results,
    said,
    send,
    text,
)
from users.models import User

# From the list to the constancia ------------------------------------------------------------------


def test_an_exercise_is_done_from_the_list_to_its_constancia(operator, trainee):
    shown = trainee.client.get("/practicas/")
    assert buttons(shown) == ["Ir a la práctica 1"]
    assert "0 de 2 logradas · 0 de 15 puntos" in text(shown)
    shown = trainee.client.get(ONE)
    assert buttons(shown) == ["Empezar"]
    today, later = (
        date_format(timezone.localdate() + timedelta(days=days), "DATE_FORMAT") for days in (0, 7)
    )
    assert f"Dele la opción hoy, {today}, o el {later}." in text(shown)
    begun = begin(trainee)
    assert begun.redirect_chain == [(ONE, 302)]
    assert buttons(begun) == ["Comprobar"]
    missing = trainee.press(begun, "Comprobar")
    assert missing.redirect_chain == [(ONE, 302)]
    assert said(missing) == ["Todavía no. Cumplido: 2 de 3. Ver qué falta"]
    sentence = (
        "Falta: ANUEVA01 no puede usar «Servicio Web». ANUEVA01 no tiene asignada esta opción."
    )
    (place,) = [place for each, place in results(missing).items() if each.startswith(sentence)]
    assert place == "/usuarios/ANUEVA01/perfiles/"
    assert results(missing)["Cumplido: ANUEVA01 está Activo."] is None
    hinted = trainee.press(missing, "Pedir una pista (cuesta 1 punto)")
    assert "Primera pista." in text(hinted)
    assert "Segunda pista." not in text(hinted)
    trainee.options("ANUEVA01", FREE)
    passed = trainee.press(trainee.client.get(ONE), "Comprobar")
    assert said(passed) == ["Lograda: 9 de 10 puntos. Las pistas costaron 1."]
    assert "Primera pista." in text(passed)
    assert "No hay más." not in text(passed)
    assert buttons(passed) == ["Siguiente práctica"]
    assert soup(passed).select_one("main .btn-primary")["href"] == OTHER
    assert all(sentence.startswith("Cumplido") for sentence in results(passed))
    listed = trainee.client.get("/practicas/")
    assert "1 de 2 logradas · 9 de 15 puntos" in text(listed)
    assert len(soup(listed).select(".course-bar .part-exercise-passed")) == 1
    address = soup(listed).select_one("a[href*='SIM-']")["href"]
    assert soup(passed).select(f"a[href='{address}']")
    constancia = Client().get(address)
    assert {"Una", "Empresa de práctica", "9 de 10"} <= {
        dd.text for dd in soup(constancia).select("dd")
    }
    # The name of a practice company holds five digits of its RUC; the others follow from them.
    assert operator.ruc[5:10] not in constancia.content.decode()


def test_the_constancia_has_the_name_of_the_trainee_and_a_guessed_number_is_no_address(
    operator, trainee
):
    Operator.objects.update(trainee="Ana Torres")
    begin(trainee)
    trainee.options("ANUEVA01", FREE)
    passed = send(trainee, check="1")
    address = soup(passed).select_one("a[href*='SIM-']")["href"]
    # The company is somebody else's by now.
    Operator.objects.update(trainee="Otra Persona")
    said_there = text(Client().get(address))
    assert "Ana Torres" in said_there
    assert operator.name not in said_there
    assert text(Client().get(address.lower())).startswith("Constancia de práctica")
    for wrong in (f"{address[:-9]}00000000/", address.replace("-PR-", "-US-"), "/constancias/x/"):
        assert Client().get(wrong).status_code == 404
        assert "Ana Torres" not in Client().get(wrong).content.decode()


def test_the_constancia_of_the_list_is_that_of_the_best_points(trainee):
    def done(*codes: str, button: str = "Hacerla otra vez") -> str:
        trainee.fill(OTHER, button)
        trainee.options("ANUEVA01", *codes)
        trainee.roles("ANUEVA01")
        send(trainee, OTHER, check="1")
        listed = trainee.client.get("/practicas/")
        return text(Client().get(soup(listed).select_one("a[href*='SIM-']")["href"]))

    assert "Puntos 3 de 5" in done(ASKING, FREE, button="Empezar")
    assert "Puntos 5 de 5" in done(ASKING)
    assert "Puntos 5 de 5" in done(ASKING, FREE)


def test_what_is_beyond_the_goal_is_said_with_its_cost(operator, trainee):
    # It has no hints.
    assert "Pistas" not in text(begin(trainee, OTHER))
    trainee.options("ANUEVA01", ASKING, FREE)
    trainee.roles("ANUEVA01")
    passed = send(trainee, OTHER, check="1")
    assert said(passed) == ["Lograda: 3 de 5 puntos. Lo que sobra costó 2."]
    assert any("Cuesta 2 puntos." in sentence for sentence in results(passed))


def test_starting_warns_only_if_users_were_made_outside_an_exercise(operator, trainee):
    trainee.create("PROPIO01", "90000070", "Propio", "Anterior")
    assert "se elimina el usuario que tiene" in text(trainee.client.get(ONE))
    shown = trainee.client.get(ONE)
    assert "Usted creó un usuario fuera de una práctica." in text(shown)
    trainee.press(shown, "Eliminarlo y empezar")
    assert actions(operator) == ["practice.started"]
    # Its people, and who is created while it is on, are prepared again by the next start.
    trainee.create("PROPIO02", "90000071", "Propio", "Posterior")
    trainee.press(trainee.client.get(ONE), "Empezar de nuevo")
    trainee.options("ANUEVA01", FREE)
    assert buttons(send(trainee, check="1")) == ["Siguiente práctica"]
    begin(trainee, OTHER)
    assert actions(operator)[-1] == "practice.started"


def test_all_exercises_passed_lead_back_to_the_list(operator, trainee):
    Exercise.objects.filter(code="otra").update(is_retired=True)
    begin(trainee)
    trainee.options("ANUEVA01", FREE)
    assert buttons(send(trainee, check="1")) == ["Las logró todas: ver Prácticas"]
    assert "Las logró todas." in text(trainee.client.get("/practicas/"))
    assert trainee.client.get(OTHER).status_code == 404
    Exercise.objects.all().delete()
    assert "Todavía no hay prácticas." in text(trainee.client.get("/practicas/"))


# The bar ------------------------------------------------------------------------------------------


def test_the_bar_is_on_every_other_page_while_an_exercise_is_on(operator, trainee):
    for address in ("/", ONE, "/practicas/"):
        assert bar(trainee.client.get(address)) is None
    begin(trainee)
    assert bar(trainee.client.get(ONE)) is None
    for address in ("/", "/usuarios/", "/practicas/", OTHER, "/ayuda/", "/usuarios/ANUEVA01/"):
        shown = bar(trainee.client.get(address))
        assert "Práctica 1 de 2 : Una" in shown.summary.get_text(" ", strip=True)
        assert "Ana entra y no ve nada." in shown.details.text
        # It is about no user, whatever the page is about.
        assert shown.select("[name=subject]") == []
    form = shown.form
    assert (form["action"], form["method"]) == (ONE, "post")
    trainee.options("ANUEVA01", FREE)
    send(trainee, check="1")
    assert bar(trainee.client.get("/usuarios/")) is None


def test_who_tries_out_a_user_of_the_company_sees_no_bar(operator, trainee, client_of):
    begin(trainee)
    secondary = operator.users.get(username="ANUEVA01", state="active")
    page = client_of(secondary).get("/")
    assert bar(page) is None
    assert "/practicas/" not in page.content.decode()


def test_who_does_no_exercises_pays_no_query_for_them(
    operator, trainee, stranger, strangers_secondary, staff, client_of
):
    begin(trainee)
    own = client_of(operator.users.get(username="ANUEVA01"))
    pages = [(client_of(user), "/") for user in (stranger, strangers_secondary)]
    pages += [(client, "/ayuda/") for client in (own, client_of(staff), Client())]
    for client, page in pages:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        asked = [query["sql"] for query in queries]
        assert not [sql for sql in asked if "practice." in sql or "profiles_exercise" in sql]


def test_the_bar_costs_a_constant_number_of_queries(operator, trainee):
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            trainee.client.get(address)
        return len(queries)

    without = cost("/ayuda/")
    begin(trainee)
    assert cost("/ayuda/") - without <= 2
    send(trainee, check="1")
    few = {address: cost(address) for address in ("/ayuda/", ONE, "/practicas/")}
    for _ in range(5):
        send(trainee, check="1")
    assert {address: cost(address) for address in few} == few


# Who sees it --------------------------------------------------------------------------------------


def test_only_the_principal_of_a_practice_company_has_the_section(
    operator, trainee, stranger, client_of
):
    def sections(client) -> str:
        return soup(client.get("/")).select_one("nav[aria-label='Secciones']").text

    assert "Prácticas" in sections(trainee.client)
    assert "Prácticas" not in sections(client_of(stranger))
    assert client_of(stranger).get("/practicas/").status_code == 403
    secondary = User.objects.create(
        operator=operator, username="OTRA0001", document_type="1", document_number="90000099"
    )
    assert client_of(secondary).get(ONE).status_code == 403


def test_an_exercise_for_another_type_is_no_address(operator, trainee, client_of):
    Exercise.objects.filter(code="una").update(operator_types=["TRANSPORTISTA"])
    assert trainee.client.get(ONE).status_code == 404
    assert said(send(trainee, OTHER, start="1")) == [
        "Su empresa está preparada. Haga la tarea y presione Comprobar."
    ]
    assert soup(trainee.client.get("/practicas/")).select("ol h2 a")[0].text == "Otra"


def test_a_company_that_has_ended_has_no_exercises(operator, trainee):
    begin(trainee)
    Operator.objects.update(practice_until=timezone.localdate() - timedelta(days=1))
    assert trainee.client.post(ONE, {"check": "1"}).status_code == 302
    assert actions(operator) == ["practice.started"]


def test_who_is_alone_is_led_to_the_first_exercise(operator, trainee, client_of):
    assert soup(trainee.client.get("/")).select_one(f".empty a[href='{ONE}']")
    created = Client().post("/practica/nueva/", {"types": ["AGENTE_ADUANA"], "days": "7"})
    link = soup(created).select_one("main .btn-primary")
    assert link["href"].endswith("&next=/practicas/")
    page = Client().get(link["href"])
    assert soup(page).select_one("[name=next]")["value"] == "/practicas/"
    assert "Crear mi empresa de práctica" in text(Client().get("/ayuda/"))
