"""Prácticas as a trainee sees them: the list, an exercise, its bar on other pages, its constancia."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from operators.models import Classroom, Operator
from profiles.actions.exercises import load_exercises
from profiles.models import Exercise
from tests.calls import file_of
from tests.conftest import PASSWORD, acting, soup
from tests.payloads import MARK
from tests.trainee import Trainee
from users.actions import practice
from users.history.recording import Actor
from users.models import AuditEntry, User

ONE, OTHER = "/practicas/una/", "/practicas/otra/"
FREE, ASKING = "11.9.1.1.1", "90.1.1.1.1"
PERSON = """
[[exercises.people]]
username = "ANUEVA01"
document_number = "90000080"
first_name = "Ana"
last_name = "Nueva"
"""
FILE = f"""
[[exercises]]
code = "una"
title = "Una"
brief = "Ana entra y no ve nada.\\n\\nDele la opción hoy, {{hoy}}, o el {{dia:7}}."
points = 10
hints = ["Primera pista.", "Segunda pista."]
untouched = ["QUIETA01"]
{PERSON}
[[exercises.people]]
username = "QUIETA01"
document_number = "90000081"
first_name = "Quieta"
last_name = "Siempre"
[[exercises.goal]]
username = "ANUEVA01"
state = "active"
can = ["{FREE}"]

