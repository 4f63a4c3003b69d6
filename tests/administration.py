"""What the tests of the administration share."""

from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operators.models import Classroom
from profiles.models import Option, Role
from tests.conftest import PASSWORD, RUC, person, soup
from users.models import User

LIST = "/admin/users/user/"

ADMIN_PASSWORD = "una-clave-larga-de-personal"
STAFF_PASSWORD = "otra-clave-muy-larga"


def new_operator(**fields) -> dict:
    return {
        "ruc": RUC,
        "name": "Agencia de Práctica S.A.C.",
        "operator_types": ["AGENTE_ADUANA", "TRANSPORTISTA"],
        **person(90000001),
        "email": "ana@empresa.pe",
        "username": "titular1",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **fields,
    }


def errors(response) -> dict[str, list[str]]:
    """The sentences beside each field of a form of the administration."""
    rows = soup(response).select(".form-row:has(.errorlist)")
    return {
        next(name for name in row["class"] if name.startswith("field-")).removeprefix("field-"): [
            item.text for item in row.select(".errorlist li")
        ]
        for row in rows
    }


def queries(client, url) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def allow(user: User, *codenames: str) -> User:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def texts(page, selector: str) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in page.select(selector)]


def state_of(user: User) -> str:
    return User.objects.get(pk=user.pk).state


def act(client, action: str, *users: User, **fields):
    values = {"action": action, "index": "0", "_selected_action": [user.pk for user in users]}
    return client.post(LIST, {**values, **fields}, follow=True)


def admin_forms(visitors) -> dict[str, dict]:
    """Return the pages of the administration that take a form, by address, with a good form."""
    secondary, staff, operator = (
        visitors["secondary"],
        visitors["staff"],
        visitors["principal"].operator,
    )
    row = {"name": "Nombre", "source": "supuesto", "position": "1"}
    claves = {"password1": STAFF_PASSWORD, "password2": STAFF_PASSWORD}
    new_claves = {"new_password1": STAFF_PASSWORD, "new_password2": STAFF_PASSWORD}
    changed = {"username": "admin", "first_name": "", "last_name": "", "email": ""}
    classroom = f"/admin/operators/classroom/{Classroom.objects.get().pk}/"
    option, role = Option.objects.get(code="90.1.1.1.1"), Role.objects.first()
    return {
        "/admin/login/": {"username": "admin", "password": STAFF_PASSWORD},
        "/admin/operators/operator/add/": new_operator(ruc="20999999035"),
        f"/admin/operators/operator/{operator.pk}/change/": {
            "name": "Empresa",
            "operator_types": ["AGENTE_ADUANA"],
            "is_active": "on",
        },
        f"/admin/operators/operator/{operator.pk}/principal/": {
            "user": str(visitors["colleague"].pk),
            "seen": "TITULAR1",
        },
        f"/admin/operators/operator/{operator.pk}/clock/": {"amount": "1", "unit": "hours"},
        "/admin/operators/operatortype/AGENTE_5FADUANA/change/": row,
        "/admin/users/user/add/": {**changed, "username": "otra.persona", **claves},
        f"/admin/users/user/{staff.pk}/change/": {**changed, "groups": "", "user_permissions": ""},
        f"/admin/users/user/{staff.pk}/password/": new_claves,
        f"/admin/users/user/{secondary.pk}/password/": dict.fromkeys(new_claves, PASSWORD),
        "/admin/password_change/": {"old_password": ADMIN_PASSWORD, **new_claves},
        "/admin/users/user/": {
            "action": "suspend",
            "_selected_action": str(secondary.pk),
            "confirmed": "yes",
            "select_across": "0",
            "index": "0",
        },
        "/admin/auth/group/add/": {"name": "Grupo", "permissions": []},
        "/admin/profiles/profile/add/": {**row, "code": "OTROS", "is_retired": ""},
        f"/admin/profiles/role/{role.pk}/change/": {
            **row,
            "operator_type": role.operator_type_id,
            "permits": "Permite.",
        },
        f"/admin/profiles/option/{option.pk}/change/": {
            **row,
            "profile": "ADUANEROS",
            "parent": "90.1.1",
            "purpose": "Aquí.",
            "operator_types": ["AGENTE_ADUANA"],
            "roles": [role.pk],
        },
        "/admin/profiles/option/importar/": {"file": ""},
        "/admin/profiles/exercise/add/": {"file": ""},
        "/admin/operators/operator/practica/": {"types": ["AGENTE_ADUANA"], "days": "7"},
        "/admin/operators/classroom/add/": {
            "name": "Turno tarde",
            "operator_types": ["AGENTE_ADUANA"],
            "number": "1",
            "days": "7",
            "trainees": "Ana Ruiz",
        },
        f"{classroom}mas/": {"number": "1", "trainees": "Ana Ruiz"},
        f"{classroom}alumnos/": {"trainees": "Ana Ruiz", "seen": ""},
        f"{classroom}cerrar/": {},
        f"{classroom}reabrir/": {"days": "29"},
        # The last ones: they eliminate the users that the forms above are about.
        f"{classroom}inicio/": {},
        f"/admin/operators/operator/{operator.pk}/inicio/": {},
    }
