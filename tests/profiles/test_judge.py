"""Expectations compared with what stands."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from profiles.access.expectations import Catalogue, read
from profiles.access.judge import Kind, State, judge, present
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option, OptionGrant, Role, RoleGrant
from tests.conftest import acting, fail_to_sign_in
from users.actions.accounts import eliminate_user
from users.models import User
from users.signin.throttle import locks_of

OPEN, FREE, NEEDS_ROLE, OTHER = "90.1.1.1.1", "11.9.1.1.1", "90.1.2.1.1", "90.1.1.1.2"
ROLE, OTHER_ROLE = "NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.AGENTEADUANA.CONSULTA"


@pytest.fixture
def team(principal, secondary, make_secondary) -> list[User]:
    """Two users: JPEREZ01 can open both options, LSOLIS01 has an option and not its role."""
    colleague = make_secondary("LSOLIS01", 90000003)
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[OPEN, FREE], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    assign_options(actor=actor, user=colleague, codes=[NEEDS_ROLE], seen=[])
    return [secondary, colleague]


def state_of(operator, expected=None) -> State:
    operator.refresh_from_db()
    return State.of(operator, Catalogue.current(), expected, locks_of=locks_of)


def judged(operator, *rows: dict) -> list:
    expected = read({"users": [*rows]}, Catalogue.current())
    return judge(expected, state_of(operator, expected))


def differences(results) -> dict:
    return {
        (result.item.username, result.item.kind.value, result.item.code): result.sentence
        for result in results
        if not result.ok
    }


def test_each_expectation_has_one_result_in_its_order(operator, team):
    results = judged(
        operator,
        {"username": "LSOLIS01", "cannot": [{"option": NEEDS_ROLE, "reason": "role_missing"}]},
        {
            "username": "JPEREZ01",
            "state": "active",
            "options": [FREE, OPEN],
            "roles": [ROLE],
            "can": [OPEN],
            "cannot": [{"option": OTHER, "at": "24h"}],
        },
    )
    assert [result.sentence for result in results] == [
        "LSOLIS01: existe.",
        "LSOLIS01: no puede 90.1.2.1.1 «Consulta de canal»: role_missing.",
        "JPEREZ01: existe.",
        "JPEREZ01: está Activo.",
        "JPEREZ01: tiene la opción 11.9.1.1.1 «Servicio Web».",
        "JPEREZ01: tiene la opción 90.1.1.1.1 «Numeración de la declaración».",
        "JPEREZ01: tiene el rol NSIGAD.AGENTEADUANA.DESPACHO «Despachador».",
        "JPEREZ01: puede 90.1.1.1.1 «Numeración de la declaración».",
        "JPEREZ01, dentro de 1 día: no puede 90.1.1.1.2 «Rectificación electrónica»: option_not_granted.",
    ]
    assert all(result.ok for result in results)


def test_each_difference_names_its_item(operator, team):
    results = judged(
        operator,
        {"username": "NADIE001", "options": [OPEN]},
        {
            "username": "JPEREZ01",
            "state": "suspended",
            "options": [OTHER, FREE],
            "roles": [OTHER_ROLE],
            "can": [OTHER],
            "cannot": [OPEN],
        },
        {"username": "LSOLIS01", "cannot": [{"option": NEEDS_ROLE, "reason": "locked"}]},
    )
    assert [result.sentence for result in results if not result.ok] == [
        "NADIE001: falta el usuario.",
        "JPEREZ01: está Activo, y debería estar Suspendido.",
        "JPEREZ01: falta la opción 90.1.1.1.2 «Rectificación electrónica».",
        "JPEREZ01: sobra la opción 90.1.1.1.1 «Numeración de la declaración».",
        "JPEREZ01: falta el rol NSIGAD.AGENTEADUANA.CONSULTA «Consulta de despacho».",
        "JPEREZ01: sobra el rol NSIGAD.AGENTEADUANA.DESPACHO «Despachador».",
        "JPEREZ01: no puede 90.1.1.1.2 «Rectificación electrónica»: option_not_granted. JPEREZ01 no tiene asignada esta opción. Una carpeta no la otorga: se marca la opción misma.",
        "JPEREZ01: puede 90.1.1.1.1 «Numeración de la declaración» y no debería.",
        "LSOLIS01: no puede 90.1.2.1.1 «Consulta de canal», pero no por locked: role_missing.",
    ]


def of_user(**fields):
    return lambda user: User.objects.filter(pk=user.pk).update(**fields)


def of_operator(**fields):
    return lambda user: type(user.operator).objects.filter(pk=user.operator_id).update(**fields)


def of_grants(model, **fields):
    return lambda user: model.objects.filter(user=user).update(**fields)


def grant(model, **code):
    def create(user):
        now = timezone.now()
        given = {"granted_by": user, "granted_at": now, "effective_at": now}
        model.objects.create(user=user, **code, **given)

    return create


YESTERDAY = timezone.localdate() - timedelta(days=2)
ME = "JPEREZ01"
NONE_OPENS = {(ME, "can", OPEN), (ME, "can", FREE)}
COLLEAGUE_ELSE = ("LSOLIS01", "cannot", NEEDS_ROLE)
# Each change of what stands about JPEREZ01, or the whole company, and the items that it breaks.
CHANGES = {
    "an option is taken away": (
        lambda user: OptionGrant.objects.filter(user=user, option=FREE).delete(),
        {(ME, "option", FREE), (ME, "can", FREE)},
    ),
    "an option is given": (grant(OptionGrant, option_id=OTHER), {(ME, "extra_option", OTHER)}),
    "the role is taken away": (
        lambda user: RoleGrant.objects.filter(user=user).delete(),
        {(ME, "role", ROLE), (ME, "can", OPEN)},
    ),
    "a role is given": (grant(RoleGrant, role_id=OTHER_ROLE), {(ME, "extra_role", OTHER_ROLE)}),
    "the options end": (of_grants(OptionGrant, valid_until=YESTERDAY), NONE_OPENS),
    "the role ends": (of_grants(RoleGrant, valid_until=YESTERDAY), {(ME, "can", OPEN)}),
    "the user is suspended": (of_user(state="suspended"), {(ME, "state", ""), *NONE_OPENS}),
    "the user is eliminated": (of_user(state="eliminated"), {(ME, "state", ""), *NONE_OPENS}),
    "the user has another usuario": (of_user(username="JPEREZ02"), {(ME, "user", "")}),
    "the user ends": (of_user(valid_until=YESTERDAY), NONE_OPENS),
    "the clave is temporary": (of_user(must_change_password=True), NONE_OPENS),
    "the user is locked": (fail_to_sign_in, NONE_OPENS),
    "the name is another": (of_user(first_name="Otra"), set()),
    "the company is inactive": (of_operator(is_active=False), NONE_OPENS),
    "the clock is a month ahead": (of_operator(clock_offset=timedelta(days=30)), set()),
    "the option is retired": (
        lambda user: Option.objects.filter(code=FREE).update(is_retired=True),
        {(ME, "can", FREE)},
    ),
    "the role is retired": (
        lambda user: Role.objects.filter(code=ROLE).update(is_retired=True),
        {(ME, "can", OPEN)},
    ),
    "the option asks for another role": (
        lambda user: Option.objects.get(code=OPEN).roles.set([OTHER_ROLE]),
        {(ME, "can", OPEN)},
    ),
    "the option of the other user asks for no role": (
        lambda user: Option.objects.get(code=NEEDS_ROLE).roles.clear(),
        {COLLEAGUE_ELSE},
    ),
}


def test_what_was_written_is_right_until_one_change_breaks_what_it_names(operator, team, subtests):
    document = present(state_of(operator))
    assert [row["username"] for row in document["users"]] == ["JPEREZ01", "LSOLIS01", "TITULAR1"]
    expected = read(document, Catalogue.current())
    for what, (change, broken) in CHANGES.items():
        with subtests.test(what):
            before = transaction.savepoint()
            assert differences(judge(expected, state_of(operator, expected))) == {}
            change(User.objects.select_related("operator").get(pk=team[0].pk))
            found = differences(judge(expected, state_of(operator, expected)))
            transaction.savepoint_rollback(before)
            assert found.keys() == broken
            assert all(name in found[name, kind, code] for name, kind, code in found)
            assert all(code in found[name, kind, code] for name, kind, code in found)


def test_an_expectation_with_a_lead_is_judged_by_the_clock_so_far_ahead(
    operator, principal, secondary
):
    """The clock of the operator, not of the machine: a new option takes 24 hours here."""
    operator.activation_delay = timedelta(hours=24)
    operator.save()
    secondary.refresh_from_db()
    assign_options(actor=acting(principal), user=secondary, codes=[FREE], seen=[])
    last = timezone.localdate() + timedelta(days=5)
    OptionGrant.objects.update(valid_until=last)
    row = {
        "username": "JPEREZ01",
        "can": [{"option": FREE, "at": "24h"}, {"option": FREE, "at": "5d"}],
        "cannot": [
            {"option": FREE, "reason": "option_not_yet_in_effect"},
            {"option": FREE, "at": "6d", "reason": "option_expired"},
        ],
    }
    assert differences(judged(operator, row)) == {}
    operator.clock_offset = timedelta(days=6)
    operator.save()
    assert differences(judged(operator, row)).keys() == {
        ("JPEREZ01", "can", FREE),
        ("JPEREZ01", "cannot", FREE),
    }


def test_an_eliminated_user_is_judged_until_another_has_the_usuario(operator, principal, secondary):
    eliminate_user(actor=acting(principal), user=secondary)
    eliminated = {
        "username": "JPEREZ01",
        "state": "eliminated",
        "cannot": [{"option": FREE, "reason": "user_eliminated"}],
    }
    assert differences(judged(operator, eliminated)) == {}
    # Also a user who was there before the other one.
    User.objects.filter(pk=principal.pk).update(username="JPEREZ01")
    assert differences(judged(operator, {"username": "JPEREZ01", "state": "active"})) == {}
    (row,) = present(state_of(operator))["users"]
    assert (row["username"], row["state"]) == ("JPEREZ01", "active")


def test_only_users_of_the_operator_are_judged(operator, strangers_secondary):
    assert differences(judged(operator, {"username": "AJENO001"})).keys() == {
        ("AJENO001", "user", "")
    }


def test_without_the_locks_a_user_can_what_an_open_session_can(operator, team):
    fail_to_sign_in(team[0])
    expected = read({"users": [{"username": "JPEREZ01", "can": [OPEN]}]}, Catalogue.current())
    state = State.of(operator, Catalogue.current(), expected)
    assert differences(judge(expected, state)) == {}


def test_a_grant_of_what_became_a_folder_is_nothing(operator, team):
    """As on the pages, where such a grant is not shown."""
    Option.objects.filter(code=FREE).update(is_folder=True)
    assert present(state_of(operator))["users"][0]["options"] == [OPEN]


def test_the_state_costs_the_same_queries_for_any_number_of_users_and_options(
    operator, team, django_assert_num_queries
):
    with django_assert_num_queries(2):
        catalogue = Catalogue.current()
    operator = type(operator).objects.get(pk=operator.pk)
    one = {"username": "JPEREZ01", "can": [OPEN]}
    many = [one, *({"username": user, "can": [OPEN, FREE]} for user in ("LSOLIS01", "NADIE001"))]
    for expected in (read({"users": [one]}, catalogue), read({"users": many}, catalogue), None):
        with django_assert_num_queries(8):
            State.of(operator, catalogue, expected, locks_of=locks_of)


def test_judging_asks_neither_the_database_nor_the_clock(
    operator, team, django_assert_num_queries, monkeypatch
):
    state = state_of(operator)
    document = present(state)
    document["users"][0]["can"].append({"option": OPEN, "at": "24h"})
    expected = read(document, state.catalogue)
    monkeypatch.setattr(timezone, "now", None)
    with django_assert_num_queries(0):
        assert len(judge(expected, state)) == 14
        present(state)


def test_the_kinds_of_results_are_stable():
    """Programs read them."""
    kinds = "user state option extra_option role extra_role can cannot"
    assert [kind.value for kind in Kind] == kinds.split()
