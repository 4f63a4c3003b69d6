"""Aulas: practice companies opened together, named, reset, closed and reopened by staff."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from operators.models import Classroom, Operator
from tests.conftest import PASSWORD, acting, person
from tests.walking import writes
from users.actions import accounts, classrooms, operators
from users.history.recording import Actor
from users.history.wording import action_label, changes
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def trainer(small_catalog, staff) -> Actor:
    return acting(staff)


@pytest.fixture
def make(trainer):
    """make() opens an aula of customs agents for a week."""

    def call(**arguments):
        arguments = {"name": "Turno mañana", "days": 7, "number": 3, **arguments}
        return classrooms.open_classroom(
            actor=trainer, operator_types=["AGENTE_ADUANA"], **arguments
        )

    return call


def room_of(companies) -> Classroom:
    return Classroom.objects.get(pk=companies[0].operator.classroom_id)


def names(companies) -> list[str]:
    return [*room_of(companies).companies.order_by("pk").values_list("trainee", flat=True)]


def sentences(refused) -> dict:
    return refused.value.message_dict


# Opened -------------------------------------------------------------------------------------------


def test_each_trainee_has_a_company_whose_principal_signs_in_with_the_password_shown(make, client):
    companies = make(trainees="Ana  Ruiz\nLuis D’Angelo\n", is_exam=True)
    classroom = room_of(companies)
    assert (classroom.name, classroom.is_exam, classroom.is_open) == ("Turno mañana", True, True)
    assert names(companies) == ["Ana Ruiz", "Luis D'Angelo", ""]
    assert len({company.operator.ruc for company in companies}) == 3
    for company in companies:
        operator = Operator.objects.get(pk=company.operator.pk)
        assert operator.is_in_exam
        assert operator.practice_until == timezone.localdate() + timedelta(days=6)
        assert [kind.code for kind in operator.operator_types.all()] == ["AGENTE_ADUANA"]
        form = {"ruc": operator.ruc, "username": "TITULAR1", "password": company.password}
        client.post("/ingresar/", form)
        assert client.get("/").status_code == 200
    entry = AuditEntry.objects.get(action="classroom.opened")
    assert action_label(entry) == "Aula abierta"
    assert {line.text.partition(":")[0] for line in changes(entry, {})} == {
        *("Nombre", "Empresas", "Último día", "Examen")
    }


def test_the_same_key_opens_one_aula_and_adds_the_same_companies_once(make, trainer):
    key = uuid4()
    first = make(key=key)
    with writes() as written:
        again = make(key=key)
    assert written == []
    assert [company.password for company in again] == [company.password for company in first]
    added = {"actor": trainer, "classroom": room_of(first), "number": 2, "key": uuid4()}
    assert [company.operator for company in classrooms.add_companies(**added)] == [
        company.operator for company in classrooms.add_companies(**added)
    ]
    assert len(names(first)) == 5


def test_another_form_with_the_key_of_one_that_was_sent_is_refused(make):
    key = uuid4()
    make(key=key)
    tables = [model.objects.all() for model in (Classroom, Operator, User, AuditEntry)]
    before = [set(table.all()) for table in tables]
    for other in ({"number": 1}, {"number": 4}, {"name": "Turno tarde"}):
        with pytest.raises(ValidationError) as refused:
            make(key=key, **other)
        assert [set(table.all()) for table in tables] == before
        assert "Sus empresas están en el aula «Turno mañana»" in refused.value.messages[0]


def test_no_password_is_returned_beside_a_principal_it_is_not_of(make, trainer):
    key = uuid4()
    principal = User.objects.select_related("operator").get(operator=make(key=key)[0].operator)
    successor = accounts.create_secondary_user(
        actor=acting(principal), username="MIO00001", password=PASSWORD, **person(90000010)
    )
    operators.change_principal(actor=trainer, user=successor)
    first, *others = make(key=key)
    assert (first.principal, first.password) == (successor, "")
    assert all(company.password for company in others)


def test_of_two_requests_with_one_key_the_later_returns_the_companies_of_the_first(
    make, monkeypatch
):
    key, hashed = uuid4(), []
    prepare = classrooms.practice.prepare

    def while_the_other_request_is_done(*arguments):
        if not hashed:
            hashed.append(None)
            hashed[0] = make(key=key)
        return prepare(*arguments)

    monkeypatch.setattr(classrooms.practice, "prepare", while_the_other_request_is_done)
    assert make(key=key) == hashed[0]
    assert (Classroom.objects.count(), Operator.objects.count()) == (1, 3)


def test_two_aulas_never_have_one_name(make, monkeypatch):
    make()
    with pytest.raises(ValidationError) as refused:
        make()
    assert sentences(refused) == {"name": ["Ya hay un aula con ese nombre. Escriba otro"]}
    # Another request takes the name after it was looked for.
    get, looked = QuerySet.get, []

    def get_too_early(rows, *arguments, **fields):
        if rows.model is Classroom and not looked:
            looked.append(fields)
            raise Classroom.DoesNotExist
        return get(rows, *arguments, **fields)

    monkeypatch.setattr(QuerySet, "get", get_too_early)
    with pytest.raises(ValidationError) as refused:
        make()
    assert looked == [{"name": "Turno mañana"}]
    assert sentences(refused) == {"name": ["Ya hay un aula con ese nombre. Escriba otro"]}
    assert Classroom.objects.count() == 1


def test_the_passwords_are_hashed_before_the_first_row_is_written(make, monkeypatch):
    order, prepare = [], classrooms.practice.prepare
    monkeypatch.setattr(
        classrooms.practice,
        "prepare",
        lambda key: order.append(Operator.objects.count()) or prepare(key),
    )
    make()
    assert order == [0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "field", "sentence"),
    [
        ({"number": 0}, "number", "Escriba de 1 a 60 empresas"),
        ({"number": 61}, "number", "Escriba de 1 a 60 empresas"),
        ({"trainees": "Ana\n" * 4}, "trainees", "Hay 4 nombres y 3 empresas"),
        ({"trainees": "Ana\r\n" + "x" * 101}, "trainees", "Nombre 2, «" + "x" * 40 + "»"),
        ({"trainees": "Ana\u202e"}, "trainees", "caracteres que no se ven"),
        ({"name": ""}, "name", ""),
        ({"name": "x" * 81}, "name", ""),
        ({"days": 31}, "days", "Escriba de 1 a 30 días"),
    ],
)
def test_what_is_wrong_opens_nothing(make, arguments, field, sentence):
    with pytest.raises(ValidationError) as refused:
        make(**arguments)
    assert [*sentences(refused)] == [field]
    assert sentence in sentences(refused)[field][0]
    assert not Operator.objects.exists()
    assert not Classroom.objects.exists()


def test_only_staff_and_only_in_practice_mode(make, trainer, settings):
    classroom = room_of(make())
    principal = User.objects.filter(is_principal=True).select_related("operator").first()
    actions = {
        classrooms.add_companies: {"number": 1},
        classrooms.name_trainees: {"trainees": "Otra", "seen": ""},
        classrooms.reset: {},
        classrooms.close: {},
        classrooms.reopen: {"days": 2},
    }
    for is_demo, actor in ((True, acting(principal)), (False, trainer)):
        settings.DEMO = is_demo
        with writes() as written:
            for action, arguments in actions.items():
                with pytest.raises(PermissionDenied):
                    action(actor=actor, classroom=classroom, **arguments)
        assert written == []
    with pytest.raises(PermissionDenied):
        make()


def test_a_company_outside_an_exam_is_in_none(make, operator):
    assert not Operator.objects.get(pk=make()[0].operator.pk).is_in_exam
    assert not operator.is_in_exam


# Later --------------------------------------------------------------------------------------------


def test_of_the_names_of_two_trainers_those_are_written_that_each_changed(make, trainer):
    companies = make(trainees="Ana\nLuis\nEva")
    room = {"actor": trainer, "classroom": room_of(companies), "seen": "Ana\nLuis\nEva"}
    assert classrooms.name_trainees(trainees="Ana\nLuz\nEva", **room) == 1
    assert classrooms.name_trainees(trainees="Ana\nLuis\nEva María", **room) == 1
    assert classrooms.name_trainees(trainees="Ana\nLuis", **room) == 1
    assert names(companies) == ["Ana", "Luz", ""]
    entry = AuditEntry.objects.filter(action="operator.trainee_named").earliest("pk")
    assert (action_label(entry), [line.text for line in changes(entry, {})]) == (
        *("Alumno de la empresa de práctica", ["Alumno: Luis → Luz"]),
    )
    with pytest.raises(ValidationError, match="Hay 4 nombres y 3 empresas"):
        classrooms.name_trainees(trainees="Ana\n" * 4, **room)


def test_a_closed_aula_lets_nobody_in_takes_no_company_and_is_reopened_as_it_was(
    make, trainer, client_of
):
    companies = make()
    room = {"actor": trainer, "classroom": room_of(companies)}
    principal = User.objects.get(operator=companies[0].operator)
    accounts.create_secondary_user(
        actor=acting(principal), username="MIO00001", password=PASSWORD, **person(90000010)
    )
    session = client_of(principal)
    assert (classrooms.close(**room), classrooms.close(**room)) == (3, 0)
    assert session.get("/").url.startswith("/ingresar/")
    assert not room_of(companies).is_open
    with pytest.raises(ValidationError, match="Reábrala primero"):
        classrooms.add_companies(number=1, **room)
    assert classrooms.reset(**room) == 0
    assert (classrooms.reopen(days=2, **room), classrooms.reopen(days=2, **room)) == (3, 0)
    assert room_of(companies).is_open
    assert client_of(principal).get("/").status_code == 200
    assert User.objects.filter(username="MIO00001").existing().exists()
    reopened = AuditEntry.objects.filter(
        action="operator.reopened", operator=principal.operator
    ).get()
    assert any(line.text == "Activo: No → Sí" for line in changes(reopened, {}))
    assert AuditEntry.objects.filter(action__startswith="classroom.").count() == 3


def test_after_its_last_day_an_aula_is_closed_until_it_is_reopened(make, trainer, clock):
    companies = make(days=1)
    room = {"actor": trainer, "classroom": room_of(companies)}
    clock.advance(days=1)
    assert not room_of(companies).is_open
    with pytest.raises(ValidationError, match="Reábrala primero"):
        classrooms.add_companies(number=1, **room)
    assert classrooms.reopen(days=30, **room) == 3
    classrooms.add_companies(number=1, **room)
    last_day = timezone.localdate() + timedelta(days=29)
    assert {*room_of(companies).companies.values_list("practice_until", flat=True)} == {last_day}


def test_a_reset_aula_keeps_its_companies_their_names_and_passwords(make, trainer):
    companies = make(trainees="Ana")
    principal = User.objects.select_related("operator").get(operator=companies[0].operator)
    accounts.create_secondary_user(
        actor=acting(principal), username="MIO00001", password=PASSWORD, **person(90000010)
    )
    assert classrooms.reset(actor=trainer, classroom=room_of(companies)) == 3
    assert not User.objects.filter(username="MIO00001").existing().exists()
    assert names(companies) == ["Ana", "", ""]
    assert User.objects.get(pk=principal.pk).check_password(companies[0].password)
