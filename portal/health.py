"""Health checks: whether the process lives, and whether it is ready for requests."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.http import require_safe

from profiles.models import Option


@login_not_required
@require_safe
def live(request):
    """Answer 200, without asking the database: an outage of it is no reason to kill the process."""
    return JsonResponse({"estado": "vivo"})


@login_not_required
@require_safe
def ready(request):
    """Answer 200 if requests can be served, else 503 with the reason."""
    if reason := what_is_missing():
        return JsonResponse(
            {"estado": "no está listo", "motivo": reason}, status=HTTPStatus.SERVICE_UNAVAILABLE
        )
    return JsonResponse({"estado": "listo"})


def what_is_missing() -> str | None:
    """Return in Spanish why the installation is not ready; None if it is."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "Faltan migraciones: ejecute make prepare."
        if not Option.objects.exists():
            return "Falta el catálogo: ejecute make prepare."
    except Error:
        return "La base de datos no responde."
    return None
