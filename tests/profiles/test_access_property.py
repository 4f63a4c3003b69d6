"""The oracle: the verdict is what the portal enforces.

For every generated combination of states, the verdict permits exactly when a new browser can sign
in with the correct password and the page of the option answers 200. A page that refuses names the
reasons of the verdict. For an open session the verdict is made without the lock. What a file of
expectations says of now and of a later hour agrees with the same pages.
"""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.models import Operator
from profiles.access.expectations import Catalogue, read
from profiles.access.findings import Finding, Offer, having
from profiles.access.judge import State, judge, present
from profiles.access.reasons import OF_THE_ACCOUNT, Reason
from profiles.access.verdict import Holdings, verdict
from profiles.models import Option, OptionGrant, Role, RoleGrant
from tests.conftest import PASSWORD, soup
from users.models import FailureCount, User
from users.signin import limits, throttle
from users.validators import parse_lead

CODE, ROLE = "90.1.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"
OTHER_ROLE = "NSIGAD.AGENTEADUANA.CONSULTA"
DAY = timedelta(days=1)

# Mostly harmless values: permitted worlds must be as frequent as each kind of refusal.
mostly = st.sampled_from([True, True, True, True, False])
seldom = mostly.map(lambda value: not value)
# Start and end of a validity, in days from today; None is an open end.
starts = st.sampled_from([None, None, None, -400, -1, 0, 1, 30])
ends = st.sampled_from([None, None, None, 400, 1, 0, -1, -30])
grants = st.fixed_dictionaries(
    {
        "is_held": mostly,
        "effective_in_hours": st.sampled_from([-48, -1, -1, -1, 0, 1, 24]),
        "starts": starts,
        "ends": ends,
    }
)
worlds = st.fixed_dictionaries(
    {
        "operator_is_active": mostly,
        "clock_ahead_in_hours": st.sampled_from([0, 0, 1, 24, 24 * 31]),
        # How much later the page is asked again.
        "later": st.sampled_from(["1h", "24h", "31d"]),
        "operator_has_the_type": mostly,
        "state": st.sampled_from(["active"] * 5 + ["suspended", "eliminated"]),
        "must_change_password": seldom,
        "failures": st.sampled_from([0, 0, 0, 4, 5, 6, 10, 15]),
        "failures_of_the_ruc": st.sampled_from([0, 0, 0, 0, 49, 50]),
        "minutes_since_the_last": st.sampled_from([0, 2, 4, 6, 16]),
        "starts": starts,
        "ends": ends,
        "option_is_retired": seldom,
        "profile_is_retired": seldom,
        "role_is_retired": seldom,
        "role_acts": mostly,
        "option": grants,
        "role": grants,
    }
)


def days(today, starts, ends) -> dict:
    begin = today + starts * DAY if starts is not None else None
    end = today + ends * DAY if ends is not None else None
    if begin and end and end < begin:
        begin, end = end, begin
    return {"valid_from": begin, "valid_until": end}


def make(world, user) -> None:
    """Bring the database to the given state, by direct writes."""
    operator = user.operator
    # The days are of real time: a simulated clock that is ahead passes them.
    now, today = operator.now(), operator.today()
    Operator.objects.filter(pk=operator.pk).update(
        is_active=world["operator_is_active"],
        clock_offset=timedelta(hours=world["clock_ahead_in_hours"]),
    )
    types = ["AGENTE_ADUANA"] if world["operator_has_the_type"] else ["TRANSPORTISTA"]
    operator.operator_types.set(types)
    User.objects.filter(pk=user.pk).update(
        state=world["state"],
        must_change_password=world["must_change_password"],
        **days(today, world["starts"], world["ends"]),
    )
    count_failures(world, user)
    option = Option.objects.get(code=CODE)
    Option.objects.filter(code=CODE).update(is_retired=world["option_is_retired"])
    type(option.profile).objects.filter(pk=option.profile_id).update(
        is_retired=world["profile_is_retired"]
    )
    Role.objects.filter(code=ROLE).update(is_retired=world["role_is_retired"])
    if not world["role_acts"]:
        option.roles.set([OTHER_ROLE])
    for model, key, code in ((OptionGrant, "option", CODE), (RoleGrant, "role", ROLE)):
        if (grant := world[key])["is_held"]:
            model.objects.create(
                user=user,
                granted_by=user,
                granted_at=now,
                effective_at=now + timedelta(hours=grant["effective_in_hours"]),
                **{f"{key}_id": code},
                **days(today, grant["starts"], grant["ends"]),
            )


