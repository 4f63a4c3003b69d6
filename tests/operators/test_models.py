"""An operator's clock is the one source of domain time."""

from datetime import UTC, datetime

import pytest

from operators.models import Operator
from profiles.actions.grants import assign_options, assign_roles
from tests.conftest import acting

ANOTHER_TIME = datetime(2031, 5, 6, 15, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("assign", "code", "grants"),
    [
        (assign_options, "90.1.1.1.1", "option_grants"),
        (assign_roles, "NSIGAD.AGENTEADUANA.DESPACHO", "role_grants"),
    ],
)
def test_a_grant_is_dated_by_the_operators_clock(
    principal, secondary, monkeypatch, assign, code, grants
):
    monkeypatch.setattr(Operator, "now", lambda operator: ANOTHER_TIME)
    assign(actor=acting(principal), user=secondary, codes=[code], seen=[])
    assert getattr(secondary, grants).get().granted_at == ANOTHER_TIME


def test_an_audit_entry_is_dated_in_real_time(principal, secondary, monkeypatch):
    monkeypatch.setattr(Operator, "now", lambda operator: ANOTHER_TIME)
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    assert secondary.audit_entries.get(action="options.assigned").at < ANOTHER_TIME


def test_an_operator_is_shown_as_its_ruc_and_name(operator):
    assert str(operator) == "20999999043 – Empresa 9043 de Práctica"
