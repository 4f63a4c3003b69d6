"""The verdict: who may open an option, and each reason why not."""

from types import SimpleNamespace

import pytest

from profiles.access import findings
from profiles.access.reasons import OF_THE_ACCOUNT, Reason
from profiles.access.verdict import Holdings, Verdict, verdict
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option, Role
from tests.conftest import acting
from users.models import AccountBlock, User

CODE, ROLE = "90.1.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"
NOT_GRANTED, NOT_OFFERED = Reason.OPTION_NOT_GRANTED, Reason.NOT_OFFERED
RETIRED, ROLE_MISSING = Reason.RETIRED, Reason.ROLE_MISSING


def an_option(*, types=("ADUANA",), roles=("ACTING",), is_retired=False, profile_is_retired=False):
    return SimpleNamespace(
        code=CODE,
        is_retired=is_retired,
        profile=SimpleNamespace(is_retired=profile_is_retired),
        type_codes=frozenset(types),
        role_codes=frozenset(roles),
    )


def holding(
    *, principal=False, types=("ADUANA",), options=(CODE,), roles=("ACTING",), account=()
) -> Holdings:
    """``options`` and ``roles``: codes, all in effect, or a mapping of code to reason or None."""
    return Holdings(
        is_principal=principal,
        operator_types=frozenset(types),
        options=options if isinstance(options, dict) else dict.fromkeys(options),
        roles=roles if isinstance(roles, dict) else dict.fromkeys(roles),
        account=frozenset(account),
    )


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
            (NOT_GRANTED, not is_granted),
            (NOT_OFFERED, not is_offered),
            (RETIRED, is_retired),
            (ROLE_MISSING, not has_role),
        )
        if applies
    ]
    assert decision.reasons == tuple(expected)
    assert decision.permitted is (expected == [])
    assert decision.sentence == (expected[0].for_user if expected else "")


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
def test_one_acting_role_is_enough_and_none_is_needed_where_none_acts(
    acting_roles, held, permitted
):
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
def test_an_option_of_a_retired_profile_is_retired(principal):
    option = an_option(profile_is_retired=True)
    assert verdict(holding(principal=principal), option).reasons == (RETIRED,)


@pytest.mark.parametrize("principal", [False, True], ids=["secondary", "principal"])
def test_an_option_offered_to_no_type_is_refused_to_an_operator_of_no_type(principal):
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
        ((Reason.ROLE_NOT_YET_IN_EFFECT,), True),
        ((Reason.ROLE_EXPIRED,), True),
        ((Reason.OPTION_NOT_YET_IN_EFFECT,), False),
        ((Reason.OPTION_EXPIRED,), False),
        # It is the menu that the user will see after signing in.
        ((Reason.USER_SUSPENDED,), True),
        ((Reason.USER_SUSPENDED, NOT_GRANTED), False),
    ],
)
def test_only_a_role_without_effect_leaves_the_option_in_the_menu(reasons, in_menu):
    assert Verdict(reasons).in_menu is in_menu


def test_each_reason_has_a_stable_code_and_its_own_sentences():
    # Programs store these codes: changing a code breaks the programs.
    assert [reason.code for reason in Reason] == [
        "operator_inactive",
        "user_eliminated",
        "user_suspended",
        "locked",
        "clave_to_be_changed",
        "user_not_yet_valid",
        "user_expired",
        "option_not_granted",
        "option_not_yet_in_effect",
        "option_expired",
        "not_offered",
        "retired",
        "role_missing",
        "role_not_yet_in_effect",
        "role_expired",
    ]
    assert ROLE_MISSING.for_user.startswith("Usted no tiene asignado el rol esperado.")
    for side in ("for_user", "for_admin"):
        sentences = {getattr(reason, side) for reason in Reason}
        assert len(sentences) == len(Reason)
        assert all(sentence.endswith(".") for sentence in sentences)
    assert all(reason.remedy.words for reason in Reason)


def test_every_block_of_an_account_is_a_reason():
    blocks = {Reason[block.value.upper()] for block in AccountBlock}
    assert blocks | {Reason.LOCKED, Reason.CLAVE_TO_BE_CHANGED} == OF_THE_ACCOUNT


def test_only_the_users_given_as_locked_have_a_lock_among_their_reasons(principal, secondary):
    users = [principal, secondary]
    assert [each.account for each in Holdings.of_each(users).values()] == [frozenset()] * 2
    locked = Holdings.of_each(users, locked={secondary})
    assert {user: each.account for user, each in locked.items()} == {
        principal: frozenset(),
        secondary: frozenset({Reason.LOCKED}),
    }
    assert Holdings.of(secondary, locked={secondary}) == locked[secondary]


@pytest.mark.parametrize(
    "reason", sorted(OF_THE_ACCOUNT, key=lambda reason: reason.code), ids=lambda reason: reason.code
)
@pytest.mark.parametrize("principal", [False, True], ids=["secondary", "principal"])
def test_a_reason_about_the_account_refuses_every_option(reason, principal):
    decision = verdict(holding(principal=principal, account=[reason]), an_option())
    assert decision.reasons == (reason,)


