"""Operators, users, grants and history in bulk.

Written around the actions, which nothing else may do: they would take an hour. One Argon2 hash is
shared by all users of the benchmark, for a hundred thousand would take half of one; verifying it
costs the same as any.
"""

import csv
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, cycle, islice, product, repeat
from pathlib import Path

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone
from stdnum.pe.ruc import calc_check_digit

from operators.models import Operator
from profiles.catalog import reading
from profiles.catalog.loading import load_catalog
from profiles.models import Option, OptionGrant, Role, RoleGrant
from tests.bench.progress import bar
from tests.bench.scale import Scale
from users.models import AuditEntry, User
from users.signin.password_rules import generate_password
from users.validators import DocumentType

PROFILE, OPERATOR_TYPE = "BANCO", "BANCO"
# The usuario of each principal.
PRINCIPAL = "U0000000"
FOLDER_SIZE = 20
ROLES = 6
# Of an ordinary user; those of ``subjects`` have every option.
OPTIONS_OF_A_USER, ROLES_OF_A_USER = 3, 1
SUBJECTS = 20
AT_ONCE = 2_000

FIRST_NAMES = (
    "Ana", "Bruno", "Carla", "Diego", "Elena", "Fabián", "Gloria", "Hugo", "Inés", "José",
    "Karina", "Luis", "María", "Néstor", "Olga", "Pedro", "Rosa", "Sofía", "Tomás", "Yolanda",
)  # fmt: skip
LAST_NAMES = (
    "Álvarez", "Benites", "Condori", "Díaz", "Espinoza", "Flores", "García", "Huamán", "Ibáñez",
    "Jiménez", "León", "Mamani", "Núñez", "Ortiz", "Pérez", "Quispe", "Rojas", "Sánchez",
    "Ticona", "Ugarte", "Vargas", "Yupanqui", "Zegarra",
)  # fmt: skip
# One of 23 first surnames: some 4 % of the people of each operator.
SEARCHED = "nunez"


def catalogue(options: int) -> reading.Catalog:
    """So many options, in folders of twenty, and each asks for a role."""
    roles = [f"BANCO.BANCO.{'ABCDEF'[number]}" for number in range(ROLES)]
    own = {"source": "supuesto"}
    rows = []
    for number in range(options):
        folder = f"99.{number // FOLDER_SIZE + 1}"
        if number % FOLDER_SIZE == 0:
            name = f"Carpeta {number // FOLDER_SIZE + 1} de práctica"
            rows.append({"code": folder, "profile": PROFILE, "name": name, **own})
        rows.append(
            {
                "code": f"{folder}.1.1.{number % FOLDER_SIZE + 1}",
                "profile": PROFILE,
                "parent": folder,
                "name": f"Consulta de la declaración número {number + 1}",
                "purpose": "Aquí se consultaría.",
                "operator_types": [OPERATOR_TYPE],
                "roles": [roles[number % ROLES]],
                **own,
            }
        )
    return reading.Catalog(
        operator_types=[{"code": OPERATOR_TYPE, "name": "Operador de práctica", **own}],
        profiles=[{"code": PROFILE, "name": "Perfil de práctica", **own}],
        roles=[
            {
                "code": code,
                "name": f"Rol {code[-1]} de práctica",
                "operator_type": OPERATOR_TYPE,
                "permits": "Permite consultar, sin modificar nada.",
                **own,
            }
            for code in roles
        ],
        options=rows,
        templates=[],
    )


def people() -> Iterator[dict[str, str]]:
    """Names that repeat themselves, as people's do, but not in the order of their usuarios."""
    for first, last, second in cycle(product(FIRST_NAMES, LAST_NAMES[::-1], LAST_NAMES)):
        yield {"first_name": first, "last_name": f"{last} {second}"}


