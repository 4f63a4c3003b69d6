"""The history cannot be changed or deleted: the database itself refuses, whoever asks.

The triggers are made after every ``migrate`` rather than by a migration of their own, because
SQLite changes a table by building it anew, and the triggers of the old one are gone with it.
"""

from django.db import connections

# Of users.models.AuditEntry; written out, for this is imported before there are models.
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
    if TABLE in connections[using].introspection.table_names():
        _run(CREATE, using)


def unprotect(using: str = "default") -> None:
    """For tests, which empty every table between one and the next."""
    _run(DROP, using)
