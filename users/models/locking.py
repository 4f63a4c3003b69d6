"""Lock rows in one order, so that two transactions never wait for each other (docs/decisions/0067)."""

from django.db.models import QuerySet


def lock_in_order(rows: QuerySet) -> list:
    """Lock the rows until the transaction ends, by increasing primary key; return their keys."""
    ordered = rows.order_by("pk").select_for_update(no_key=True)
    return list(ordered.values_list("pk", flat=True))


def delete_in_order(rows: QuerySet) -> None:
    """Delete the rows, locked as by ``lock_in_order``."""
    rows.model._base_manager.filter(pk__in=lock_in_order(rows)).delete()