class World:
    """All that there is, as long as the benchmark lasts."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.clave = generate_password()
        self.hash = make_password(self.clave)
        self.people = people()
        self.audited = 0
        load_catalog(catalogue(scale.options))
        self.staff = User.objects.create_superuser("banco", password=self.clave)
        bodies = [f"2099999{number:03}" for number in range(scale.operators)]
        self.operators = Operator.objects.bulk_create(
            Operator(ruc=body + calc_check_digit(body), name=f"Empresa {body[-3:]} de Práctica")
            for body in bodies
        )
        through = Operator.operator_types.through
        through.objects.bulk_create(
            through(operator=operator, operatortype_id=OPERATOR_TYPE) for operator in self.operators
        )
        self.principals = User.objects.bulk_create(
            self.user(operator, 0, is_principal=True) for operator in self.operators
        )
        self.sizes = dict.fromkeys(self.operators, 0)

    @property
    def steady(self) -> Operator:
        """As many users at each size of the portal, so that pages can be compared."""
        return self.operators[0]

    @property
    def largest(self) -> Operator:
        """With ten thousand users, once there are a hundred thousand in the portal."""
        return self.operators[1]

    @property
    def growing(self) -> Operator:
        """Where users are created and loaded."""
        return self.operators[2]

    def user(self, operator: Operator, number: int, **facts) -> User:
        user = User(
            operator=operator,
            username=f"U{number:07}",
            password=self.hash,
            document_type=DocumentType.DNI,
            document_number=str(10_000_000 + number),
            email=f"u{number}@empresa.example",
            **next(self.people),
            **facts,
        )
        user.index()
        return user

    def grow(self, portal: int) -> None:
        """Until there are so many secondary users, spread as ``Scale`` says."""
        wanted = {self.steady: self.scale.steady}
        if portal == self.scale.sizes[-1]:
            wanted[self.largest] = self.scale.largest
        rest = [operator for operator in self.operators if operator not in wanted]
        share, left = divmod(portal - sum(wanted.values()), len(rest))
        wanted |= {operator: share + (n < left) for n, operator in enumerate(rest)}
        new = (
            self.user(operator, number)
            for operator, size in wanted.items()
            for number in range(self.sizes[operator] + 1, size + 1)
        )
        missing = portal - sum(self.sizes.values())
        batches = bar(f"{portal} usuarios", in_batches(new), -(-missing // AT_ONCE))
        for batch in batches:
            self.keep(batch)
        self.sizes = wanted
        self.remember(max(self.scale.audit if portal == self.scale.sizes[-1] else 0, portal))
        # What autovacuum does on PostgreSQL, and every night on SQLite (docs/operacion.md).
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def keep(self, users: list[User]) -> None:
        users = User.objects.bulk_create(users)
        options = [option.pk for option in Option.objects.leaves()]
        roles = [role.pk for role in Role.objects.all()]
        now = timezone.now()
        principal_of = {principal.operator_id: principal for principal in self.principals}

        def given(user: User) -> dict:
            by = principal_of[user.operator_id]
            return {"user": user, "granted_by": by, "granted_at": now, "effective_at": now}

        OptionGrant.objects.bulk_create(
            OptionGrant(option_id=code, **given(user))
            for user in users
            for code in (options if self.is_subject(user) else options[:OPTIONS_OF_A_USER])
        )
        RoleGrant.objects.bulk_create(
            RoleGrant(role_id=code, **given(user))
            for user in users
            for code in roles[:ROLES_OF_A_USER]
        )
        self.record("user.created", users, {"username": "", "state": User.State.ACTIVE})

    def is_subject(self, user: User) -> bool:
        """Whether it is one of those whose options are changed."""
        return user.operator == self.steady and user.username <= f"U{SUBJECTS:07}"

    def record(self, action: str, users: list[User], after: dict) -> None:
        principal_of = {principal.operator_id: principal for principal in self.principals}
        AuditEntry.objects.bulk_create(
            AuditEntry(
                action=action,
                actor=principal_of[user.operator_id],
                operator_id=user.operator_id,
                subject=user,
                after={**after, "username": user.username} if "username" in after else after,
                channel=AuditEntry.Channel.WEB,
                address="192.0.2.1",
            )
            for user in users
        )
        self.audited += len(users)

    def remember(self, entries: int) -> None:
        """Until the history has so many entries."""
        missing = entries - self.audited
        if missing <= 0:
            return
        # Not those of one operator after another.
        users = User.objects.secondary().only("operator_id", "username").order_by("document_number")
        again = chain.from_iterable(map(type(users).iterator, repeat(users)))
        changed = islice(again, missing)
        after = {"codes": [f"99.1.1.1.{number}" for number in range(1, OPTIONS_OF_A_USER + 1)]}
        for batch in bar(f"{entries} movimientos", in_batches(changed), -(-missing // AT_ONCE)):
            self.record("options.assigned", batch, after)

    def offer_more_options(self) -> None:
        """A larger catalogue, all of it for the first of the subjects."""
        load_catalog(catalogue(self.scale.more_options))
        user = self.steady.users.get(username="U0000001")
        now = timezone.now()
        held = set(user.option_grants.values_list("option_id", flat=True))
        OptionGrant.objects.bulk_create(
            OptionGrant(
                user=user,
                option_id=option.pk,
                granted_by=self.principals[0],
                granted_at=now,
                effective_at=now,
            )
            for option in Option.objects.leaves()
            if option.pk not in held
        )

    def session_of_the_bare_page(self) -> str:
        """The cookie of somebody who is in there: staff, for whom Django asks no more than usual."""
        session = SessionStore()
        session[SESSION_KEY] = str(self.staff.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = self.staff.get_session_auth_hash()
        session.set_expiry(timedelta(days=1))
        session.create()
        return session.session_key

    def write_file(self, path: Path, rows: int, series: str) -> None:
        """A file of new users with claves, none of whom is in another series."""
        titles = (
            "Usuario",
            "Tipo de documento",
            "Número de documento",
            "Nombres",
            "Apellidos",
            "Clave",
        )
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(titles)
            for number, person in zip(range(rows), self.people, strict=False):
                document = f"{'ABC'.index(series) + 2}{number:07}"
                writer.writerow(
                    [f"{series}{number:07}", "DNI", document, *person.values(), f"Clave{number:05}"]
                )


def in_batches(users) -> Iterator[list[User]]:
    users = iter(users)
    while batch := list(islice(users, AT_ONCE)):
        yield batch
