"""The columns of a file of users: titles, and what each may hold."""

from dataclasses import dataclass

from django.conf import settings

from users.lists.search import fold
from users.signin.password_rules import OperatorPasswordValidator
from users.validators import DocumentType


@dataclass(frozen=True)
class Column:
    """``name`` is a fact of the account, ``heading`` the title, ``also`` other titles of the column."""

    name: str
    heading: str
    note: str
    also: tuple[str, ...] = ()


COLUMNS = {
    column.name: column
    for column in (
        Column(
            "username",
            "Usuario",
            f"{settings.USERNAME_LENGTH} letras o números. Si ya existe en su empresa, la fila lo "
            "modifica; si no, lo crea.",
            also=("Usuario secundario",),
        ),
        Column(
            "document_type",
            "Tipo de documento",
            f"{', '.join(kind.short_label for kind in DocumentType)}. También con su código: 1, 4, 7…",
            also=("Tipo", "Tipo de documento de identidad"),
        ),
        Column(
            "document_number",
            "Número de documento",
            "Uno por persona. Si Excel le quitó a un DNI el cero inicial, se le devuelve.",
            also=("Nro de documento", "Documento"),
        ),
        Column("first_name", "Nombres", "Solo letras, espacios, guion, punto y apóstrofo."),
        Column("last_name", "Apellidos", "Como los nombres."),
        Column(
            "email",
            "Correo electrónico",
            "Opcional.",
            also=("Correo", "Correo electrónico (opcional)"),
        ),
        Column(
            "password",
            "Clave",
            f"Solo para usuarios nuevos: entre {OperatorPasswordValidator.MIN_LENGTH} y "
            f"{OperatorPasswordValidator.MAX_LENGTH} caracteres, con al menos un número. Vacía, se "
            "genera una temporal, que se le entrega una sola vez en un archivo.",
        ),
        Column("state", "Estado", "Activo, Suspendido o Eliminado. Vacío, queda como está."),
        Column("valid_from", "Vigente desde", "Una fecha como 31/12/2026.", also=("Desde",)),
        Column("valid_until", "Vigente hasta", "Una fecha como 31/12/2026.", also=("Hasta",)),
        Column(
            "template",
            "Plantilla",
            "El nombre de una plantilla: el usuario queda con sus opciones y sus roles.",
        ),
        Column(
            "options",
            "Opciones",
            "Sus códigos, separados por espacios. Están en la Matriz de accesos.",
        ),
        Column("roles", "Roles", "Sus códigos, como los de las opciones."),
    )
}

# The columns of an export. Without passwords, and without the template, which is not recorded: the
# export can be loaded again.
EXPORTED = [name for name in COLUMNS if name not in ("password", "template")]

_BY_TITLE = {
    fold(title): column for column in COLUMNS.values() for title in (column.heading, *column.also)
}


def column_titled(title: str) -> Column | None:
    """Return the column of a title. Accents, case, and underscores for spaces do not matter."""
    return _BY_TITLE.get(fold(" ".join(title.replace("_", " ").split())))
