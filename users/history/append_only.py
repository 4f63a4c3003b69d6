"""The history cannot be changed or deleted: triggers of the database refuse it.

The triggers are created after every ``migrate`` rather than by a migration, because SQLite alters
a table by rebuilding it, and a rebuilt table has lost its triggers.
"""

from django.db import connections

# The table of users.models.AuditEntry, spelled out: this module is imported before the models.
TABLE = "users_auditentry"
REFUSAL = "the history is append-only"

CREATE = {
    "sqlite": [
        f"""
        CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """
        for verb in ("UPDATE", "DELETE")
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
    "sqlite": [f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}" for verb in ("update", "delete")],
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
    """Drop the triggers, for tests that flush every table."""
    _run(DROP, using)
