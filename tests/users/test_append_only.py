"""The history cannot be changed or deleted: the database refuses it."""

import pytest
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction

from users.history.append_only import TABLE
from users.models import AuditEntry

WAYS = {
    "save": lambda entry: entry.save(),
    "delete": lambda entry: entry.delete(),
    "update of rows": lambda entry: AuditEntry.objects.update(action="other"),
    "delete of rows": lambda entry: AuditEntry.objects.all().delete(),
    "bulk update": lambda entry: AuditEntry.objects.bulk_update([entry], ["action"]),
    "update in SQL": lambda entry: execute("UPDATE users_auditentry SET action = 'other'"),
    "delete in SQL": lambda entry: execute("DELETE FROM users_auditentry"),
    "upsert": lambda entry: AuditEntry.objects.bulk_create(
        [entry], update_conflicts=True, update_fields=["action"], unique_fields=["id"]
    ),
}
if connection.vendor == "sqlite":
    # PostgreSQL does not know these words.
    WAYS |= {
        "insert or replace": lambda entry: execute(
            "INSERT OR REPLACE INTO users_auditentry SELECT * FROM users_auditentry"
        ),
        "replace": lambda entry: execute(
            "REPLACE INTO users_auditentry SELECT * FROM users_auditentry"
        ),
        "update or replace": lambda entry: execute(
            "UPDATE OR REPLACE users_auditentry SET id = (SELECT MAX(id) FROM users_auditentry)"
        ),
        "update or ignore": lambda entry: execute(
            "UPDATE OR IGNORE users_auditentry SET action = 'other'"
        ),
    }


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def facts() -> list[tuple]:
    return list(AuditEntry.objects.order_by("pk").values_list())


@pytest.fixture
def entry(secondary) -> AuditEntry:
    entry = AuditEntry.objects.get(subject=secondary)
    entry.action = "other"
    return entry


def refuses(way, entry) -> None:
    before = facts()
    assert before
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        WAYS[way](entry)
    assert facts() == before, way


def test_the_database_refuses_every_change_and_deletion(entry):
    for way in WAYS:
        refuses(way, entry)


@pytest.mark.django_db(transaction=True)
def test_truncating_the_history_is_refused(entry):
    # Django's flush is TRUNCATE on PostgreSQL and DELETE on SQLite, which has no TRUNCATE.
    (statement, *_) = connection.ops.sql_flush(no_style(), [TABLE], allow_cascade=True)
    before = facts()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(statement)
    assert facts() == before != []


def test_another_migrate_leaves_the_history_protected(entry):
    call_command("migrate", verbosity=0)
    refuses("delete in SQL", entry)


@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_history_table_is_protected_by_the_next_migrate(entry):
    field = AuditEntry._meta.get_field("action")
    wider = field.clone()
    wider.set_attributes_from_name("action")
    wider.max_length = 60
    with connection.schema_editor() as editor:
        editor.alter_field(AuditEntry, field, wider)
        editor.alter_field(AuditEntry, wider, field)
    call_command("migrate", verbosity=0)
    refuses("update in SQL", entry)
