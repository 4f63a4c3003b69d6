"""The one function that says who may open an option, and each reason why not."""

from types import SimpleNamespace

import pytest

from profiles.access import Holdings, Reason, Verdict, verdict
from profiles.actions import assign_options, assign_roles
from profiles.models import Option, Role
from tests.conftest import acting

CODE, ROLE = "90.1.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"
RETIRED, NOT_OFFERED, NOT_GRANTED, ROLE_MISSING = Reason


def rows(*codes: str):
    """What a prefetched relation answers to all()."""
    return SimpleNamespace(all=lambda: [SimpleNamespace(code=code) for code in codes])


def an_option(*, types=("ADUANA",), roles=("ACTING",), is_retired=False):
    return SimpleNamespace(
        code=CODE,
        is_retired=is_retired,
        profile=SimpleNamespace(is_retired=False),
        operator_types=rows(*types),
        roles=rows(*roles),
    )


def holding(*, principal=False, types=("ADUANA",), options=(CODE,), roles=("ACTING",)) -> Holdings:
    return Holdings(principal, frozenset(types), frozenset(options), frozenset(roles))


@pytest.mark.parametrize("is_retired", [False, True], ids=["current", "retired"])
@pytest.mark.parametrize("is_offered", [True, False], ids=["offered", "not offered"])
@pytest.mark.parametrize("is_granted", [True, False], ids=["granted", "not granted"])
@pytest.mark.parametrize("has_role", [True, False], ids=["role", "no role"])
def test_a_secondary_user_is_told_every_reason_the_deepest_first(
    is_retired, is_offered, is_granted, has_role
):
    decision = verdict(
        holding(
            types=["ADUANA"] if is_offered else ["OTHER"],
            options=[CODE] if is_granted else ["90.9.9.9.9"],
            roles=["ACTING"] if has_role else ["IDLE"],
        ),
        an_option(is_retired=is_retired),
    )
    expected = [
        reason
        for reason, applies in (
            (RETIRED, is_retired),
            (NOT_OFFERED, not is_offered),
            (NOT_GRANTED, not is_granted),
            (ROLE_MISSING, not has_role),
        )
        if applies
    ]
    assert decision.reasons == tuple(expected)
    assert decision.permitted is (expected == [])
    assert decision.sentence == (expected[0].sentence if expected else "")


@pytest.mark.parametrize("is_retired", [False, True], ids=["current", "retired"])
@pytest.mark.parametrize("is_offered", [True, False], ids=["offered", "not offered"])
def test_a_principal_needs_no_grant_and_no_role_but_is_bound_by_the_catalogue(
    is_retired, is_offered
):
    decision = verdict(
        holding(
            principal=True, types=["ADUANA"] if is_offered else ["OTHER"], options=(), roles=()
        ),
        an_option(is_retired=is_retired),
    )
    assert decision.permitted is (is_offered and not is_retired)
    assert decision.in_menu is decision.permitted
    assert set(decision.reasons) <= {RETIRED, NOT_OFFERED}


@pytest.mark.parametrize(
    ("acting_roles", "held", "permitted"),
    [
        ((), (), True),
        ((), ("ANY",), True),
        (("A",), (), False),
        (("A",), ("B",), False),
        (("A", "B"), ("B",), True),
        (("A", "B"), ("A", "B"), True),
    ],
)
def test_one_acting_role_is_enough_and_none_is_asked_where_none_acts(acting_roles, held, permitted):
    assert verdict(holding(roles=held), an_option(roles=acting_roles)).permitted is permitted


@pytest.mark.parametrize(
    ("offered_to", "types", "permitted"),
    [
        (("A",), ("A", "B"), True),
        (("A", "B"), ("B",), True),
        (("A",), (), False),
        ((), ("A",), False),
    ],
)
def test_one_of_the_operators_types_is_enough(offered_to, types, permitted):
    assert verdict(holding(types=types), an_option(types=offered_to)).permitted is permitted


