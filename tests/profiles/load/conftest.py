"""Files of users, and the plans made from them."""

import csv
import io

import pytest
from openpyxl import Workbook

from profiles.load import actions, applying, files
from profiles.models import LoadPlan
from profiles.tables import rows
from tests.conftest import acting
from users.history.recording import Actor
from users.models import AuditEntry

HEADINGS = [
    "Usuario",
    "Tipo de documento",
    "Número de documento",
    "Nombres",
    "Apellidos",
    "Clave",
]


def as_csv(*rows, delimiter=",", encoding="utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def new_user(number: int, **cells) -> dict[str, str]:
    """Return a row that creates a user, by heading; ``cells`` adds or replaces cells."""
    return {
        "Usuario": f"NUEVO{number:03}",
        "Tipo de documento": "DNI",
        "Número de documento": str(90001000 + number),
        "Nombres": "Ana",
        "Apellidos": "Ficticia",
        "Clave": "Practica2026",
    } | cells


def table(*people: dict[str, str]) -> list[list[str]]:
    """Return the titles and the rows, with the columns that the people have."""
    titles = list(dict.fromkeys(title for person in people for title in person))
    return [titles, *([person.get(title, "") for title in titles] for person in people)]


def read(content: bytes) -> rows.Sheet:
    return files.read(io.BytesIO(content))


@pytest.fixture
def loader(principal) -> Actor:
    return Actor(principal, AuditEntry.Channel.LOAD, acting(principal).address)


@pytest.fixture
def plan(loader):
    """plan(*people) makes the plan of a file with these rows."""

    def make(*people):
        return actions.make_plan(
            actor=loader,
            operator=loader.user.operator,
            sheet=read(as_csv(*table(*people))),
            file_name="usuarios.csv",
        )

    return make


@pytest.fixture
def apply(loader):
    """apply(plan) applies the whole plan."""

    def run(plan):
        applying.start_applying(actor=loader, plan=plan)
        plan.refresh_from_db()
        applying.keep_applying(actor=loader, plan=plan, seconds=60)
        plan.refresh_from_db()
        assert plan.state == LoadPlan.State.APPLIED
        return plan

    return run
