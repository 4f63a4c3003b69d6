"""The actions on grants, validity and templates: all or nothing, and never over another's change."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied

from operators.models import Operator, OperatorType
from profiles.actions import grants
from profiles.actions.grants import Change, NotOfferedError
from profiles.actions.templates import delete_template, save_template
from profiles.actions.validity import set_validity, validity_facts
from profiles.models import AccessTemplate, Option, OptionGrant, Role, RoleGrant
from tests.conftest import acting
from users.actions.accounts import eliminate_user, suspend_user
from users.models import AuditEntry
from users.stale import StaleError

NOON = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)


class Kind:
    """One of the two kinds of grant, with codes of the small catalogue."""

    def __init__(self, *, assign, model, grant, relation, event, codes, forged):
        self.assign, self.model, self.grant = assign, model, grant
        self.relation, self.event, self.forged = relation, event, forged
        self.first, self.second = codes

    def codes_of(self, user) -> set[str]:
        return {getattr(grant, f"{self.relation}_id") for grant in self.grants_of(user)}

    def grants_of(self, user) -> list:
        return list(self.grant.objects.filter(user=user).order_by("pk"))

    def entries(self):
        return AuditEntry.objects.filter(action=self.event).order_by("pk")

    def retire(self, code) -> None:
        self.model.objects.filter(code=code).update(is_retired=True)


OPTIONS = Kind(
    assign=grants.assign_options,
    model=Option,
    grant=OptionGrant,
    relation="option",
    event="options.assigned",
    codes=("90.1.1.1.1", "11.9.1.1.1"),
    forged={"another type's": "90.2.1.1.1", "a folder": "90.1", "unknown": "99.9.9.9.9"},
)
ROLES = Kind(
    assign=grants.assign_roles,
    model=Role,
    grant=RoleGrant,
    relation="role",
    event="roles.assigned",
    codes=("NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.AGENTEADUANA.CONSULTA"),
    forged={"another type's": "NSIGAD.TRANSPORTISTA.TRANSMISOR", "unknown": "NSIGAD.X.NADIE"},
)
FORGED = [(kind, code) for kind in (OPTIONS, ROLES) for code in [*kind.forged.values(), "", "\0"]]

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("kind", [OPTIONS, ROLES], ids=["options", "roles"])


@pytest.fixture
def clock(monkeypatch):
    """clock(instant) sets the time of every operator."""

    def set_to(instant):
        monkeypatch.setattr(Operator, "now", lambda operator: instant)

    set_to(NOON)
    return set_to


@both
def test_a_grant_holds_its_actor_and_the_time_of_the_operator(kind, clock, principal, secondary):
    kind.assign(actor=acting(principal), user=secondary, codes=[kind.first], seen=[])
    (grant,) = kind.grants_of(secondary)
    assert (grant.granted_by, grant.granted_at) == (principal, NOON)
    assert kind.codes_of(secondary) == {kind.first}


@both
def test_staff_may_grant(kind, staff, secondary):
    kind.assign(actor=acting(staff), user=secondary, codes=[kind.first], seen=[])
    (grant,) = kind.grants_of(secondary)
    assert grant.granted_by == staff


@both
def test_a_kept_grant_keeps_its_date_and_a_new_grant_gets_todays(
    kind, clock, principal, secondary, staff
):
    kind.assign(actor=acting(principal), user=secondary, codes=[kind.first], seen=[])
    clock(LATER)
    both_codes = [kind.first, kind.second]
    kind.assign(actor=acting(staff), user=secondary, codes=both_codes, seen=[kind.first])
    facts = {
        getattr(grant, f"{kind.relation}_id"): (grant.granted_by, grant.granted_at)
        for grant in kind.grants_of(secondary)
    }
    assert facts == {kind.first: (principal, NOON), kind.second: (staff, LATER)}


@both
def test_the_change_holds_the_added_and_the_removed_codes(kind, principal, secondary):
    actor = acting(principal)
    first = kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[])
    assert first == Change(added=frozenset({kind.first}), removed=frozenset())
    second = kind.assign(actor=actor, user=secondary, codes=[kind.second], seen=[kind.first])
    assert second == Change(added=frozenset({kind.second}), removed=frozenset({kind.first}))
    assert kind.codes_of(secondary) == {kind.second}


@both
def test_the_audit_entry_holds_the_codes_before_and_after_in_order(kind, principal, secondary):
    actor = acting(principal)
    kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[])
    kind.assign(actor=actor, user=secondary, codes=[kind.first, kind.second], seen=[kind.first])
    first, second = kind.entries()
    assert (first.before, first.after) == ({"codes": []}, {"codes": [kind.first]})
    assert second.before == first.after
    assert second.after == {"codes": sorted([kind.first, kind.second])}
    assert (second.actor, second.subject, second.operator) == (
        principal,
        secondary,
        secondary.operator,
    )
    assert (second.channel, second.address) == ("web", "192.0.2.1")


@both
def test_all_grants_can_be_removed(kind, principal, secondary):
    actor = acting(principal)
    kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[])
    change = kind.assign(actor=actor, user=secondary, codes=[], seen=[kind.first])
    assert change.removed == {kind.first}
    assert kind.codes_of(secondary) == set()
    assert kind.entries().last().after == {"codes": []}


@both
def test_a_code_sent_twice_is_granted_once(kind, principal, secondary):
    kind.assign(actor=acting(principal), user=secondary, codes=[kind.first] * 2, seen=[])
    assert len(kind.grants_of(secondary)) == 1


@both
def test_assigning_the_present_codes_writes_nothing(kind, clock, principal, secondary):
    actor = acting(principal)
    kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[])
    before = kind.grants_of(secondary)
    clock(LATER)
    change = kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[kind.first])
    assert not change
    (grant,) = kind.grants_of(secondary)
    assert (grant.pk, grant.granted_at) == (before[0].pk, NOON)
    assert kind.entries().count() == 1


@both
def test_assigning_no_codes_to_a_user_without_grants_writes_no_entry(kind, principal, secondary):
    assert not kind.assign(actor=acting(principal), user=secondary, codes=[], seen=[])
    assert not kind.entries().exists()


@both
def test_the_same_call_twice_returns_the_same_change_and_writes_once(kind, principal, secondary):
    call = {"actor": acting(principal), "user": secondary, "codes": [kind.first], "seen": []}
    first = kind.assign(**call)
    assert kind.assign(**call) == first
    assert first.added == {kind.first}
    assert kind.entries().count() == 1


@both
def test_a_choice_made_on_stale_grants_is_refused_with_the_present_ones(
    kind, principal, secondary, staff
):
    kind.assign(actor=acting(staff), user=secondary, codes=[kind.second], seen=[])
    with pytest.raises(StaleError) as refused:
        kind.assign(actor=acting(principal), user=secondary, codes=[kind.first], seen=[])
    assert refused.value.current == {kind.second}
    assert kind.codes_of(secondary) == {kind.second}
    assert kind.entries().count() == 1


@both
def test_a_choice_is_stale_if_grants_were_removed_meanwhile(kind, principal, secondary):
    with pytest.raises(StaleError) as refused:
        kind.assign(actor=acting(principal), user=secondary, codes=[kind.second], seen=[kind.first])
    assert refused.value.current == frozenset()
    assert kind.codes_of(secondary) == set()


def test_a_code_that_is_not_offered_is_refused_by_name(subtests, principal, secondary):
    for kind, code in FORGED:
        with subtests.test(kind=kind, code=code):
            with pytest.raises(NotOfferedError) as refused:
                kind.assign(
                    actor=acting(principal), user=secondary, codes=[kind.first, code], seen=[]
                )
            assert refused.value.codes == {code}
            assert kind.codes_of(secondary) == set()
            assert not kind.entries().exists()


@both
def test_a_retired_code_cannot_be_granted_but_can_be_removed(kind, principal, secondary):
    actor = acting(principal)
    kind.assign(actor=actor, user=secondary, codes=[kind.first, kind.second], seen=[])
    kind.retire(kind.second)
    had = [kind.first, kind.second]
    with pytest.raises(NotOfferedError) as refused:
        kind.assign(actor=actor, user=secondary, codes=had, seen=had)
    assert refused.value.codes == {kind.second}
    assert kind.codes_of(secondary) == set(had)
    kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=had)
    assert kind.codes_of(secondary) == {kind.first}


@both
def test_an_operator_is_offered_nothing_of_its_former_type(kind, principal, secondary):
    secondary.operator.operator_types.set(OperatorType.objects.filter(code="TRANSPORTISTA"))
    with pytest.raises(NotOfferedError) as refused:
        kind.assign(
            actor=acting(principal), user=secondary, codes=[OPTIONS.first, ROLES.first], seen=[]
        )
    # Each kind refuses both codes: one is of the former type, one of the other kind.
    assert refused.value.codes == {OPTIONS.first, ROLES.first}


def test_an_option_of_two_types_is_offered_once_to_an_operator_of_both(make_operator):
    operator = make_operator("20000000001", "AGENTE_ADUANA", "TRANSPORTISTA")
    offered = list(Option.objects.offered_to(operator).values_list("code", flat=True))
    assert offered.count("90.1.2.1.1") == 1
    assert len(offered) == 6


def test_roles_are_offered_by_type_in_the_order_of_the_catalogue(make_operator):
    operator = make_operator("20000000001", "TRANSPORTISTA", "AGENTE_ADUANA")
    assert [role.code for role in Role.objects.offered_to(operator)] == [
        "NSIGAD.AGENTEADUANA.DESPACHO",
        "NSIGAD.AGENTEADUANA.CONSULTA",
        "NSIGAD.TRANSPORTISTA.TRANSMISOR",
    ]


@both
@pytest.mark.parametrize("who", ["secondary", "colleague", "stranger", "strangers_secondary"])
def test_only_the_principal_of_the_operator_grants(request, kind, who, make_secondary, secondary):
    actor = (
        make_secondary("COLEGA01", 90000009) if who == "colleague" else request.getfixturevalue(who)
    )
    with pytest.raises(PermissionDenied):
        kind.assign(actor=acting(actor), user=secondary, codes=[kind.first], seen=[])
    assert kind.codes_of(secondary) == set()
    assert not kind.entries().exists()


@both
def test_a_principal_does_not_grant_to_itself(kind, principal):
    with pytest.raises(PermissionDenied):
        kind.assign(actor=acting(principal), user=principal, codes=[kind.first], seen=[])
    assert kind.codes_of(principal) == set()


@both
def test_a_suspended_user_may_be_granted_codes(kind, principal, secondary):
    suspend_user(actor=acting(principal), user=secondary)
    kind.assign(actor=acting(principal), user=secondary, codes=[kind.first], seen=[])
    assert kind.codes_of(secondary) == {kind.first}


@both
@pytest.mark.parametrize("codes", [[], ["first"]], ids=["none", "one"])
def test_an_eliminated_user_is_granted_nothing(kind, principal, secondary, codes):
    eliminate_user(actor=acting(principal), user=secondary)
    with pytest.raises(PermissionDenied, match="Ese usuario fue eliminado"):
        kind.assign(
            actor=acting(principal),
            user=secondary,
            codes=[getattr(kind, code) for code in codes],
            seen=[],
        )
    assert kind.codes_of(secondary) == set()
    assert not kind.entries().exists()


@both
def test_nothing_is_written_if_the_history_fails(monkeypatch, kind, principal, secondary):
    actor = acting(principal)
    kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[])
    (before,) = kind.grants_of(secondary)

    def refuse(*args, **kwargs):
        raise RuntimeError("no entry")

    monkeypatch.setattr(grants, "record", refuse)
    with pytest.raises(RuntimeError, match="no entry"):
        kind.assign(actor=actor, user=secondary, codes=[kind.second], seen=[kind.first])
    assert kind.grants_of(secondary) == [before]
    assert kind.codes_of(secondary) == {kind.first}


@both
def test_the_two_grants_do_not_touch_each_other(kind, principal, secondary):
    other = ROLES if kind is OPTIONS else OPTIONS
    actor = acting(principal)
    other.assign(actor=actor, user=secondary, codes=[other.first], seen=[])
    kind.assign(actor=actor, user=secondary, codes=[kind.first], seen=[])
    kind.assign(actor=actor, user=secondary, codes=[], seen=[kind.first])
    assert other.codes_of(secondary) == {other.first}


# A load ------------------------------------------------------------------------------------------


def load(kind, actor, user, before, after) -> None:
    assignments = {"options": [], "roles": []}
    assignments[f"{kind.relation}s"] = [(user, before, after)]
    grants.load_access(actor=acting(actor), operator=user.operator, **assignments)


@both
def test_a_load_removes_unwanted_grants_and_keeps_the_others(kind, principal, secondary):
    given = [kind.first, kind.second]
    kind.assign(actor=acting(principal), user=secondary, codes=given, seen=[])
    kept = kind.grant.objects.get(**{f"{kind.relation}_id": kind.first})
    load(kind, principal, secondary, before=given, after=[kind.first])
    assert kind.grants_of(secondary) == [kept]
    assert kind.entries().last().after == {"codes": [kind.first]}


@both
def test_a_load_of_a_code_that_is_not_offered_is_refused_with_its_name(kind, principal, secondary):
    for code in kind.forged.values():
        with pytest.raises(NotOfferedError) as refused:
            load(kind, principal, secondary, before=[], after=[kind.first, code])
        assert refused.value.codes == {code}
    assert kind.codes_of(secondary) == set()


@both
def test_a_load_leaves_the_users_of_another_operator_alone(kind, principal, strangers_secondary):
    assignments = {"options": [], "roles": []}
    assignments[f"{kind.relation}s"] = [(strangers_secondary, [], [kind.first])]
    with pytest.raises(PermissionDenied):
        grants.load_access(actor=acting(principal), operator=principal.operator, **assignments)
    assert kind.codes_of(strangers_secondary) == set()


# Validity ----------------------------------------------------------------------------------------

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


@pytest.fixture
def granted(principal, secondary):
    """The user with one option and one role, both without days."""
    for kind in (OPTIONS, ROLES):
        kind.assign(actor=acting(principal), user=secondary, codes=[kind.first], seen=[])
    return secondary


def test_days_are_set_for_the_grants_that_were_seen(principal, granted):
    days = {"options": {OPTIONS.first: (MAY, JUNE)}, "roles": {ROLES.first: (None, None)}}
    changed = set_validity(
        actor=acting(principal), user=granted, **days, seen=validity_facts(granted)
    )
    assert changed == 1
    assert validity_facts(granted) == {
        "options": {OPTIONS.first: ["2026-05-01", "2026-06-01"]},
        "roles": {ROLES.first: ["", ""]},
    }


@pytest.mark.parametrize("other", [{}, {OPTIONS.first: (MAY, None), OPTIONS.second: (MAY, None)}])
def test_days_for_other_grants_than_the_present_ones_are_stale(principal, granted, other):
    before = validity_facts(granted)
    with pytest.raises(StaleError) as stale:
        set_validity(
            actor=acting(principal),
            user=granted,
            options=other,
            roles={ROLES.first: (MAY, None)},
            seen=before,
        )
    assert stale.value.current == validity_facts(granted) == before


@pytest.mark.parametrize(
    "seen",
    [
        {},
        {"options": {}, "roles": {ROLES.first: ["", ""]}},
        {"options": {OPTIONS.first: ["2026-05-01", ""]}, "roles": {ROLES.first: ["", ""]}},
    ],
    ids=["nothing", "fewer grants", "other days"],
)
def test_days_set_by_another_request_meanwhile_are_kept(principal, granted, seen):
    days = {"options": {OPTIONS.first: (MAY, JUNE)}, "roles": {ROLES.first: (None, None)}}
    before = validity_facts(granted)
    with pytest.raises(StaleError) as stale:
        set_validity(actor=acting(principal), user=granted, **days, seen=seen)
    assert stale.value.current == validity_facts(granted) == before


def test_fewer_grants_seen_than_there_are_is_stale_even_if_no_day_would_change(principal, granted):
    days = {"options": {OPTIONS.first: (None, None)}, "roles": {ROLES.first: (None, None)}}
    with pytest.raises(StaleError):
        set_validity(actor=acting(principal), user=granted, **days, seen={})


# Templates ---------------------------------------------------------------------------------------


def test_a_template_with_a_code_that_is_not_offered_is_refused_by_name(principal):
    for code in [*OPTIONS.forged.values(), *ROLES.forged.values()]:
        with pytest.raises(NotOfferedError) as refused:
            save_template(
                actor=acting(principal), name="A", options=[OPTIONS.first, code], roles=[]
            )
        assert refused.value.codes == {code}
    assert not AccessTemplate.objects.filter(operator=principal.operator).exists()


def test_saving_an_unchanged_template_writes_no_entry(principal):
    facts = {"name": "A", "options": [OPTIONS.first], "roles": [ROLES.first]}
    template = save_template(actor=acting(principal), **facts)
    save_template(actor=acting(principal), **facts, template=template, seen=template.facts())
    assert AuditEntry.objects.filter(action="template.saved").count() == 1


def test_a_template_changed_meanwhile_is_not_overwritten(principal):
    template = save_template(
        actor=acting(principal), name="A", options=[OPTIONS.first], roles=[ROLES.first]
    )
    change = {"name": "B", "options": [OPTIONS.second], "roles": [], "template": template}
    with pytest.raises(StaleError) as stale:
        save_template(actor=acting(principal), **change, seen={**template.facts(), "name": "Otro"})
    present = AccessTemplate.objects.get(pk=template.pk).facts()
    assert stale.value.current == present
    assert present == {"name": "A", "options": [OPTIONS.first], "roles": [ROLES.first]}


def test_a_template_of_another_operator_is_neither_saved_nor_deleted(principal, stranger):
    template = save_template(actor=acting(stranger), name="Ajena", options=["90.2.1.1.1"], roles=[])
    before = template.facts()
    with pytest.raises(PermissionDenied, match="Esa empresa no es la suya"):
        save_template(
            actor=acting(principal),
            name="Mía",
            options=[OPTIONS.first],
            roles=[],
            template=template,
            seen=before,
        )
    with pytest.raises(PermissionDenied, match="Esa empresa no es la suya"):
        delete_template(actor=acting(principal), template=template)
    assert AccessTemplate.objects.get(pk=template.pk).facts() == before
