"""Rows of a file that can be loaded again: the users of an operator, and the sample."""

from collections.abc import Iterator

from operators.models import Operator
from profiles.load.columns import COLUMNS, EXPORTED
from profiles.load.planning import ROWS_AT_ONCE
from profiles.models import Option, Role
from users.models import User
from users.validators import DocumentType


def user_rows(users) -> Iterator[list[str]]:
    """Yield the headings and a row for each user. Loading the rows changes nothing."""
    yield [COLUMNS[name].heading for name in EXPORTED]
    users = users.prefetch_related("option_grants", "role_grants")
    for user in users.iterator(chunk_size=ROWS_AT_ONCE):
        facts = {
            **{name: str(getattr(user, name) or "") for name in EXPORTED if hasattr(user, name)},
            "document_type": user.document_label,
            "state": user.get_state_display(),
            "options": " ".join(sorted(grant.option_id for grant in user.option_grants.all())),
            "roles": " ".join(sorted(grant.role_id for grant in user.role_grants.all())),
        }
        yield [facts[name] for name in EXPORTED]


def sample_rows(operator: Operator) -> Iterator[list[str]]:
    """Yield the headings and invented people that can be loaded unchanged."""
    options = list(Option.objects.offered_to(operator).values_list("code", flat=True)[:2])
    roles = list(Role.objects.offered_to(operator).values_list("code", flat=True)[:1])
    people = [
        {
            "username": "MUESTRA1",
            "document_type": DocumentType.DNI.short_label,
            "document_number": "00990001",
            "first_name": "Rosa",
            "last_name": "Quispe Ñaupari",
            "email": "rosa.quispe@empresa.example",
            "password": "Practica2026",
            "state": User.State.ACTIVE.label,
            "options": " ".join(options),
            "roles": " ".join(roles),
        },
        {
            "username": "MUESTRA2",
            "document_type": DocumentType.FOREIGNER_CARD.label,
            "document_number": "FICTICIO002",
            "first_name": "Luis",
            "last_name": "D'Angelo Prado",
            "valid_from": "2026-01-01",
            "valid_until": "31/12/2027",
            "options": " ".join(options[:1]),
        },
    ]
    yield [column.heading for column in COLUMNS.values()]
    for person in people:
        yield [person.get(name, "") for name in COLUMNS]