[[exercises]]
code = "otra"
title = "Otra"
brief = "Dele la opción y nada más."
points = 5
extra_cost = 2
operator_types = ["AGENTE_ADUANA"]
{PERSON}
[[exercises.goal]]
username = "ANUEVA01"
options = ["{ASKING}"]
can = ["{ASKING}"]
"""


@pytest.fixture
def operator(small_catalog, staff) -> Operator:
    load_exercises(actor=acting(staff), file=file_of(FILE))
    return practice.create(actor=Actor.server(), operator_types=["AGENTE_ADUANA"]).operator


@pytest.fixture
def trainee(operator, client_of) -> Trainee:
    return Trainee(client_of(principal_of(operator)))


def principal_of(operator: Operator) -> User:
    return operator.users.select_related("operator").get(is_principal=True)


def begin(trainee: Trainee, address: str = ONE):
    return trainee.fill(address, "Empezar")


def send(trainee: Trainee, address: str = ONE, **fields: str):
    return trainee.client.post(address, fields, follow=True)


def text(response) -> str:
    return " ".join(soup(response).main.get_text(" ", strip=True).split())


def said(response) -> list[str]:
    return [" ".join(notice.text.split()) for notice in soup(response).select("main .notice")]


def buttons(response) -> list[str]:
    return [each.get_text(strip=True) for each in soup(response).select("main .btn-primary")]


def results(response) -> dict[str, str | None]:
    """Return each sentence of the last check, with the address where it is mended."""
    found = {}
    for item in soup(response).select(".exercise-results li"):
        link = item.select_one("a")
        found[" ".join(item.div.get_text(" ", strip=True).split())] = link and link["href"]
    return found


def bar(response):
    return soup(response).select_one(".exercise-bar")


def actions(operator: Operator) -> list[str]:
    entries = AuditEntry.objects.filter(operator=operator, action__startswith="practice.")
    return [*entries.order_by("pk").values_list("action", flat=True)]


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
    assert said(missing) == ["Todavía no: se cumple 3 de 4. Ver qué falta"]
    sentence = (
        "Falta: ANUEVA01 no puede usar «Servicio Web». ANUEVA01 no tiene asignada esta opción."
    )
    (place,) = [place for each, place in results(missing).items() if each.startswith(sentence)]
    assert place == "/usuarios/ANUEVA01/perfiles/"
    assert results(missing)["Cumplido: ANUEVA01 existe."] is None
    hinted = trainee.press(missing, "Pedir una pista (cuesta 1 punto)")
    assert "Primera pista." in text(hinted)
    assert "Segunda pista." not in text(hinted)
    trainee.options("ANUEVA01", FREE)
    passed = trainee.press(trainee.client.get(ONE), "Comprobar")
    assert said(passed) == ["Lograda: 9 de 10 puntos. Las pistas costaron 1."]
    assert buttons(passed) == ["Siguiente práctica"]
    assert soup(passed).select_one("main .btn-primary")["href"] == OTHER
    assert all(sentence.startswith("Cumplido") for sentence in results(passed))
    listed = trainee.client.get("/practicas/")
    assert "1 de 2 logradas · 9 de 15 puntos" in text(listed)
    assert len(soup(listed).select(".course-bar .part-exercise-passed")) == 1
    address = soup(listed).select_one("a[href*='SIM-']")["href"]
    assert soup(passed).select(f"a[href='{address}']")
    constancia = Client().get(address)
    assert {"Una", "Empresa de práctica", "9"} <= {dd.text for dd in soup(constancia).select("dd")}
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
    said_there = text(Client().get(address))
    assert "Ana Torres" in said_there
    assert operator.name not in said_there
    for wrong in (f"{address[:-9]}00000000/", address.replace("-PR-", "-US-"), "/constancias/x/"):
        assert Client().get(wrong).status_code == 404
        assert "Ana Torres" not in Client().get(wrong).content.decode()


def test_what_is_beyond_the_goal_is_said_with_its_cost(operator, trainee):
    # It has no hints.
    assert "Pistas" not in text(begin(trainee, OTHER))
    trainee.options("ANUEVA01", ASKING, FREE)
    trainee.roles("ANUEVA01")
    passed = send(trainee, OTHER, check="1")
    assert said(passed) == ["Lograda: 3 de 5 puntos. Lo que sobra costó 2."]
    assert any("Cuesta 2 puntos." in sentence for sentence in results(passed))


def test_starting_asks_first_only_if_users_were_made_outside_an_exercise(operator, trainee):
    trainee.create("PROPIO01", "90000070", "Propio", "Anterior")
    assert "se elimina el usuario que tiene" in text(trainee.client.get(ONE))
    asked = begin(trainee)
    assert asked.redirect_chain == [(f"{ONE}?empezar=si", 302)]
    assert "Usted creó un usuario fuera de una práctica." in text(asked)
    assert actions(operator) == []
    trainee.press(asked, "Empezar")
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


# Bad days -----------------------------------------------------------------------------------------


def test_what_happened_meanwhile_is_said_and_nothing_is_written(operator, trainee):
    fresh = send(trainee, check="1")
    assert said(fresh) == ["Esta práctica no está en curso. Si quiere hacerla, presione Empezar."]
    begin(trainee)
    begin(trainee, OTHER)
    before = actions(operator)
    assert said(send(trainee, check="1")) == [
        "Esta práctica ya no está en curso: empezó otra, «Otra»."
    ]
    assert "Está en curso « Otra »" in text(trainee.client.get(ONE))
    assert said(send(trainee, hint="0")) == said(send(trainee, check="1"))
    begin(trainee)
    practice.reset(actor=acting(principal_of(operator)), operator=operator)
    trainee.client.force_login(
        principal_of(operator), backend="users.signin.backends.OperatorBackend"
    )
    assert said(send(trainee, check="1")) == [
        "La empresa volvió a su inicio: la práctica ya no está en curso. Presione «Empezar»."
    ]
    assert actions(operator) == [*before, "practice.started"]
    for nothing in ({}, {"do": "check"}, {"start": "x" * 5000}, {"hint": "9" * 5000}):
        assert send(trainee, **nothing).status_code == 200


def test_checking_twice_passes_once(operator, trainee):
    begin(trainee)
    trainee.options("ANUEVA01", FREE)
    send(trainee, check="1")
    again = send(trainee, check="1")
    assert said(again) == ["Esta práctica ya está lograda. No se comprobó de nuevo."]
    assert actions(operator) == ["practice.started", "practice.passed"]


def test_the_wrong_person_eliminated_is_named_without_a_link_that_leads_nowhere(operator, trainee):
    begin(trainee)
    trainee.options("ANUEVA01", FREE)
    trainee.eliminate("QUIETA01")
    shown = results(send(trainee, check="1"))
    (sentence,) = [each for each in shown if "QUIETA01" in each]
    assert sentence == (
        "Falta: QUIETA01 no debía cambiar, y cambió: su estado. "
        "Ese usuario fue eliminado: presione «Empezar de nuevo»."
    )
    assert [*filter(None, shown.values())] == []


def test_another_session_sees_what_was_missing_and_a_new_start_sees_nothing(
    operator, trainee, client_of
):
    begin(trainee)
    send(trainee, check="1")
    other = Trainee(client_of(principal_of(operator)))
    (sentence,) = results(other.client.get(ONE))
    assert sentence.startswith("Falta: ANUEVA01 no puede usar")
    other.press(other.client.get(ONE), "Empezar de nuevo")
    for each in (trainee, other):
        assert results(each.client.get(ONE)) == {}


def test_a_check_without_its_session_is_kept_and_sent_again(operator, trainee):
    page = begin(trainee)
    form = {field["name"]: field["value"] for field in soup(page).select("main form input")}
    principal = principal_of(operator)
    principal.set_password(PASSWORD)
    principal.save()
    returning = Trainee(Client())
    kept = send(returning, **{**form, "check": "1"})
    unsent = soup(kept).select_one("[name=unsent]")["value"]
    assert actions(operator) == ["practice.started"]
    entry = {"ruc": operator.ruc, "username": "TITULAR1", "password": PASSWORD, "unsent": unsent}
    resumed = returning.client.post("/ingresar/", entry)
    checked = returning.press(resumed, "Enviar otra vez")
    assert said(checked) == ["Todavía no: se cumple 3 de 4. Ver qué falta"]


def test_in_an_exam_there_are_no_hints_and_nothing_says_how_to_mend(operator, trainee):
    room = Classroom.objects.create(
        name="Examen", practice_until=operator.practice_until, is_exam=True
    )
    Operator.objects.filter(pk=operator.pk).update(classroom=room)
    assert "Pistas" not in text(begin(trainee))
    shown = results(send(trainee, check="1"))
    assert {*shown.values()} == {None}
    assert [sentence for sentence in shown if sentence.startswith("Falta")] == [
        "Falta: ANUEVA01 no puede usar «Servicio Web»."
    ]
    told = text(trainee.client.get("/historial/"))
    assert "ANUEVA01 no puede usar «Servicio Web»." in told
    assert "ANUEVA01 no tiene asignada esta opción" not in told
    assert said(send(trainee, hint="0")) == ["En un examen no hay pistas."]


def test_a_start_that_is_refused_says_why_each_time(operator, trainee):
    begin(trainee)
    practice.reset(
        actor=acting(principal_of(operator)),
        operator=operator,
        session_key=trainee.client.session.session_key,
    )
    Exercise.objects.filter(code="una").update(is_retired=True)
    for _ in range(2):
        refused = trainee.client.post(ONE, {"start": "1"}, follow=True)
        assert said(refused) == ["Esta práctica no se ofrece a su empresa. Elija otra."]
        assert refused.redirect_chain == [("/practicas/", 302)]


def test_an_exercise_that_is_retired_while_it_is_on_is_done_to_its_end(operator, trainee):
    begin(trainee)
    Exercise.objects.filter(code="una").update(is_retired=True)
    assert bar(trainee.client.get("/usuarios/"))
    assert said(send(trainee, check="1")) == ["Todavía no: se cumple 3 de 4. Ver qué falta"]
    assert said(trainee.press(trainee.client.get(ONE), "Empezar de nuevo")) == []
    trainee.options("ANUEVA01", FREE)
    passed = send(trainee, check="1")
    assert said(passed) == ["Lograda: 10 de 10 puntos."]
    assert passed.redirect_chain == [("/practicas/", 302)]
    assert trainee.client.get(ONE).status_code == 404


def test_hints_that_were_taken_are_shown_after_a_restart(operator, trainee):
    begin(trainee)
    send(trainee, hint="0")
    again = trainee.press(trainee.client.get(ONE), "Empezar de nuevo")
    assert "Primera pista." in text(again)
    assert "Lo que ya pidió cuesta también si empieza de nuevo." in text(again)
    trainee.options("ANUEVA01", FREE)
    assert said(send(trainee, check="1")) == ["Lograda: 9 de 10 puntos. Las pistas costaron 1."]


def test_text_of_a_file_is_text_on_every_page(operator, trainee, staff):
    nasty = f'<{MARK}>\\" onfocus={MARK}'
    text = FILE.replace("Una", nasty).replace("Primera pista.", nasty).replace("Ana entra", nasty)
    load_exercises(actor=acting(staff), file=file_of(text))
    begin(trainee)
    send(trainee, hint="0")
    send(trainee, check="1")
    for address in ("/practicas/", ONE, "/usuarios/"):
        page = trainee.client.get(address)
        assert MARK in page.content.decode()
        assert soup(page).select(MARK) == []
        assert soup(page).select(f"[onfocus={MARK}]") == []


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
    Exercise.objects.filter(code="una").update(
        definition={
            **Exercise.objects.get(code="una").definition,
            "operator_types": ["TRANSPORTISTA"],
        }
    )
    assert trainee.client.get(ONE).status_code == 404
    assert said(send(trainee, OTHER, start="1")) == []
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
