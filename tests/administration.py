"""What the tests of the administration share."""

from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import PASSWORD, RUC, person, soup
from users.models import User

LIST = "/admin/users/user/"


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