def count_failures(world, user) -> None:
    since = timezone.now() - timedelta(minutes=world["minutes_since_the_last"])
    own = limits.key_of(user)
    for key, failures in (
        (own, world["failures"]),
        (limits.ruc_key(user.operator.ruc), world["failures_of_the_ruc"]),
    ):
        FailureCount.objects.create(key=key, account=key.account, failures=failures, since=since)


def enters(client, user) -> bool:
    """Return whether the real sign-in accepts the correct password."""
    response = client.post(
        "/ingresar/",
        {"ruc": user.operator.ruc, "username": user.username, "password": PASSWORD},
    )
    return response.status_code == 302


def can(user, *, locks_of=None, **entry) -> bool:
    """Return whether the expectation that the user can open the option is right."""
    catalogue = Catalogue.current()
    row = {"username": user.username, "can": [{"option": CODE, **entry}]}
    expected = read({"users": [row]}, catalogue)
    state = State.of(user.operator, catalogue, expected, locks_of=locks_of)
    (_, result) = judge(expected, state)
    written = judge(read(present(state), catalogue), state)
    assert all(each.ok for each in written)
    return result.ok


def opens_later(client, user, later: str) -> bool:
    """Return whether an open session opens the page once the clock of the operator is ahead."""
    before = transaction.savepoint()
    Operator.objects.filter(pk=user.operator_id).update(
        clock_offset=F("clock_offset") + parse_lead(later)
    )
    status = client.get(f"/opciones/{CODE}/").status_code
    transaction.savepoint_rollback(before)
    return status == 200


def has_finding(user) -> bool:
    """Return whether the principal sees the finding that the option lacks its role."""
    return having(
        User.objects.filter(pk=user.pk), Finding.ROLE_MISSING, Offer.to(user.operator)
    ).exists()


@pytest.mark.django_db
def test_the_verdict_is_what_the_portal_enforces(secondary, client_of):
    met = Counter()
    client = client_of(secondary)
    cookie = client.cookies["sessionid"].value

    @settings(
        max_examples=250, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(worlds)
    def compare(world):
        # The rollback restores a deleted session, so the cookie is valid again.
        client.cookies["sessionid"] = cookie
        # No atomic block: the sign-in counts an attempt in a durable transaction.
        before = transaction.savepoint()
        make(world, User.objects.get(pk=secondary.pk))
        user = User.objects.select_related("operator").get(pk=secondary.pk)
        option = Option.objects.every_leaf().for_verdict(CODE)
        decision = verdict(Holdings.of(user, locked=throttle.locks_of([user])), option)
        met[decision.permitted] += 1
        met.update(decision.reasons)

        assert can(user, at=world["later"]) == opens_later(client, user, world["later"])
        client.cookies["sessionid"] = cookie

        response = client.get(f"/opciones/{CODE}/")
        inside = verdict(Holdings.of(user), option)
        assert inside.permitted == (response.status_code == 200)
        shown = [each["data-reason"] for each in soup(response).select("[data-reason]")]
        if set(inside.reasons) & OF_THE_ACCOUNT:
            assert response.status_code == 302
            where = "/clave/" if not user.blocks else "/ingresar/"
            assert response.url.startswith(where)
        else:
            assert shown == [reason.code for reason in inside.reasons]

        fresh = client_of(None)
        page = fresh.get(f"/opciones/{CODE}/") if enters(fresh, user) else None
        opens = page is not None and page.status_code == 200
        assert decision.permitted == opens
        assert can(user, locks_of=throttle.locks_of) == opens

        assert has_finding(user) == (
            user.state == User.State.ACTIVE
            and world["option"]["is_held"]
            and Reason.ROLE_MISSING in decision.reasons
            and not {Reason.NOT_OFFERED, Reason.RETIRED} & {*decision.reasons}
        )
        transaction.savepoint_rollback(before)

    compare()
    assert met[True] >= 5
    assert met[False] >= 50
    # Every reason occurred; otherwise the comparison says nothing about it.
    assert {reason for reason in Reason if not met[reason]} == set()
