"""The columns of a file of users: titles, and what each may hold."""

from django.conf import settings

from profiles.tables.titles import Column, Titles, bare
from users.signin.password_rules import OperatorPasswordValidator
from users.validators import DocumentType

COLUMNS = {
    column.name: column
    for column in (
        Column(
            "username",
            "Usuario",
            f"{settings.USERNAME_LENGTH} letras o números. Si ya existe en su empresa, la fila lo "
            "modifica; si no, lo crea.",
            also=("Usuario secundario", "Usuario SOL"),
        ),
        Column(
            "document_type",
            "Tipo de documento",
            f"{', '.join(kind.short_label for kind in DocumentType)}. También con su código: 1, 4, 7…",
            also=("Tipo", "Tipo documento", "Tipo doc.", "Tipo de documento de identidad"),
        ),
        Column(
            "document_number",
            "Número de documento",
            "Uno por persona. Si Excel le quitó a un DNI el cero inicial, se le devuelve.",
            also=(
                *("Nro de documento", "Nro documento", "N° de documento", "N° documento"),
                *("Número documento", "Núm. documento", "Documento", "DNI"),
            ),
        ),
        Column("first_name", "Nombres", "Solo letras, espacios, guion, punto y apóstrofo."),
        Column(
            "last_name",
            "Apellidos",
            "Como los nombres. También en dos columnas: Apellido paterno y Apellido materno.",
            also=("Apellido paterno", "Apellido materno"),
        ),
        Column(
            "email",
            "Correo electrónico",
            "Opcional.",
            also=("Correo", "Correo electrónico (opcional)", "E-mail", "Mail"),
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
            "Sus códigos, separados por espacios. Están en Accesos.",
        ),
        Column("roles", "Roles", "Sus códigos, como los de las opciones."),
    )
}

# The columns of an export. Without passwords, and without the template, which is not recorded: the
# export can be loaded again.
EXPORTED = [name for name in COLUMNS if name not in ("password", "template")]


TITLES = Titles(COLUMNS.values(), key="username")


def are_both_surnames(titles: list[str]) -> bool:
    """Return whether the only titles that stand for one column are the two surnames, in order."""
    known = [title for title in titles if TITLES.column(title)]
    columns = [TITLES.column(title) for title in known]
    twice = [bare(title) for title in known if columns.count(TITLES.column(title)) > 1]
    return twice == ["apellidopaterno", "apellidomaterno"]
