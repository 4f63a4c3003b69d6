"""The rows of the catalogue as the history stores them, and a row saved by hand."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Model
from django.utils.text import capfirst

from users.history.recording import Actor, entry, record_all
from users.models import AuditEntry


@transaction.atomic
def save_row(*, actor: Actor, row: Model, links: Mapping[str, Iterable[Model]]) -> None:
    """Save a row of the catalogue, new or changed, that its form has validated.

    ``links`` are the rows of its many-to-many fields.
    """
    stored = type(row).objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    before = row_facts(stored) if stored else {}
    row.save()
    for name, rows in links.items():
        getattr(row, name).set(rows)
    after = row_facts(row)
    if before != after:
        record_all([row_entry(actor, row, before, after)])


def in_order(rows: Iterable[Model]) -> list[Model]:
    """Return the rows that are not retired in the order of a file: a folder before its contents."""
    below: dict = {}
    for row in sorted(rows, key=lambda row: (row.position, row.pk)):
        if not getattr(row, "is_retired", False):
            below.setdefault(getattr(row, "parent_id", None), []).append(row)
    ordered, waiting = [], below.get(None, [])[::-1]
    while waiting:
        row = waiting.pop()
        ordered.append(row)
        waiting += below.get(row.pk, [])[::-1] if hasattr(row, "parent_id") else []
    return ordered


def column_facts(row: Model) -> dict:
    """Return what the row's own columns hold."""
    return {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}


def row_facts(row: Model) -> dict:
    """Return what the row holds, the codes of its many-to-many fields included."""
    links = {
        field.name: sorted(getattr(row, field.name).values_list("pk", flat=True))
        for field in row._meta.many_to_many
    }
    return column_facts(row) | links


def row_entry(actor: Actor, row: Model, before: dict, after: dict) -> AuditEntry:
    """Return the unsaved audit entry of a row that was created, changed or, without ``after``, deleted."""
    action = "catalog.row_changed" if before else "catalog.row_created"
    kind = {"kind": capfirst(row._meta.verbose_name)}
    return entry(
        action if after else "catalog.row_deleted",
        actor=actor,
        before=kind | before if before else {},
        after=kind | after if after else {},
    )
