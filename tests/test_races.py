"""What several people do at once: each gets one clear answer, and nothing is lost or done twice."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BytesIO
from threading import Barrier, BrokenBarrierError, local
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from operators.models import Classroom, Operator
from profiles.actions import practice as deleting
from profiles.actions.exercises import check, load_exercises, start
from profiles.actions.grants import assign_options
from profiles.actions.templates import save_template
from profiles.exercises.course import Course
from profiles.load import applying, files
from profiles.load.actions import make_plan
from profiles.models import Exercise, OptionGrant, Role, RoleGrant
from profiles.views import load as views
from tests.calls import EXERCISES, OPTION, OTHER_OPTION, file_of
from tests.conftest import PASSWORD, RUC, acting, person, soup
from tests.routes import FORMS, FORMS_OF_EVERYBODY, FORMS_OF_ROBOTS, url
from users.actions import accounts, operators, practice, signing_in
from users.models import AuditEntry, User
from users.signin import throttle
from users.stale import StaleError

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = ["NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.AGENTEADUANA.CONSULTA"]


@pytest.fixture
def at_once(shared_database):
    """at_once(*calls) makes all calls at the same moment; it returns what each returned or raised."""

    def together(*calls) -> list:
        ready = Barrier(len(calls), timeout=60)

        def run(call):
            ready.wait()
            try:
                return call()
            except Exception as error:
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    return together


@pytest.fixture
def people(shared_database, visitors):
    return visitors


def posting(client: Client, address: str, form: dict):
    return lambda: client.post(address, form)


def codes(responses) -> list[int]:
    return sorted(response.status_code for response in responses)


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


@pytest.mark.parametrize(
    ("name", "form", "recorded"),
    [
        ("profiles:options", FORMS["profiles:options"], "options.assigned"),
        ("profiles:roles", {"role": ROLES[0]}, "roles.assigned"),
        ("users:change_state", {"change": "suspend"}, "user.suspended"),
        ("users:edit", FORMS["users:edit"], "user.changed"),
        ("profiles:validity", FORMS["profiles:validity"], "grants.validity_changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_form_sent_many_times_at_once_has_one_effect_and_one_answer(
    name, form, recorded, people, client_of, at_once
):
    before = entries(recorded)
    browsers = [client_of(people["principal"]) for _ in range(8)]
    responses = at_once(*(posting(browser, url(name), form) for browser in browsers))
    assert codes(responses) == [302] * 8
    assert entries(recorded) == before + 1
    # And once more, by refresh: the same answer, the session alive.
    again = browsers[0].post(url(name), form, follow=True)
    assert again.status_code == 200
    assert entries(recorded) == before + 1


@pytest.mark.parametrize("kind", ["option", "role"])
def test_the_second_of_two_saves_from_one_page_is_refused(kind, people, client_of, at_once):
    """Nothing is merged and nothing lost: the user has what one of them chose."""
    if kind == "option":
        address, seen, choices = (
            url("profiles:options"),
            '["11.9.1.1.2"]',
            ["11.9.1.1.1", "90.1.1.1.1"],
        )
    else:
        address, seen, choices = url("profiles:roles"), "", ROLES
    forms = [{"do": "save", kind: choice, "seen": seen} for choice in choices]
    browsers = [client_of(people["principal"]) for _ in forms]
    responses = at_once(
        *(posting(b, address, form) for b, form in zip(browsers, forms, strict=True))
    )
    assert codes(responses) == [302, 409]
    grants = OptionGrant if kind == "option" else RoleGrant
    held = grants.objects.filter(user=people["secondary"]).values_list(f"{kind}_id", flat=True)
    winner = next(n for n, response in enumerate(responses) if response.status_code == 302)
    assert list(held) == [choices[winner]]


@pytest.mark.parametrize("change", ["suspend", "eliminate"])
def test_a_user_who_is_shut_out_while_he_saves_leaves_one_clear_outcome(
    change, people, client_of, at_once
):
    secondary = people["secondary"]
    with transaction.atomic():
        throttle.lift(secondary)
    own, principal = client_of(secondary), client_of(people["principal"])
    form = {"current_password": PASSWORD, "password1": "Distinta1", "password2": "Distinta1"}
    saved, shut = at_once(
        posting(own, "/clave/", form),
        posting(principal, url("users:change_state"), {"change": change}),
    )
    assert shut.status_code == 302
    # Changed just before, or refused: never both, and the session has ended in either case.
    # (400 is Django's word for a session that ended while it was used.)
    assert saved.status_code in (302, 400, 401, 403)
    changed = User.objects.get(pk=secondary.pk).check_password("Distinta1")
    assert entries("user.password_changed") == changed
    assert own.get("/").status_code == 302


def test_a_role_that_is_retired_while_it_is_given_is_given_or_refused(people, client_of, at_once):
    browser = client_of(people["principal"])

    def retire():
        return Role.objects.filter(code=ROLES[0]).update(is_retired=True)

    given, _ = at_once(posting(browser, url("profiles:roles"), {"role": ROLES[0]}), retire)
    assert given.status_code in (302, 400)
    assert RoleGrant.objects.count() == entries("roles.assigned") == (given.status_code == 302)


def test_eliminating_whom_another_edits_leaves_one_clear_outcome(people, client_of, at_once):
    browsers = [client_of(people["principal"]) for _ in range(4)]
    responses = at_once(
        posting(browsers[0], url("users:change_state"), {"change": "eliminate"}),
        posting(browsers[1], url("users:edit"), FORMS["users:edit"]),
        posting(browsers[2], url("profiles:roles"), {"role": ROLES[0]}),
        posting(browsers[3], url("users:reset_password"), {"way": "generate"}),
    )
    assert set(codes(responses)) <= {200, 302, 403, 404}
    assert User.objects.get(pk=people["secondary"].pk).state == User.State.ELIMINATED
    assert RoleGrant.objects.count() == entries("roles.assigned")


def test_one_form_sent_many_times_at_once_creates_one_practice_company(people, at_once):
    form = {**FORMS_OF_EVERYBODY["practice:new"], "creation_key": str(uuid4())}
    responses = at_once(*(posting(Client(), url("practice:new"), form) for _ in range(6)))
    assert codes(responses) == [200] * 6
    assert len({soup(response).select_one(".facts").text for response in responses}) == 1
    assert Operator.objects.exclude(creation_key=None).count() == 1


def test_one_form_sent_many_times_at_once_opens_one_aula_and_closing_meets_no_half_of_it(
    people, client_of, at_once
):
    form = {"name": "A la vez", "operator_types": ["AGENTE_ADUANA"], "number": "3", "days": "7"}
    form["key"] = str(uuid4())
    browsers = [client_of(people["staff"]) for _ in range(4)]
    address = "/admin/operators/classroom/"
    responses = at_once(*(posting(browser, f"{address}add/", form) for browser in browsers))
    assert codes(responses) == [200] * 4
    assert len({soup(response).select_one(".slips").text for response in responses}) == 1
    room = Classroom.objects.get(name="A la vez")
    assert (room.companies.count(), entries("classroom.opened")) == (3, 1)
    more = {"number": "2", "key": str(uuid4())}
    responses = at_once(
        posting(browsers[0], f"{address}{room.pk}/mas/", more),
        posting(browsers[1], f"{address}{room.pk}/mas/", more),
        posting(browsers[2], f"{address}{room.pk}/cerrar/", {}),
        posting(browsers[3], f"{address}{room.pk}/inicio/", {}),
    )
    assert {response.status_code for response in responses} <= {200, 302}
    assert room.companies.count() in (3, 5)
    assert not room.companies.filter(is_active=True).exists()


def test_of_aulas_that_are_opened_with_one_name_at_once_one_is(people, client_of, at_once):
    form = {"name": "A la vez", "operator_types": ["AGENTE_ADUANA"], "number": "2", "days": "7"}
    address = "/admin/operators/classroom/add/"
    responses = at_once(
        *(
            posting(client_of(people["staff"]), address, form | {"key": str(uuid4())})
            for _ in range(3)
        )
    )
    assert codes(responses) == [200] * 3
    assert sum("Papelitos" in response.text for response in responses) == 1
    assert sum("Ya hay un aula con ese nombre" in response.text for response in responses) == 2
    assert Classroom.objects.get(name="A la vez").companies.count() == 2


def test_practice_companies_that_draw_one_ruc_at_once_have_a_ruc_each(people, at_once, monkeypatch):
    free = ["20999000011", "20999000020", "20999000038", "20999000046"]
    drawn = iter(free[:1] * 4 + free)
    monkeypatch.setattr(practice, "draw_practice_ruc", lambda: next(drawn))
    form = FORMS_OF_EVERYBODY["practice:new"]
    responses = at_once(*(posting(Client(), url("practice:new"), form) for _ in range(3)))
    assert codes(responses) == [200] * 3
    assert {*Operator.objects.exclude(creation_key=None).values_list("ruc", flat=True)} <= {*free}
    assert Operator.objects.exclude(creation_key=None).count() == 3


def test_a_company_that_is_reset_while_it_is_used_ends_in_the_state_of_its_birth_or_one_user_later(
    people, client_of, at_once
):
    principal, wrong = people["principal"], {"ruc": RUC, "username": "JPEREZ01", "password": "x"}
    browsers = [client_of(principal) for _ in range(4)]
    responses = at_once(
        posting(browsers[0], url("practice:reset"), {}),
        posting(browsers[1], url("users:create"), FORMS["users:create"]),
        posting(browsers[2], url("profiles:roles"), {"role": ROLES[0]}),
        posting(browsers[3], url("users:clock"), FORMS["users:clock"]),
        *(posting(Client(), "/ingresar/", wrong) for _ in range(3)),
    )
    assert {response.status_code for response in responses} <= {200, 302, 400, 401, 403, 404, 409}
    assert responses[0].status_code == 302
    left = principal.operator.users.existing().secondary().values_list("username", flat=True)
    assert {*left} <= {"INTRUSA1"}


def test_an_exercise_that_is_checked_many_times_at_once_is_passed_once(people, at_once):
    load_exercises(actor=acting(people["staff"]), file=file_of(EXERCISES.replace("\ncan", "\n#")))
    exercise = Exercise.objects.get()
    actor = acting(User.objects.select_related("operator").get(pk=people["principal"].pk))
    start(actor=actor, exercise=exercise)
    user = User.objects.get(username="ANUEVA01")
    assign_options(actor=actor, user=user, codes=[OPTION, OTHER_OPTION], seen=[OPTION])
    accounts.reactivate_user(actor=actor, user=user)
    before = entries("practice.passed"), entries("practice.checked")
    results = at_once(*[partial(check, actor=actor, exercise=exercise)] * 6)
    assert (
        sorted(type(result).__name__ for result in results)
        == ["AuditEntry"] + ["ValidationError"] * 5
    )
    after = entries("practice.passed"), entries("practice.checked")
    assert after == (before[0] + 1, before[1])


def test_an_exercise_that_is_restarted_while_it_is_checked_ends_started(people, at_once):
    load_exercises(actor=acting(people["staff"]), file=file_of(EXERCISES))
    exercise = Exercise.objects.get()
    actor = acting(User.objects.select_related("operator").get(pk=people["principal"].pk))
    begin = partial(start, actor=actor, exercise=exercise, session_key=None)
    look = partial(check, actor=actor, exercise=exercise)
    begin()
    prepared = look().after["results"]
    # No call waits for another for ever, and each check sees one whole start.
    _, one, _, other = at_once(begin, look, begin, look)
    assert [one.after["results"], other.after["results"]] == [prepared] * 2
    assert Course.of(people["principal"].operator).current.exercise == exercise
    assert User.objects.existing().filter(username="ANUEVA01").count() == 1


def test_nothing_happens_in_a_practice_company_after_it_is_closed(people, at_once):
    load_exercises(actor=acting(people["staff"]), file=file_of(EXERCISES))
    actor = acting(User.objects.select_related("operator").get(pk=people["principal"].pk))
    company = {"actor": actor, "operator": actor.user.operator}
    at_once(
        partial(start, actor=actor, exercise=Exercise.objects.get()),
        partial(practice.reset, **company),
        partial(practice.close, **company),
        partial(practice.issue_token, **company),
        partial(practice.set_fault, **company, fault="down", seconds=1),
    )
    assert AuditEntry.objects.latest("pk").action == "operator.closed"


def test_thirty_two_writers_at_once_all_succeed(people, at_once):
    principal = people["principal"]

    def create(number: int):
        return lambda: accounts.create_secondary_user(
            actor=acting(principal),
            username=f"ALAVEZ{number:02}",
            password=PASSWORD,
            **person(91000000 + number),
        )

    made = at_once(*(create(number) for number in range(32)))
    assert [type(user) for user in made] == [User] * 32
    assert principal.operator.users.filter(username__startswith="ALAVEZ").count() == 32


def test_eight_who_save_the_same_user_at_once_all_get_an_answer(people, client_of, at_once):
    """One of them is first, the others are told of it; the database raises no error."""
    browsers = [client_of(people["principal"]) for _ in range(8)]
    forms = [{**FORMS["users:edit"], "document_number": f"9200000{n}"} for n in range(8)]
    responses = at_once(
        *(posting(b, url("users:edit"), form) for b, form in zip(browsers, forms, strict=True))
    )
    assert codes(responses) == [302] + [409] * 7
    assert entries("user.changed") == 1


def test_eight_who_change_the_state_of_one_user_back_and_forth_all_succeed(people, at_once):
    principal, secondary = people["principal"], people["secondary"]

    def change(action):
        return lambda: action(actor=acting(principal), user=User.objects.get(pk=secondary.pk))

    done = at_once(*(change(accounts.suspend_user) for _ in range(4)),
                   *(change(accounts.reactivate_user) for _ in range(4)))  # fmt: skip
    assert {type(each) for each in done} == {bool}
    assert sum(done) == entries("user.suspended") + entries("user.reactivated")


def test_six_windows_on_one_load_share_its_work(people, client_of, at_once, monkeypatch):
    principal, hashed = people["principal"], []

    def hash_one(password):
        hashed.append(password)
        return make_password(password)

    monkeypatch.setattr(applying, "make_password", hash_one)
    monkeypatch.setattr(applying, "HASHED_AT_ONCE", 2)
    monkeypatch.setattr(views, "SLICE", 0)
    file = ["Usuario,Tipo de documento,Número de documento,Nombres,Apellidos,Clave"]
    file += [f"NUEVO{n:03},DNI,{94000000 + n},Ana,Ficticia,{PASSWORD}" for n in range(12)]
    plan = make_plan(
        actor=acting(principal),
        operator=principal.operator,
        sheet=files.read(BytesIO("\n".join(file).encode())),
        file_name="usuarios.csv",
    )
    applying.start_applying(actor=acting(principal), plan=plan)
    address = reverse("profiles:load_progress", args=[plan.pk])

    def window(browser):
        def send_until_it_is_applied():
            answers = set()
            while True:
                answers.add(browser.post(address).status_code)
                look = browser.get(address)
                answers.add(look.status_code)
                if look.status_code != 200:
                    return answers

        return send_until_it_is_applied

    answers = at_once(*(window(client_of(principal)) for _ in range(6)))
    assert set().union(*answers) == {200, 302}
    assert len(hashed) == 12
    assert entries("users.loaded") == 1
    assert principal.operator.users.filter(username__startswith="NUEVO").count() == 12


def test_one_of_eight_simultaneous_removals_of_a_second_factor_succeeds(people, at_once):
    principal, secondary = people["principal"], people["secondary"]

    def take():
        return signing_in.turn_off_second_factor(actor=acting(principal), user=secondary)

    assert sorted(at_once(*[take] * 8)) == [False] * 7 + [True]
    assert entries("user.second_factor_off") == 1


def test_a_recovery_code_is_used_while_the_second_factor_is_taken_away(people, at_once):
    """One after the other, whichever is first: neither waits for the other without end."""
    principal, secondary = people["principal"], people["secondary"]
    recovery_codes = signing_in.make_recovery_codes(actor=acting(secondary))

    def use(code: str):
        return lambda: signing_in.use_code(actor=acting(secondary), code=code)

    def take():
        return signing_in.turn_off_second_factor(actor=acting(principal), user=secondary)

    *used, taken = at_once(*map(use, recovery_codes), take)
    assert {type(each) for each in used} == {bool}
    assert taken is True
    assert entries("recovery_code.used") == sum(used)


# Locks taken in one order ---------------------------------------------------------------------------

ONE_WRITER = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")


@pytest.fixture
def meeting(monkeypatch):
    """meeting(module, name) lets two threads meet after the first call of that function in each.

    Each then holds what it has locked first. A thread that the other one keeps waiting does not
    come; the first one goes on alone.
    """

    def make(module, name: str) -> None:
        together, function, met = Barrier(2, timeout=1), getattr(module, name), local()

        def meet(*args, **kwargs):
            result = function(*args, **kwargs)
            if not hasattr(met, "other"):
                met.other = True
                with suppress(BrokenBarrierError):
                    together.wait()
            return result

        monkeypatch.setattr(module, name, meet)

    return make


@ONE_WRITER
def test_two_who_suspend_the_same_users_in_opposite_orders_both_succeed(people, at_once, meeting):
    actor, pair = acting(people["principal"]), [people["secondary"], people["colleague"]]
    meeting(accounts, "refuse_state")
    both = at_once(
        lambda: accounts.change_states(actor=actor, users=pair, state="suspended"),
        lambda: accounts.change_states(actor=actor, users=pair[::-1], state="suspended"),
    )
    assert sorted(map(len, both)) == [0, 2]


@ONE_WRITER
def test_two_loads_of_the_same_users_in_opposite_orders_both_get_an_answer(
    people, at_once, meeting, monkeypatch
):
    """One is applied, and the other one is stale."""
    principal = people["principal"]
    how = {"actor": acting(principal)}
    head = "Usuario,Tipo de documento,Número de documento,Nombres,Apellidos\n"
    rows = [f"CARGA00{n},DNI,9300000{n},Ana,Ficticia\n" for n in range(2)]
    plans = [
        make_plan(
            operator=principal.operator,
            sheet=files.read(BytesIO((head + "".join(order)).encode())),
            file_name="usuarios.csv",
            **how,
        )
        for order in (rows, rows[::-1])
    ]
    for plan in plans:
        applying.start_applying(plan=plan, **how)
    # So few at once that the other load gets between them.
    monkeypatch.setattr(applying, "ROWS_AT_ONCE", 1)
    meeting(applying, "load_accounts")
    first, second = at_once(
        *(lambda plan=plan: applying.keep_applying(plan=plan, seconds=60, **how) for plan in plans)
    )
    assert {type(first), type(second)} == {bool, StaleError}
    assert principal.operator.users.filter(username__startswith="CARGA00").count() == 2


@ONE_WRITER
def test_an_entry_of_the_history_does_not_wait_for_a_lock_on_its_operator(people, at_once):
    """Its foreign keys look whether the operator and the users are there, which no lock forbids."""
    principal, staff = people["principal"], people["staff"]

    def suspend():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        return accounts.suspend_user(actor=acting(principal), user=people["colleague"])

    with transaction.atomic():
        operators.change_principal(actor=acting(staff), user=people["secondary"])
        assert at_once(suspend) == [True]


@ONE_WRITER
def test_two_resets_of_one_company_at_once_both_succeed(people, at_once, meeting):
    """With nothing but templates: what else is deleted lets the second reset wait for the first."""
    company = practice.create(actor=acting(people["staff"]), operator_types=["AGENTE_ADUANA"])
    actor, operator = acting(company.principal), company.operator
    for name in ("Una", "Otra"):
        save_template(actor=actor, name=name, options=["90.1.1.1.1"], roles=[])
    meeting(deleting, "delete_template")
    both = at_once(*[lambda: practice.reset(actor=actor, operator=operator)] * 2)
    assert both == [None, None]
    assert not operator.access_templates.exists()


def test_of_many_who_use_one_code_at_once_one_enters(people, at_once):
    """A code of the doors of public robots."""
    colleague = people["colleague"]
    browsers = [Client() for _ in range(6)]
    form = {**FORMS_OF_ROBOTS["sol:security_check"], "j_username": colleague.username}
    entry = browsers[0].post(url("sol:security_check"), form).url
    answers = at_once(*(partial(browser.get, entry) for browser in browsers))
    assert {answer.status_code for answer in answers} == {302}
    inside = [browser for browser in browsers if browser.get("/").status_code == 200]
    assert len(inside) == 1
