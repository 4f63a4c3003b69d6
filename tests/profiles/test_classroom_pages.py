"""The pages of an aula in the administration: opened, its slips, its companies, and who may."""

import re
from datetime import timedelta
from urllib.parse import urljoin
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from operators.models import Classroom, Operator
from tests.administration import allow, errors, queries, texts
from tests.conftest import soup
from users.actions.passwords import reset_password
from users.history.recording import Actor
from users.models import User

ADD = "/admin/operators/classroom/add/"
POWERS = ("add_operator", "change_operator")


@pytest.fixture
def trainer(small_catalog, staff, client_of):
    clerk = User.objects.create_user("profesora", password="clave-larga-de-la-mesa", is_staff=True)
    return client_of(allow(clerk, *POWERS, "view_auditentry", "change_user"))


def form(**fields) -> dict:
    return {
        "name": "Turno mañana",
        "operator_types": ["AGENTE_ADUANA"],
        "number": "3",
        "days": "7",
        "trainees": "Ana Ruiz\r\n\r\n" + "x" * 100,
        "key": str(uuid4()),
        **fields,
    }


def of(word: str) -> str:
    return reverse(f"admin:operators_classroom_{word}", args=[Classroom.objects.get().pk])


def test_the_answer_to_the_form_is_a_sheet_with_a_slip_for_each_trainee(trainer, client):
    filled = form()
    page = soup(trainer.post(ADD, filled))
    slips = page.select(".slip")
    assert texts(page, ".slip h2") == ["Ana Ruiz", "Alumno: ____________", "x" * 100]
    for slip, operator in zip(slips, Operator.objects.order_by("pk"), strict=True):
        ruc, usuario, clave = texts(slip, "dd")
        assert (ruc, usuario) == (operator.ruc, "TITULAR1")
        assert "http://testserver/ingresar/" in slip.text
        assert "SIMULADOR" in slip.text
        assert slip.img["src"].startswith("data:image/svg+xml")
        client.post("/ingresar/", {"ruc": ruc, "username": usuario, "password": clave})
        assert client.get("/").status_code == 200
    # Sent twice, it shows the same sheet and opens nothing.
    assert texts(soup(trainer.post(ADD, filled)), ".slip dd") == texts(page, ".slip dd")
    assert Classroom.objects.get().companies.count() == Operator.objects.count() == 3
    # A clave that somebody has changed since is not shown: it would be wrong.
    user = User.objects.get(operator__trainee="Ana Ruiz")
    reset_password(actor=Actor.server(), user=user, password="Distinta1")
    claves = texts(page, ".slip dd")[2::3]
    again = texts(soup(trainer.post(ADD, filled)), ".slip dd")[2::3]
    assert again == ["ya la cambió", *claves[1:]]
    # With the same key, another form is refused: it would show the sheet of this aula.
    for other in ({"number": "4"}, {"name": "Turno tarde"}):
        assert "Este formulario ya se envió" in trainer.post(ADD, filled | other).text
    # No later page knows a password.
    assert not re.search(texts(page, ".slip dd")[2], trainer.get(of("tablero")).text)


def test_what_is_wrong_is_said_beside_its_field(trainer):
    wrong = form(name="", operator_types=[], number="61", days="31", trainees="")
    assert errors(trainer.post(ADD, wrong)) == {
        "name": ["Escriba el nombre del aula"],
        "operator_types": ["Marque al menos un tipo de operador"],
        "number": ["Escriba de 1 a 60 empresas"],
        "days": ["Escriba de 1 a 30 días"],
    }
    many = form(trainees="Ana\n" * 4)
    assert errors(trainer.post(ADD, many)) == {"trainees": ["Hay 4 nombres y 3 empresas"]}
    assert not Operator.objects.exists()


