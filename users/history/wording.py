"""The history in Spanish words, for the screens and the administration.

The entries store facts (users.history.recording); this module says them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.apps import apps
from django.utils.dateparse import parse_duration
from django.utils.formats import date_format
from django.utils.text import capfirst

from operators.models import Classroom, Operator, spoken
from users.models import AuditEntry, User

ACTION_LABELS = {
    "operator.created": "Operador creado",
    "operator.changed": "Operador modificado",
    "operator.principal_changed": "Usuario principal cambiado",
    "operator.clock_moved": "Reloj adelantado",
    "operator.delay_changed": "Demora de activación cambiada",
    "operator.reset": "Empresa de práctica devuelta a su inicio",
    "operator.closed": "Empresa de práctica cerrada",
    "operator.reopened": "Empresa de práctica reabierta",
    "operator.trainee_named": "Alumno de la empresa de práctica",
    "operator.token_issued": "Token de la API creado",
    "operator.fault_set": "Falla ensayada",
    "user.created": "Usuario creado",
    "user.changed": "Datos modificados",
    "user.suspended": "Usuario suspendido",
    "user.reactivated": "Usuario reactivado",
    "user.eliminated": "Usuario eliminado",
    "user.password_reset": "Clave restablecida",
    "user.password_changed": "Cambió su clave",
    "user.unlocked": "Usuario desbloqueado",
    "user.second_factor_on": "Segundo factor activado",
    "user.second_factor_off": "Segundo factor desactivado",
    "recovery_codes.made": "Códigos de recuperación nuevos",
    "recovery_code.used": "Código de recuperación usado",
    "user.sessions_closed": "Sesiones cerradas",
    "options.assigned": "Opciones asignadas",
    "roles.assigned": "Roles asignados",
    "grants.validity_changed": "Vigencia de opciones y roles cambiada",
    "users.loaded": "Carga masiva aplicada",
    "users.claves_handed_over": "Claves de una carga descargadas",
    "template.saved": "Plantilla guardada",
    "template.deleted": "Plantilla eliminada",
    "practice.started": "Práctica empezada",
    "practice.hint_taken": "Pista tomada",
    "practice.checked": "Práctica comprobada",
    "practice.passed": "Práctica lograda",
}
# Those that are about no operator: no company sees them.
OFFICE_ACTION_LABELS = {
    "group.created": "Grupo creado",
    "group.changed": "Grupo modificado",
    "group.deleted": "Grupo eliminado",
    "catalog.row_created": "Fila del catálogo creada",
    "catalog.row_changed": "Fila del catálogo modificada",
    "catalog.row_deleted": "Fila del catálogo eliminada",
    "classroom.opened": "Aula abierta",
    "classroom.enlarged": "Empresas añadidas a un aula",
    "classroom.closed": "Aula cerrada",
    "classroom.reopened": "Aula reabierta",
    "second_factors.resealed": "Segundos factores sellados de nuevo",
    "exercises.loaded": "Prácticas cargadas",
}

# Labels of the facts that are no field of the account or operator that an action is about.
FACT_LABELS = {
    "name": "Nombre",
    "code": "Código",
    "kind": "Tabla",
    "source": "Fuente",
    "position": "Orden",
    "is_retired": "Retirado",
    "is_folder": "Es carpeta",
    "profile": "Perfil",
    "parent": "Carpeta",
    "purpose": "Qué se haría ahí",
    "permits": "Qué permite",
    "operator_type": "Tipo de operador",
    "operator_types": "Tipos de operador",
    "permissions": "Permisos",
    "companies": "Empresas",
    "staff": "Personal del grupo",
    "second_factors": "Segundos factores",
    "principal": "Usuario principal",
    "seconds": "Segundos",
    "sessions": "Sesiones que tenía abiertas",
    "recovery_codes": "Códigos de recuperación",
    "options": "Opciones",
    "roles": "Roles",
    "codes": "Códigos",
    "file": "Archivo",
    "claves": "Claves generadas",
    "created": "Usuarios creados",
    "changed": "Usuarios modificados",
    "exercise": "Código",
    "title": "Práctica",
    "points": "Puntos",
    "most_points": "Puntos posibles",
    "hints": "Pistas",
    "attempts": "Comprobaciones",
    "done": "Cumplidos",
    "of": "De un total de",
}
# The fields of what an action is about, by the first word of the action.
FIELDS = {
    word: {field.name: field for field in (*model._meta.fields, *model._meta.many_to_many)}
    for word, model in (("operator", Operator), ("user", User), ("classroom", Classroom))
}
# Django stores the names of permissions in English.
VERBS = {"add": "agregar", "change": "modificar", "delete": "eliminar", "view": "ver"}


def action_label(entry: AuditEntry) -> str:
    """Return the label of the entry's action; an unknown action is shown as stored."""
    return (ACTION_LABELS | OFFICE_ACTION_LABELS).get(entry.action, entry.action)


