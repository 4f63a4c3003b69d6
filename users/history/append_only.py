"""The history cannot be changed or deleted: triggers of the database refuse it.

The triggers are created after every ``migrate`` rather than by a migration, because SQLite alters
a table by rebuilding it, and a rebuilt table has lost its triggers.
"""

from django.db import connections

# The table of users.models.AuditEntry, spelled out: this module is imported before the models.
TABLE = "users_auditentry"
REFUSAL = "the history is append-only"

# INSERT OR REPLACE deletes the old row without firing SQLite's DELETE trigger: refuse an id that
# exists. PostgreSQL fires the UPDATE trigger for INSERT … ON CONFLICT DO UPDATE.
_SQLITE_TRIGGERS = {
    "no_update": f"BEFORE UPDATE ON {TABLE}",
    "no_delete": f"BEFORE DELETE ON {TABLE}",
    "no_replace": "BEFORE INSERT ON users_auditentry "
    "WHEN EXISTS (SELECT 1 FROM users_auditentry WHERE id = NEW.id)",
}

CREATE = {
    "sqlite": [
        f"""
        CREATE TRIGGER IF NOT EXISTS {TABLE}_{name} {event}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """
        for name, event in _SQLITE_TRIGGERS.items()
    ],
    "postgresql": [
        f"""
        CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        f"""
        CREATE OR REPLACE TRIGGER {TABLE}_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()
        """,
    ],
}
DROP = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {TABLE}_{name}" for name in _SQLITE_TRIGGERS],
    "postgresql": [f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}"],
}


def _run(statements: dict[str, list[str]], using: str) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


def protect(sender, using="default", **kwargs) -> None:
    """Create the triggers where the table exists; a receiver of post_migrate."""
    if TABLE in connections[using].introspection.table_names():
        _run(CREATE, using)


def unprotect(using: str = "default") -> None:
    """Drop the triggers, for tests that flush every table and a migration that goes back."""
    _run(DROP, using)
