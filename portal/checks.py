"""System check: a real installation holds no practice account with its public password."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.checks import Error
from django.db import connections

from portal import demo


def no_practice_accounts(app_configs=None, databases=None, **kwargs):
    """Report every practice account whose public password still works, except with DEMO."""
    if settings.DEMO:
        return []
    return [
        Error(
            f"La cuenta de práctica {ruc} {username} conserva su clave, que es pública.",
            hint="Elimine la cuenta o cambie su clave antes de dar servicio.",
            id="portal.E001",
        )
        for database in databases or []
        for ruc, username in accounts_with_a_public_clave(database)
    ]


def accounts_with_a_public_clave(database: str):
    """Yield the RUC and the usuario of each of them."""
    user_model = get_user_model()
    # ``migrate`` runs the checks before it creates the tables.
    if user_model._meta.db_table not in connections[database].introspection.table_names():
        return
    claves = {
        (operator["ruc"], account["username"]): account["password"]
        for operator in demo.operators()
        for account in operator["accounts"]
    }
    accounts = user_model.objects.using(database).existing()
    rows = accounts.filter(operator__ruc__in={ruc for ruc, _ in claves})
    for ruc, username, encoded in rows.values_list("operator__ruc", "username", "password"):
        clave = claves.get((ruc, username))
        if clave and check_password(clave, encoded):
            yield ruc, username
