"""What waits encrypted in a database outlives the upgrade to this release.

``first_plans.json`` was written by the first release whose database can be migrated to this one:
its plans, and what its code encrypted with the key that the file names.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from profiles.load import applying
from profiles.models import LoadPlan, OptionGrant
from tests.conftest import PASSWORD, acting
from users import seal
from users.models import User
from users.seal import BrokenSealError, Seal
from users.signin import second_factor

FIRST = json.loads(Path(__file__).with_name("first_plans.json").read_text(encoding="utf-8"))
FIRST_MIGRATION = ("profiles", "0002_load_plan")

# What each version of a seal encrypted with that key, for the purpose "purpose". A new version
# adds its own.
SEALED = {
    "1": "1:gAAAAABlU_EA1r231H3hJZ1pipQ-5WTmhINEfwd44BTkXyhT_Z1qOUayAsTaP0bjyj7yDw8MmU8bBNuAD6uhVt4PrStE1ajD5g==",
}


@pytest.fixture(autouse=True)
def first_key(settings):
    settings.SECRET_KEY = FIRST["secret_key"]
    # The first release encrypted the file's texts on a day long ago.
    settings.LOAD_PLAN_AGE = timedelta(days=36_500)


@pytest.fixture
def upgraded(principal):
    """The plans as the first release stored them, in a database that was migrated since."""
    call_command("migrate", *FIRST_MIGRATION, verbosity=0)
    try:
        apps = MigrationExecutor(connection).loader.project_state(FIRST_MIGRATION).apps
        for kept in FIRST["plans"]:
            plan = apps.get_model("profiles", "LoadPlan").objects.create(
                operator_id=principal.operator_id,
                made_by_id=principal.pk,
                applied_at=timezone.now() if kept["plan"]["state"] == "applied" else None,
                **kept["plan"],
            )
            for row in kept["rows"]:
                apps.get_model("profiles", "LoadRow").objects.create(plan=plan, **row)
    finally:
        call_command("migrate", verbosity=0)
    return {plan.state: plan for plan in LoadPlan.objects.select_related("operator")}


@pytest.mark.django_db(transaction=True)
def test_a_ready_plan_of_the_first_release_is_applied(upgraded, principal):
    plan, actor = upgraded["ready"], acting(principal)
    applying.start_applying(actor=actor, plan=plan)
    assert applying.keep_applying(actor=actor, plan=plan, seconds=60)
    assert User.objects.get(username="NUEVO004").check_password(PASSWORD)
    [(username, password)] = applying.hand_over(actor=actor, plan=plan)
    assert User.objects.get(username="NUEVO003").check_password(password)
    assert (username, OptionGrant.objects.get().user.username) == ("NUEVO003", "NUEVO003")


@pytest.mark.django_db(transaction=True)
def test_a_password_that_was_not_fetched_from_the_first_release_is_fetched(upgraded, principal):
    handed_over = applying.hand_over(actor=acting(principal), plan=upgraded["applied"])
    assert [[*pair] for pair in handed_over] == FIRST["handed_over"]


def test_a_second_factor_of_the_first_release_is_read():
    kept = FIRST["second_factor"]
    assert second_factor.unseal(kept["sealed"]) == kept["secret"]
    assert second_factor.unseal(second_factor.seal("abc")) == "abc"


def test_every_version_of_a_seal_is_read():
    assert [Seal("purpose").open(sealed) for sealed in SEALED.values()] == ["Ñandú"] * len(SEALED)
    assert seal.VERSION in SEALED


def test_a_seal_of_a_version_that_is_not_known_is_refused():
    sealed = Seal("purpose").close("Ñandú")
    for foreign in (f"9{sealed}", f":{sealed}", "", "1:"):
        with pytest.raises(BrokenSealError):
            Seal("purpose").open(foreign)
