"""What the databases make of the lists: none reads a table through, or sorts what an index has."""

import json

import pytest
from django.db import connection
from django.utils import timezone

from users.models import AuditEntry, User

MANY = 3_000
USERS, ENTRIES = User._meta.db_table, AuditEntry._meta.db_table


@pytest.fixture
def crowd(principal, secondary, stranger):
    """As many users and entries in each of two companies as make a database look for an index."""
    for operator in (principal.operator, stranger.operator):
        users = User.objects.bulk_create(
            User(
                operator=operator,
                username=f"U{n:07}",
                first_name="Ana",
                last_name="Ficticia",
                document_type="1",
                document_number=f"{93000000 + n}",
                search_text=f"u{n:07} ana ficticia {93000000 + n}",
            )
            for n in range(MANY)
        )
        AuditEntry.objects.bulk_create(
            AuditEntry(
                action="user.changed",
                actor=users[0],
                operator=operator,
                subject=users[n % 50],
                channel="web",
                at=timezone.now(),
            )
            for n in range(MANY * 2)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            # Of two companies each has half of the rows, and half of a small table is read faster
            # whole: what matters is that nothing has to be.
            cursor.execute("SET LOCAL enable_seqscan = off")


def plan(cursor, sql: str, params) -> list[str]:
    """What is done, step by step."""
    if connection.vendor == "sqlite":
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return [row[3] for row in cursor.fetchall()]
    cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
    found = cursor.fetchone()[0]
    steps, said = [(json.loads(found) if isinstance(found, str) else found)[0]["Plan"]], []
    while steps:
        step = steps.pop()
        said.append(f"{step['Node Type']} {step.get('Relation Name', '')}")
        steps += step.get("Plans", [])
    return said


def plans_of(client, address: str) -> list[str]:
    """The steps of every statement about users and entries that a page runs."""
    found, within = [], [False]

    def explain(execute, sql, params, many, context):
        if not within[0] and sql.startswith("SELECT") and (USERS in sql or ENTRIES in sql):
            within[0] = True
            found.extend(plan(context["cursor"].cursor.connection.cursor(), *quoted(sql, params)))
            within[0] = False
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        assert client.get(address).status_code == 200
    return found


def quoted(sql: str, params) -> tuple[str, tuple]:
    """As the driver itself wants it."""
    if connection.vendor == "sqlite":
        return sql.replace("%s", "?").replace("%%", "%"), params
    return sql, params


def reads_a_table_through(step: str) -> bool:
    if connection.vendor == "sqlite":
        return step.startswith("SCAN") and " USING " not in step and "subquery" not in step
    return step in (f"Seq Scan {USERS}", f"Seq Scan {ENTRIES}")


LISTS = (
    "/usuarios/", "/usuarios/?texto=nadie", "/usuarios/?texto=ana", "/usuarios/?estado=suspended",
    "/usuarios/?despues=U0000100&despues=500", "/usuarios/?antes=U0002000&antes=500", "/usuarios/?varios=si",
    "/accesos/", "/accesos/?texto=nadie", "/accesos/dia/", "/", "/historial/", "/historial/?accion=user.eliminated",
    "/historial/?texto=nadie", "/historial/?desde=2026-01-01&hasta=2026-01-02", "/usuarios/U0000001/historial/",
)  # fmt: skip


def test_no_list_reads_a_table_through(crowd, principal, client_of, subtests):
    client = client_of(principal)
    for address in LISTS:
        with subtests.test(address):
            steps = plans_of(client, address)
            assert len(steps) > 3
            assert [step for step in steps if reads_a_table_through(step)] == []
