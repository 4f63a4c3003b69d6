"""System checks of a database: no public password in a real installation, and text in UTF-8."""

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


def text_is_utf8(app_configs=None, databases=None, **kwargs):
    """Report a PostgreSQL database that stores text otherwise: it refuses every accent."""
    found = {database: encoding_of(database) for database in databases or []}
    return [
        Error(
            f"La base de datos guarda el texto en {encoding}, que no tiene todas las letras.",
            hint="Cree otra: createdb --encoding=UTF8 --template=template0",
            id="portal.E002",
        )
        for encoding in found.values()
        if encoding != "UTF8"
    ]


def encoding_of(database: str) -> str:
    """Return how a database stores text; SQLite has no choice but UTF-8."""
    connection = connections[database]
    if connection.vendor != "postgresql":
        return "UTF8"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        return cursor.fetchone()[0]


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