@pytest.mark.parametrize("principal", [False, True], ids=["secondary", "principal"])
def test_what_is_offered_to_nobody_is_refused_to_an_operator_of_no_type(principal):
    decision = verdict(holding(principal=principal, types=()), an_option(types=()))
    assert decision.reasons == (NOT_OFFERED,)


@pytest.mark.parametrize(
    ("reasons", "in_menu"),
    [
        ((), True),
        ((ROLE_MISSING,), True),
        ((NOT_GRANTED,), False),
        ((NOT_GRANTED, ROLE_MISSING), False),
        ((NOT_OFFERED,), False),
        ((NOT_OFFERED, ROLE_MISSING), False),
        ((RETIRED,), False),
        ((RETIRED, ROLE_MISSING), False),
    ],
)
def test_only_a_missing_role_leaves_the_option_in_the_menu(reasons, in_menu):
    assert Verdict(reasons).in_menu is in_menu


def test_a_reason_is_a_code_for_a_program_and_a_sentence_for_a_person():
    assert [reason.code for reason in Reason] == [
        "retired",
        "not_offered",
        "option_not_granted",
        "role_missing",
    ]
    assert ROLE_MISSING.sentence.startswith("Usted no tiene asignado el rol esperado.")
    assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_holdings_with_other_options_keep_everything_else():
    own = holding(options=["11.9.1.1.1"])
    other = own.with_options([CODE, CODE])
    assert other == holding(options=[CODE])
    assert own.options == {"11.9.1.1.1"}
    assert not verdict(own, an_option()).permitted
    assert verdict(other, an_option()).permitted


def test_holdings_are_what_the_account_was_granted(principal, secondary):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[CODE, "11.9.1.1.1"], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    assert Holdings.of(secondary) == Holdings(
        is_principal=False,
        operator_types=frozenset({"AGENTE_ADUANA"}),
        options=frozenset({CODE, "11.9.1.1.1"}),
        roles=frozenset({ROLE}),
    )
    assert Holdings.of(principal) == Holdings(
        True, frozenset({"AGENTE_ADUANA"}), frozenset(), frozenset()
    )


@pytest.mark.parametrize("loss", ["the role is retired", "the operator loses the type"])
def test_a_role_that_is_no_longer_of_the_operator_permits_nothing(principal, secondary, loss):
    assign_roles(actor=acting(principal), user=secondary, codes=[ROLE], seen=[])
    if loss == "the role is retired":
        Role.objects.filter(code=ROLE).update(is_retired=True)
    else:
        secondary.operator.operator_types.set(["TRANSPORTISTA"])
    assert Holdings.of(secondary).roles == frozenset()
    assert secondary.role_grants.count() == 1


def test_an_option_of_two_types_is_not_opened_by_the_role_of_a_type_that_was_left(
    make_operator, principal, secondary
):
    both = "90.1.2.1.1"
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[both], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    option = Option.objects.leaves().get(code=both)
    assert verdict(Holdings.of(secondary), option).permitted
    secondary.operator.operator_types.set(["TRANSPORTISTA"])
    assert verdict(Holdings.of(secondary), option).reasons == (ROLE_MISSING,)


def test_verdicts_on_leaves_already_read_cost_no_query(
    principal, secondary, django_assert_num_queries
):
    assign_options(actor=acting(principal), user=secondary, codes=[CODE], seen=[])
    holdings = Holdings.of(secondary)
    leaves = list(Option.objects.leaves())
    with django_assert_num_queries(0):
        decisions = {leaf.code: verdict(holdings, leaf) for leaf in leaves}
    assert decisions[CODE].reasons == (ROLE_MISSING,)
    assert decisions["90.2.1.1.1"].reasons == (NOT_OFFERED, NOT_GRANTED, ROLE_MISSING)
    assert decisions["11.9.1.1.1"].reasons == (NOT_GRANTED,)