def test_the_page_of_an_aula_shows_its_companies_and_leads_to_what_is_done(trainer, client_of):
    trainer.post(ADD, form())
    user = User.objects.filter(operator__trainee="Ana Ruiz").select_related("operator").get()
    client_of(user)
    page = soup(trainer.get(reverse("admin:operators_classroom_changelist")))
    assert page.select_one("#result_list tbody th a").text == "Turno mañana"
    page = soup(trainer.get(page.select_one("#result_list tbody th a")["href"], follow=True))
    assert texts(page, "tbody th")[0].startswith("Ana Ruiz")
    assert user.operator.ruc in page.select_one("tbody tr").text
    assert texts(page, ".object-tools a") == [
        *("Añadir empresas", "Nombrar a los alumnos", "Devolver todas a su inicio"),
        *("Cerrar el aula", "Reabrir o alargar el aula", "Descargar (CSV)", "Historial"),
    ]
    for link in page.select(".object-tools a, tbody a"):
        address = reverse("admin:operators_classroom_tablero", args=[user.operator.classroom_id])
        assert trainer.get(urljoin(address, link["href"]), follow=True).status_code == 200


def test_names_are_changed_companies_added_the_aula_reset_closed_and_reopened(trainer):
    trainer.post(ADD, form())
    page = soup(trainer.get(of("alumnos")))
    seen = page.select_one("[name=seen]")["value"]
    assert page.select_one("textarea").text.strip() == seen == "Ana Ruiz\n\n" + "x" * 100
    # Each name stands beside its RUC, here and in the list of companies.
    company = Operator.objects.get(trainee="Ana Ruiz")
    assert f"{company.ruc} · Ana Ruiz" in texts(page, "#content-main li")
    listed = soup(trainer.get("/admin/operators/operator/", {"q": company.ruc}))
    assert listed.select_one("td.field-practice").text.endswith(" · Ana Ruiz")
    trainer.post(of("alumnos"), {"trainees": "Ana Ruiz\r\nLuis\r\n", "seen": seen})
    assert len(soup(trainer.post(of("mas"), form(number="2", trainees="Eva"))).select(".slip")) == 2
    companies = Operator.objects.order_by("pk")
    assert [company.trainee for company in companies] == ["Ana Ruiz", "Luis", "", "Eva", ""]
    for word, fields, count in [
        ("inicio", {}, 5),
        ("cerrar", {}, 5),
        ("cerrar", {}, 0),
        ("reabrir", {"days": "2"}, 5),
        ("reabrir", {"days": "2"}, 0),
    ]:
        assert trainer.get(of(word)).status_code == 200
        done = trainer.post(of(word), fields, follow=True)
        assert f": {count}." in soup(done).select_one(".messagelist").text
    # The days of an aula that is open are extended by the same page.
    trainer.post(of("reabrir"), {"days": "9"})
    last_day = timezone.localdate() + timedelta(days=8)
    assert {*companies.values_list("practice_until", flat=True)} == {last_day}
    trainer.post(of("cerrar"))
    assert "Reábrala primero" in trainer.post(of("mas"), form()).text


def test_only_staff_that_creates_and_changes_companies_sees_an_aula(
    trainer, staff, client_of, settings
):
    trainer.post(ADD, form())
    words = ("tablero", "mas", "alumnos", "inicio", "cerrar", "reabrir", "change", "history")
    pages = [ADD, "/admin/operators/classroom/", *(of(word) for word in words)]
    for powers in ([POWERS[0]], [POWERS[1], "view_operator"], []):
        clerk = allow(User.objects.get(username="profesora"), *powers)
        client = client_of(clerk)
        for page in pages:
            assert client.get(page, follow=True).status_code == 403, (powers, page)
            assert client.post(page, form(), follow=True).status_code == 403, (powers, page)
        assert "Abrir un aula" not in client.get("/admin/").text
    client = client_of(staff)
    assert "Abrir un aula" in client.get("/admin/").text
    assert client.get("/admin/operators/classroom/999/tablero/").status_code == 404
    settings.DEMO = False
    assert [client.get(page).status_code for page in pages] == [404] * len(pages)
    assert "Aulas" not in client.get("/admin/").text


def test_the_page_of_an_aula_costs_the_same_queries_for_any_number_of_companies(trainer):
    trainer.post(ADD, form(number="3"))
    few = queries(trainer, of("tablero"))
    trainer.post(of("mas"), form(number="20"))
    assert queries(trainer, of("tablero")) == few
