"""Every migration with data in the tables: reversed one by one, all reversed, applied again."""

import json

from django.db.migrations.loader import MigrationLoader

from tests.places import manage
from tests.portal.conftest import examine, load_demo

OURS = ["operators", "users", "profiles"]


def migrations_of(app: str) -> list[str]:
    loader = MigrationLoader(None)
    return sorted(name for label, name in loader.disk_migrations if label == app)


def migrate(place: str, *targets: tuple[str, ...]) -> None:
    """Migrate to each target, by turns, in one process: what is slow is to start one."""
    code = f"""from django.core.management import call_command
for target in {targets}:
    call_command("migrate", *target, verbosity=0)"""
    manage(place, "shell", "--verbosity", "0", "--command", code)


def counts(place: str) -> dict[str, int]:
    found = examine(place)
    assert found["intact"] == "ok"
    assert found["protected"]
    # Examining the database signs an account in.
    del found["counts"]["users.session"]
    return found["counts"]


def test_every_migration_can_be_reversed_and_applied_again_with_data(make_place, demo):
    """One step back and forth is an upgrade of the data of the previous release."""
    place = make_place(demo)
    before = counts(place)
    entries, exercises = before.pop("users.auditentry"), before.pop("profiles.exercise")
    steps = [(app, name) for app in OURS for name in reversed(migrations_of(app)[:-1])]
    migrate(place, *steps, ())
    after = counts(place)
    # Entries about no operator have no place in the oldest table.
    assert entries > after.pop("users.auditentry") > 0
    # Their table came after the oldest ones; load_demo loads them again.
    assert exercises > after.pop("profiles.exercise") == 0
    assert after == before

    migrate(place, *((app, "zero") for app in ("contenttypes", "operators", "sessions")))
    left = manage(place, "shell", "--verbosity", "0", "--command", TABLES)
    assert json.loads(left) == ["django_migrations"]
    load_demo(place)
    assert counts(place) == {
        **before,
        "users.auditentry": entries,
        "profiles.exercise": exercises,
    }


TABLES = """
import json
from django.db import connection

print(json.dumps(connection.introspection.table_names()))
"""
