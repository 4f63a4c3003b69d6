import secrets
from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from operators.models import Operator
from portal import demo
from profiles.actions.exercises import load_exercises
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.templates import delete_template
from profiles.catalog import reading
from profiles.catalog.loading import load_catalog
from profiles.exercises.reading import EXERCISES_FILE
from profiles.models import Option, Role
from users.actions import accounts, operators, passwords, signing_in
from users.history.recording import Actor
from users.models import AuditEntry, User

STAFF_USERNAME = "admin"
PERSON_FIELDS = ("document_number", "first_name", "last_name", "email")


class Command(BaseCommand):
    help = (
        "Carga el catálogo, las prácticas, los operadores y los usuarios de práctica. Se puede repetir: lo que "
        "ya existe queda como está."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--reset",
            action="store_true",
            help="devuelve los operadores de práctica a su estado inicial",
        )

    def handle(self, *, reset, **options):
        if not settings.DEMO:
            raise CommandError(
                "Los datos de práctica tienen claves públicas: solo se cargan con DEMO=true."
            )
        self.stdout.write("Cargando el catálogo de perfiles, roles y opciones…")
        catalog = reading.read(reading.CATALOG_FILE.read_text(encoding="utf-8"))
        load_catalog(catalog, actor=Actor.server())
        with EXERCISES_FILE.open("rb") as file:
            load_exercises(actor=Actor.server(), file=file)
        # In one transaction: an interrupted run has not printed the password that it created.
        with transaction.atomic():
            staff = User.objects.staff().existing().filter(username=STAFF_USERNAME).first()
            new_password = None if staff else secrets.token_urlsafe(15)
            staff = staff or User.objects.create_superuser(STAFF_USERNAME, password=new_password)
            for row in demo.data()["operators"]:
                operator = Operator.objects.filter(ruc=row["ruc"]).first()
                if operator is None:
                    self.stdout.write(f"Creando {row['name']}…")
                    self.load_operator(row, staff)
                elif reset:
                    self.stdout.write(f"Devolviendo a su inicio {row['name']}…")
                    self.reset_operator(operator, row, staff)
        self.print_accounts(new_password)

    def load_operator(self, row: dict, staff: User):
        actor = Actor(staff, AuditEntry.Channel.COMMAND)
        operator = operators.create_operator(
            actor=actor,
            **self.company(row),
            **demo.data()["principal"],
            **self.person(row["principal"]),
        )
        self.load_secondary_users(operator, row)

    def reset_operator(self, operator: Operator, row: dict, staff: User):
        """Restore the starting state through the actions: the history stays."""
        actor = Actor(staff, AuditEntry.Channel.COMMAND)
        company = self.company(row)
        operators.change_operator(
            actor=actor,
            operator=operator,
            name=company["name"],
            operator_types=company["operator_types"],
            is_active=True,
        )
        operators.return_to_real_time(actor=actor, operator=operator)
        operators.set_activation_delay(actor=actor, operator=operator, delay=timedelta())
        for user in operator.users.existing().select_related("operator"):
            signing_in.unlock_user(actor=actor, user=user)
        self.reset_principal(operator, row, actor)
        principal = Actor(operator.users.existing().get(is_principal=True), actor.channel)
        for user in User.objects.secondary().existing().filter(operator=operator):
            accounts.eliminate_user(actor=actor, user=user)
        for template in operator.access_templates.all():
            delete_template(actor=principal, template=template)
        self.load_secondary_users(operator, row)

    def reset_principal(self, operator: Operator, row: dict, actor: Actor):
        username = demo.data()["principal"]["username"]
        existing = operator.users.existing().select_related("operator")
        user = existing.filter(username=username).first()
        if user is None:
            # Another account became the principal, and this one was eliminated.
            former = Actor(existing.get(is_principal=True), actor.channel)
            user = accounts.create_secondary_user(
                actor=former, **demo.data()["principal"], **self.person(row["principal"])
            )
        accounts.reactivate_user(actor=actor, user=user)
        accounts.change_user(
            actor=actor,
            user=user,
            seen=accounts.editable_facts(user),
            email="",
            valid_from=None,
            valid_until=None,
            **self.person(row["principal"]),
        )
        operators.change_principal(actor=actor, user=user)
        signing_in.turn_off_second_factor(actor=actor, user=user)
        user.refresh_from_db()
        if not user.check_password(password := demo.data()["principal"]["password"]):
            passwords.reset_password(actor=actor, user=user, password=password)
        if user.must_change_password:
            # Public on purpose: no change is needed before practising.
            user.must_change_password = False
            user.save(update_fields=["must_change_password"])

    def company(self, row: dict) -> dict:
        return {name: row[name] for name in ("ruc", "name", "operator_types")}

    def load_secondary_users(self, operator: Operator, row: dict):
        principal = operator.users.existing().get(is_principal=True)
        for person in row.get("secondary_users", []):
            self.load_secondary_user(person, Actor(principal, AuditEntry.Channel.COMMAND))

    def load_secondary_user(self, row: dict, principal: Actor):
        seeded = row.get("password_is_seeded", False)
        user = accounts.create_secondary_user(
            actor=principal,
            username=row["username"],
            password=demo.data()["principal"]["password"] if seeded else row["password"],
            **self.person(row),
        )
        if seeded:
            # The only password that breaks the rule: see demo.toml.
            user.set_password(row["password"])
            user.save(update_fields=["password"])
        options = Option.objects.offered_to(user.operator).values_list("code", flat=True)
        roles = Role.objects.offered_to(user.operator).values_list("code", flat=True)
        grants = {"actor": principal, "user": user, "seen": ()}
        assign_options(codes=options[: row.get("options", 0)], **grants)
        assign_roles(codes=roles[: row.get("roles", 0)], **grants)
        if row.get("state") == User.State.SUSPENDED:
            accounts.suspend_user(actor=principal, user=user)

    def person(self, row: dict) -> dict[str, str]:
        person = {field: row[field] for field in PERSON_FIELDS if field in row}
        return {"document_type": row.get("document_type", "1"), **person}

    def print_accounts(self, staff_password: str | None):
        self.stdout.write("\nCuentas de práctica (RUC · usuario · clave):")
        for operator in demo.operators():
            for account in operator["accounts"]:
                self.stdout.write(
                    f"  {operator['ruc']}  {account['username']}  {account['password']}"
                    f"  {operator['name']}"
                )
        if staff_password:
            self.stdout.write(f"Personal para /admin/: {STAFF_USERNAME}, clave {staff_password}")
            self.stdout.write("  Anótela: no se vuelve a mostrar.")
        else:
            self.stdout.write(
                f"Personal para /admin/: {STAFF_USERNAME}, con la clave que se mostró al crearlo"
            )
            self.stdout.write(
                "  Para poner otra: "
                f"DEMO=true .venv/bin/python manage.py changepassword {STAFF_USERNAME}"
            )