@pytest.mark.parametrize("why", [Reason.OPTION_NOT_YET_IN_EFFECT, Reason.OPTION_EXPIRED])
def test_a_granted_option_without_effect_is_refused_with_its_own_reason(why):
    assert verdict(holding(options={CODE: why}), an_option()).reasons == (why,)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"A": Reason.ROLE_NOT_YET_IN_EFFECT}, (Reason.ROLE_NOT_YET_IN_EFFECT,)),
        ({"A": Reason.ROLE_EXPIRED}, (Reason.ROLE_EXPIRED,)),
        (
            {"A": Reason.ROLE_EXPIRED, "B": Reason.ROLE_NOT_YET_IN_EFFECT},
            (Reason.ROLE_NOT_YET_IN_EFFECT,),
        ),
        ({"A": Reason.ROLE_EXPIRED, "B": None}, ()),
        ({"C": None}, (ROLE_MISSING,)),
    ],
)
def test_one_acting_role_in_effect_is_enough(roles, expected):
    assert verdict(holding(roles=roles), an_option(roles=["A", "B"])).reasons == expected


def test_holdings_with_other_options_keep_everything_else():
    own = holding(options=["11.9.1.1.1"])
    other = own.with_options([CODE, CODE])
    assert other == holding(options=[CODE])
    assert own.options == {"11.9.1.1.1": None}
    assert not verdict(own, an_option()).permitted
    assert verdict(other, an_option()).permitted


def test_holdings_are_what_the_account_was_granted(principal, secondary):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[CODE, "11.9.1.1.1"], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    assert Holdings.of(secondary) == holding(
        types=["AGENTE_ADUANA"], options=[CODE, "11.9.1.1.1"], roles=[ROLE]
    )
    assert Holdings.of(principal) == holding(
        principal=True, types=["AGENTE_ADUANA"], options=[], roles=[]
    )


def test_holdings_of_many_cost_no_more_queries_than_of_one(
    principal, secondary, make_secondary, django_assert_num_queries
):
    others = [make_secondary(f"USUARI{number:02}", 90000100 + number) for number in range(5)]
    assign_options(actor=acting(principal), user=others[0], codes=[CODE], seen=[])
    # The users share one operator object, as when one query reads them.
    users = list(User.objects.secondary().filter(operator=principal.operator).order_by("pk"))
    for user in users:
        user.operator = principal.operator
    with django_assert_num_queries(3):
        Holdings.of(secondary)
    with django_assert_num_queries(3):
        each = Holdings.of_each(users)
    assert [each[user].options for user in users if each[user].options] == [{CODE: None}]


@pytest.mark.parametrize("loss", ["the role is retired", "the operator loses the type"])
def test_a_role_that_is_no_longer_of_the_operator_permits_nothing(principal, secondary, loss):
    assign_roles(actor=acting(principal), user=secondary, codes=[ROLE], seen=[])
    if loss == "the role is retired":
        Role.objects.filter(code=ROLE).update(is_retired=True)
    else:
        secondary.operator.operator_types.set(["TRANSPORTISTA"])
    assert Holdings.of(secondary).roles == {}
    assert secondary.role_grants.count() == 1


def test_the_role_of_a_former_type_does_not_open_an_option_of_two_types(
    make_operator, principal, secondary
):
    both = "90.1.2.1.1"
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[both], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    option = Option.objects.leaves().for_verdict(both)
    assert verdict(Holdings.of(secondary), option).permitted
    secondary.operator.operator_types.set(["TRANSPORTISTA"])
    assert verdict(Holdings.of(secondary), option).reasons == (ROLE_MISSING,)


def test_leaves_for_verdicts_cost_the_same_queries_however_many_they_are(
    small_catalog, django_assert_num_queries
):
    with django_assert_num_queries(3):
        one = Option.objects.every_leaf().for_verdict(CODE)
    with django_assert_num_queries(3):
        leaves = {leaf.code: leaf for leaf in Option.objects.every_leaf().for_verdicts()}
    assert len(leaves) > 1
    for leaf in (one, *leaves.values()):
        assert leaf.type_codes == {each.code for each in leaf.operator_types.all()}
        assert leaf.role_codes == {each.code for each in leaf.roles.all()}
    assert Option.objects.every_leaf().for_verdict("90.1") is None


def test_verdicts_on_leaves_already_read_cost_no_query(
    principal, secondary, django_assert_num_queries
):
    assign_options(actor=acting(principal), user=secondary, codes=[CODE], seen=[])
    holdings = Holdings.of(secondary)
    leaves = Option.objects.leaves().for_verdicts()
    with django_assert_num_queries(0):
        decisions = {leaf.code: verdict(holdings, leaf) for leaf in leaves}
    assert decisions[CODE].reasons == (ROLE_MISSING,)
    assert decisions["90.2.1.1.1"].reasons == (NOT_GRANTED, NOT_OFFERED, ROLE_MISSING)
    assert decisions["11.9.1.1.1"].reasons == (NOT_GRANTED,)


def test_a_finding_is_counted_up_to_one_more_than_the_limit(principal, make_secondary, monkeypatch):
    monkeypatch.setattr(findings, "COUNTED", 2)
    offer = findings.Offer.to(principal.operator)
    for number in range(4):
        make_secondary(f"USUARI{number:02}", 90000100 + number)
        counts = dict(findings.count_each(User.objects.secondary(), offer))
        assert counts[findings.Finding.WITHOUT_OPTIONS] == min(number + 1, 3)