def fact_label(action: str, name: str) -> str:
    """Return the label of a fact: that of the field of what the action is about, ours, or its name."""
    field = _field(action, name)
    return capfirst(str(field.verbose_name)) if field else FACT_LABELS.get(name, name)


def fact_value(action: str, name: str, value) -> str:
    """Return a value of ``before`` or ``after`` in Spanish words."""
    if isinstance(value, bool):
        return "Sí" if value else "No"
    if name in ("permissions", "user_permissions"):
        return ", ".join(map(permission_label, value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name in ("clock_offset", "activation_delay"):
        return spoken(parse_duration(value) or timedelta()) or "ninguno"
    if name in ("valid_from", "valid_until", "practice_until"):
        return _day(value)
    choices = dict(getattr(_field(action, name), "flatchoices", []))
    return str(choices.get(value, value))


def permission_label(code: str) -> str:
    """Return a permission of staff in Spanish words: «Usuarios | usuario: modificar»."""
    app, _, codename = code.partition(".")
    verb, _, name = codename.partition("_")
    try:
        opts = apps.get_model(app, name)._meta
    except LookupError:
        return code
    return f"{opts.app_config.verbose_name} | {opts.verbose_name}: {VERBS.get(verb, verb)}"


def _field(action: str, name: str):
    return FIELDS.get(action.partition(".")[0], {}).get(name)


def _is_default(action: str, name: str, value) -> bool:
    """Return whether a new row has the value unless told otherwise: it says nothing."""
    field = _field(action, name)
    return bool(field) and field.has_default() and field.get_default() == value


@dataclass(frozen=True)
class Line:
    """One change of an entry; ``mark`` is + for an addition, − for a removal, else empty."""

    mark: str
    text: str


def changes(entry: AuditEntry, names: Mapping[str, str]) -> list[Line]:
    """Return the entry's changes in words; ``names`` maps the catalogue's codes to names."""
    action, before, after = entry.action, entry.before, entry.after
    lines = []
    for fact in dict.fromkeys([*before, *after]):
        old, new = before.get(fact), after.get(fact)
        if action == "grants.validity_changed":
            lines += [
                Line("", f"{names.get(code, code)} ({code}): {_days(days)}")
                for code, days in (new or {}).items()
            ]
        elif fact == "results":
            lines += [Line("", result["sentence"]) for result in new if not result["ok"]]
        elif isinstance(old, list) or isinstance(new, list):
            lines += _difference(old or [], new or [], names)
        elif not before:
            if new not in ("", None) and not _is_default(action, fact, new):
                lines.append(
                    Line("", f"{fact_label(action, fact)}: {fact_value(action, fact, new)}")
                )
        elif not after:
            lines.append(Line("", f"{fact_label(action, fact)}: {fact_value(action, fact, old)}"))
        elif old != new:
            was, now = (fact_value(action, fact, value) or "vacío" for value in (old, new))
            lines.append(Line("", f"{fact_label(action, fact)}: {was} → {now}"))
    return lines


def _difference(old: list, new: list, names: Mapping[str, str]) -> list[Line]:
    def said(code) -> str:
        return f"{names[code]} ({code})" if code in names else str(code)

    return [
        *(Line("+", f"agregó {said(code)}") for code in new if code not in old),
        *(Line("−", f"quitó {said(code)}") for code in old if code not in new),
    ]


def _days(days: list[str]) -> str:
    start, end = days
    parts = [f"desde {_day(start)}" if start else "", f"hasta {_day(end)}" if end else ""]
    return " ".join(filter(None, parts)) or "sin límite"


def _day(value: str) -> str:
    return date_format(date.fromisoformat(value), "DATE_FORMAT") if value else ""
