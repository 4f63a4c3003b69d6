"""How much of everything, made by the actions of a bulk load.

All users share one Argon2 hash: a hundred thousand would take half an hour.
"""

from dataclasses import dataclass
from itertools import cycle, islice, product
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import connection
from stdnum.pe.ruc import calc_check_digit

from operators.models import Operator
from profiles.actions.grants import assign_options, load_access
from profiles.catalog.loading import load_catalog
from profiles.catalog.reading import Catalog
from profiles.models import Option
from users.actions.bulk import load_accounts
from users.actions.operators import create_operator
from users.history.recording import Actor
from users.models import AuditEntry, User
from users.signin.password_rules import generate_password
from users.validators import DocumentType


@dataclass(frozen=True)
class Scale:
    # Secondary users in the portal; as many as at first are in the operator that is compared.
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    largest: int = 10_000  # in another operator, at the last size
    operators: int = 200
    options: int = 60
    more_options: int = 600
    page: int = 50  # of the list, compared with its first page
    warm_up: int = 3  # rounds that are not counted: a process compiles templates and opens files
    samples: int = 100
    clients: int = 16  # at once
    rush: float = 2  # seconds
    loaded: int = 2_000  # rows of a file
    planned: int = 10_000


# Shows that everything is measured, not how much it is.
QUICK = Scale(
    (60, 130), largest=70, operators=3, options=20, more_options=40, page=2, warm_up=0, samples=2,
    clients=2, rush=0.01, loaded=10, planned=20,
)  # fmt: skip

CODE = "BANCO"  # of the one profile and the one operator type
ROLES = [f"{CODE}.BANCO.{letter}" for letter in "ABCDEF"]
PRINCIPAL = "U0000000"
FIRST_NAMES = ("Ana", "Bruno", "Carla", "Diego", "Elena", "Fabián", "Gloria", "Hugo", "Inés")
LAST_NAMES = (
    "Álvarez", "Benites", "Condori", "Díaz", "Espinoza", "Flores", "García", "Huamán", "Ibáñez",
    "Jiménez", "León", "Mamani", "Núñez", "Ortiz", "Pérez", "Quispe", "Rojas", "Sánchez",
    "Ticona", "Ugarte", "Vargas", "Yupanqui", "Zegarra",
)  # fmt: skip
# One of 23 first surnames: some 4 % of the users of each operator.
SEARCHED = "nunez"


def catalogue(options: int) -> Catalog:
    """So many options in folders of twenty, each permitted by one of six roles."""
    own, rows = {"source": "supuesto"}, []
    of_type = {"operator_type": CODE, "permits": "Permite consultar, sin modificar nada."}
    leaf = {"profile": CODE, "purpose": "Aquí se consultaría.", "operator_types": [CODE], **own}
    for folder in (f"99.{number}" for number in range(1, options // 20 + 1)):
        rows.append({"code": folder, "profile": CODE, "name": f"Carpeta {folder}", **own})
        for number in range(1, 21):
            code, name = f"{folder}.1.1.{number}", f"Consulta de la declaración {folder}-{number}"
            role = ROLES[number % len(ROLES)]
            rows.append({"code": code, "parent": folder, "name": name, "roles": [role], **leaf})
    return Catalog(
        operator_types=[{"code": CODE, "name": "Operador de práctica", **own}],
        profiles=[{"code": CODE, "name": "Perfil de práctica", **own}],
        roles=[{"code": code, "name": f"Rol {code[-1]}", **of_type, **own} for code in ROLES],
        options=rows,
        templates=[],
    )


class World:
    """Everything in the portal while the benchmark runs."""

    def __init__(self, scale: Scale) -> None:
        self.scale, self.password = scale, generate_password()
        self.hash = make_password(self.password)
        # Repeated as real names are, but not in the order of the usuarios.
        self.names = cycle(product(FIRST_NAMES, LAST_NAMES[::-1], LAST_NAMES))
        load_catalog(catalogue(scale.options), actor=Actor.server())
        staff = acting(User.objects.create_superuser("banco", password=self.password))
        self.sizes = dict.fromkeys((self.operator(staff, n) for n in range(scale.operators)), 0)
        # Of the same size in every portal; of ten thousand at the end; where users are created.
        self.steady, self.largest, self.growing = islice(self.sizes, 3)

    def operator(self, staff: Actor, number: int) -> Operator:
        ruc = f"2099999{number:03}"
        return create_operator(
            actor=staff,
            ruc=ruc + calc_check_digit(ruc),
            name=f"Empresa {number} de Práctica",
            operator_types=[CODE],
            username=PRINCIPAL,
            password=self.password,
            **self.person(0),
        )

    def person(self, number: int) -> dict[str, str]:
        first_name, *last_names = next(self.names)
        return {
            "document_type": DocumentType.DNI,
            "document_number": str(10_000_000 + number),
            "first_name": first_name,
            "last_name": " ".join(last_names),
            "email": f"u{number}@empresa.example",
        }

    def grow(self, portal: int) -> None:
        """Add users until the portal has so many."""
        wanted = {self.steady: self.scale.sizes[0]}
        if portal == self.scale.sizes[-1]:
            wanted[self.largest] = self.scale.largest
        rest = [operator for operator in self.sizes if operator not in wanted]
        share, left = divmod(portal - sum(wanted.values()), len(rest))
        wanted |= {operator: share + (n < left) for n, operator in enumerate(rest)}
        for operator, size in wanted.items():
            self.add_users(operator, range(self.sizes[operator] + 1, size + 1))
        self.sizes = wanted
        # What autovacuum does on PostgreSQL, and every night on SQLite (docs/operacion.md).
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def add_users(self, operator: Operator, numbers: range) -> None:
        own = {"actor": acting(operator.users.get(is_principal=True)), "operator": operator}
        users = [User(username=f"U{n:07}", password=self.hash, **self.person(n)) for n in numbers]
        load_accounts(new=users, changed=[], **own)
        codes = [option.pk for option in Option.objects.leaves()]
        # The users whose options are changed have all of them.
        options = [
            (user, (), codes if operator == self.steady and n <= 20 else codes[:3])
            for n, user in zip(numbers, users, strict=True)
        ]
        load_access(options=options, roles=[(user, (), ROLES[:1]) for user in users], **own)

    def offer_more_options(self) -> None:
        """Load a larger catalogue, and grant all of it to the first user."""
        load_catalog(catalogue(self.scale.more_options), actor=Actor.server())
        codes = [option.pk for option in Option.objects.leaves()]
        principal, user = self.steady.users.order_by("username")[:2]
        held = user.option_grants.values_list("option_id", flat=True)
        assign_options(actor=acting(principal), user=user, codes=codes, seen=held)

    def write_file(self, path: Path, rows: int, series: int) -> None:
        """A CSV of new users with passwords; users of two series are never the same."""
        titles = "Usuario,Tipo de documento,Número de documento,Nombres,Apellidos,Clave"
        lines = (
            f"{'ABC'[series]}{number:07},DNI,{series + 2}{number:07},{first},{last} {second},"
            f"Clave{number:05}"
            for number, (first, last, second) in enumerate(islice(self.names, rows))
        )
        path.write_text("\n".join([titles, *lines]), encoding="utf-8")


def acting(user: User) -> Actor:
    return Actor(user, AuditEntry.Channel.COMMAND)
