"""What a trainee reads when something else happened meanwhile, in an exam, or in another session."""

from django.test import Client

from operators.models import Classroom, Operator
from profiles.actions.exercises import load_exercises
from profiles.models import Exercise
from tests.calls import file_of
from tests.conftest import PASSWORD, acting, soup
from tests.payloads import MARK
from tests.profiles.exercises.conftest import (
    ASKING,
    FILE,
    FREE,
    ONE,
    OTHER,
    actions,
    bar,
    begin,
    principal_of,
    results,
    said,
    send,
    text,
)
from tests.trainee import Trainee
from users.actions import practice


def test_what_happened_meanwhile_is_said_and_nothing_is_written(operator, trainee):
    fresh = send(trainee, check="1")
    assert said(fresh) == ["Esta práctica no está en curso. Si quiere hacerla, presione Empezar."]
    begin(trainee)
    begin(trainee, OTHER)
    before = actions(operator)
    assert said(send(trainee, check="1")) == [
        "Esta práctica ya no está en curso: empezó otra, o la empresa volvió a su inicio."
    ]
    assert "Está en curso « Otra »" in text(trainee.client.get(ONE))
    assert said(send(trainee, hint="0")) == said(send(trainee, check="1"))
    begin(trainee)
    practice.reset(actor=acting(principal_of(operator)), operator=operator)
    trainee.client.force_login(
        principal_of(operator), backend="users.signin.backends.OperatorBackend"
    )
    assert said(send(trainee, check="1")) == [
        "Esta práctica ya no está en curso: empezó otra, o la empresa volvió a su inicio."
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
        "Falta: QUIETA01 no debía cambiar, y en el Historial está «Usuario eliminado». "
        "Presione «Empezar de nuevo»."
    )
    assert [*filter(None, shown.values())] == []


def test_a_user_of_an_earlier_run_counts_as_no_user_of_this_one(staff, operator, trainee):
    text = FILE.replace('last_name = "Nueva"', 'last_name = "Nueva"\nis_new = true')
    text = text.replace(f'can = ["{FREE}"]', f'options = ["{FREE}"]')
    load_exercises(actor=acting(staff), file=file_of(text))
    begin(trainee)
    trainee.create("ANUEVA01", "90000080", "Ana", "Nueva")
    trainee.options("ANUEVA01", FREE)
    trainee.press(trainee.client.get(ONE), "Empezar de nuevo")
    shown = results(send(trainee, check="1"))
    assert shown["Falta: No existe el usuario ANUEVA01. Crear Usuario"] == "/usuarios/nuevo/"
    # An account that was eliminated in this run is one of it.
    trainee.create("ANUEVA01", "90000080", "Ana", "Nueva")
    trainee.options("ANUEVA01", FREE)
    trainee.eliminate("ANUEVA01")
    (state,) = [each for each in results(send(trainee, check="1")) if "Eliminado" in each]
    assert state.startswith("Falta: ANUEVA01 está Eliminado")


def test_every_link_of_the_results_leads_to_a_page(staff, operator, trainee):
    def links(address: str = ONE, **sent: str) -> dict[str, int]:
        shown = results(send(trainee, address, **sent) if sent else trainee.client.get(address))
        places = {*filter(None, shown.values())}
        return {place: trainee.client.get(place).status_code for place in places}

    text = FILE.replace('last_name = "Nueva"', 'last_name = "Nueva"\nis_new = true')
    asked = 'happened = { ANUEVA01 = "user.password_reset" }\nuntouched'
    load_exercises(actor=acting(staff), file=file_of(text.replace("untouched", asked)))
    begin(trainee)
    assert links(check="1") == {"/usuarios/nuevo/": 200}
    trainee.create("ANUEVA01", "90000080", "Otra", "Nueva")
    assert links(check="1") == dict.fromkeys(
        (f"/usuarios/ANUEVA01/{word}/" for word in ("datos", "clave", "perfiles")), 200
    )
    trainee.eliminate("ANUEVA01")
    assert links(check="1") == {}
    # What was passed with a fault that costs points, and then another was started.
    begin(trainee, OTHER)
    trainee.create("ANUEVA01", "90000080", "Ana", "Nueva")
    trainee.options("ANUEVA01", ASKING, FREE)
    trainee.roles("ANUEVA01")
    assert links(OTHER, check="1") == {}


def test_what_happened_is_about_a_user_of_whom_the_goal_says_nothing(staff, operator, trainee):
    asked = 'happened = { QUIETA01 = "user.password_reset" }'
    text = FILE.replace('untouched = ["QUIETA01"]', asked)
    load_exercises(actor=acting(staff), file=file_of(text))
    begin(trainee)
    places = results(send(trainee, check="1")).values()
    assert "/usuarios/QUIETA01/clave/" in places


def test_another_session_sees_the_last_check_and_a_new_start_sees_none(
    operator, trainee, client_of
):
    begin(trainee)
    checked = send(trainee, check="1")
    other = Trainee(client_of(principal_of(operator)))
    assert results(other.client.get(ONE)) == results(checked) != {}
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
    assert said(checked) == ["Todavía no. Cumplido: 2 de 3. Ver qué falta"]


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
    assert "Examen: sin pistas" in text(trainee.client.get(ONE))
    assert "Es un examen: sin pistas." in text(trainee.client.get("/practicas/"))
    assert said(send(trainee, hint="0")) == ["En un examen no hay pistas."]


def test_a_start_that_is_refused_says_why_each_time(trainee):
    Exercise.objects.filter(code="una").update(is_retired=True)
    for _ in range(2):
        refused = trainee.client.post(ONE, {"start": "1"}, follow=True)
        assert said(refused) == ["Esta práctica no se ofrece a su empresa. Elija otra."]
        assert refused.redirect_chain == [("/practicas/", 302)]


def test_an_exercise_that_is_retired_while_it_is_on_is_done_to_its_end(operator, trainee):
    begin(trainee)
    Exercise.objects.filter(code="una").update(is_retired=True)
    assert bar(trainee.client.get("/usuarios/"))
    assert said(send(trainee, check="1")) == ["Todavía no. Cumplido: 2 de 3. Ver qué falta"]
    assert said(trainee.press(trainee.client.get(ONE), "Empezar de nuevo")) == [
        "Su empresa está preparada. Haga la tarea y presione Comprobar."
    ]
    trainee.options("ANUEVA01", FREE)
    passed = send(trainee, check="1")
    assert said(passed) == ["Lograda: 10 de 10 puntos."]
    # What one has begun stays in one's list.
    assert "1 de 2 logradas" in text(trainee.client.get("/practicas/"))


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
