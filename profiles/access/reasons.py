"""The reasons of «¿Por qué no puede?»: why an account may not open an option.

To add one: write it into ``Reason`` below, by depth, and into OF_THE_ACCOUNT or OF_THE_ROLE if it
is one of those; let ``Timeline.at`` or ``verdict`` (verdict.py) find it; add its code in
tests/profiles/test_access.py. tests/profiles/test_access_property.py fails until a world meets it.
"""

import enum
from dataclasses import dataclass

from users.models import AccountBlock


@dataclass(frozen=True)
class Remedy:
    """What removes a reason: the text of a link, and the name of a URL about the user."""

    words: str
    url_name: str = ""


class Reason(enum.Enum):
    """Why an option may not be opened, the deepest reason first.

    Each reason has a stable ``code`` for programs, a sentence for the refused user (``for_user``),
    a sentence for the principal (``for_admin``, with {} for the usuario), a ``remedy``, and in
    ``analogy`` the nearest code of the authority's public list of authentication errors. The
    analogy is ours, not the real portal's (docs/fidelity.md).
    """

    def __init__(self, for_user: str, for_admin: str, remedy: Remedy, analogy: str = "") -> None:
        self.for_user, self.for_admin = for_user, for_admin
        self.remedy, self.analogy = remedy, analogy

    OPERATOR_INACTIVE = (
        "Su empresa está inactiva en el simulador.",
        "La empresa está inactiva: ninguno de sus usuarios puede ingresar.",
        Remedy("Pida al personal del simulador que la active."),
        "0106",
    )
    USER_ELIMINATED = (
        "Su usuario fue eliminado.",
        "{} fue eliminado y no ingresa más.",
        Remedy("Cree otro usuario para la persona."),
        "0103",
    )
    USER_SUSPENDED = (
        "Su usuario está suspendido.",
        "{} está suspendido y no puede ingresar.",
        Remedy("Reactivar", "users:change_state"),
        "0105",
    )
    LOCKED = (
        "Por seguridad, su acceso está bloqueado.",
        "{} está bloqueado: hubo demasiados intentos fallidos de ingreso. Se abre solo en minutos.",
        Remedy("Desbloquear", "users:unlock"),
    )
    CLAVE_TO_BE_CHANGED = (
        "Primero cambie su clave temporal.",
        "{} tiene una clave temporal: debe cambiarla al ingresar, y hasta entonces no puede hacer nada más.",
        Remedy("Restablecer clave", "users:reset_password"),
    )
    USER_NOT_YET_VALID = (
        "Su usuario todavía no está vigente.",
        "La vigencia de {} todavía no empieza.",
        Remedy("Modificar datos", "users:edit"),
        "0105",
    )
    USER_EXPIRED = (
        "La vigencia de su usuario terminó.",
        "La vigencia de {} terminó.",
        Remedy("Modificar datos", "users:edit"),
        "0105",
    )
    OPTION_NOT_GRANTED = (
        "Esta opción no está entre las que tiene asignadas. "
        "Pida al usuario principal que se la asigne en Modificar Perfiles.",
        "{} no tiene asignada esta opción. Una carpeta no la otorga: se marca la opción misma.",
        Remedy("Modificar Perfiles", "profiles:options"),
        "0111",
    )
    OPTION_NOT_YET_IN_EFFECT = (
        "Esta opción ya le fue asignada, pero todavía no rige.",
        "{} ya tiene asignada esta opción, pero todavía no rige.",
        Remedy("Vigencia de opciones y roles", "profiles:validity"),
        "0111",
    )
    OPTION_EXPIRED = (
        "La vigencia de esta opción terminó para usted.",
        "La vigencia de esta opción terminó para {}.",
        Remedy("Vigencia de opciones y roles", "profiles:validity"),
        "0111",
    )
    NOT_OFFERED = (
        "Esta opción no se ofrece al tipo de operador de su empresa.",
        "Esta opción no se ofrece al tipo de operador de la empresa.",
        Remedy("Los tipos de la empresa los corrige el personal del simulador."),
        "0113",
    )
    RETIRED = (
        "Esta opción ya no se ofrece en el portal.",
        "Esta opción ya no se ofrece en el portal.",
        Remedy("El catálogo lo corrige el personal del simulador."),
    )
    ROLE_MISSING = (
        "Usted no tiene asignado el rol esperado. "
        "Pida al usuario principal que se lo asigne en Asignar Roles.",
        "{} no tiene ninguno de los roles que actúan en esta opción.",
        Remedy("Asignar Roles", "profiles:roles"),
    )
    ROLE_NOT_YET_IN_EFFECT = (
        "El rol que esta opción pide ya le fue asignado, pero todavía no rige.",
        "{} ya tiene un rol que actúa en esta opción, pero todavía no rige.",
        Remedy("Vigencia de opciones y roles", "profiles:validity"),
    )
    ROLE_EXPIRED = (
        "La vigencia del rol que esta opción pide terminó para usted.",
        "La vigencia del rol que esta opción pide terminó para {}.",
        Remedy("Vigencia de opciones y roles", "profiles:validity"),
    )

    @property
    def code(self) -> str:
        return self.name.lower()


# Reasons about the account itself: they refuse every option, whatever is granted.
OF_THE_ACCOUNT = frozenset(
    {
        *(Reason[block.value.upper()] for block in AccountBlock),
        Reason.LOCKED,
        Reason.CLAVE_TO_BE_CHANGED,
    }
)
OF_THE_ROLE = frozenset({Reason.ROLE_MISSING, Reason.ROLE_NOT_YET_IN_EFFECT, Reason.ROLE_EXPIRED})
ORDER = {reason: position for position, reason in enumerate(Reason)}
