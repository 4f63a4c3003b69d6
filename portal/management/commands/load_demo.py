import secrets

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from operators.models import Operator
from portal import demo
from profiles import catalog
from profiles.actions import assign_options, assign_roles, load_catalog, offered_roles
from profiles.models import Option, OptionGrant, RoleGrant
from users import actions
from users.audit import Actor
from users.models import AuditEntry, User

STAFF_USERNAME = "admin"
PERSON_FIELDS = ("document_number", "first_name", "last_name", "email")


class Command(BaseCommand):
    help = (
        "Carga el catálogo, los operadores y los usuarios de práctica. Se puede repetir: lo que "
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
        load_catalog(catalog.read(catalog.CATALOG_FILE.read_text(encoding="utf-8")))
        staff = self.staff()
        with transaction.atomic():
            if reset:
                self.remove_operators()
            for operator in demo.data()["operators"]:
                if not Operator.objects.filter(ruc=operator["ruc"]).exists():
                    self.load_operator(operator, staff)
        self.print_accounts()

    def staff(self) -> User:
        """The staff account; its clave is random and printed only when it is made."""
        known = User.objects.staff().existing().filter(username=STAFF_USERNAME).first()
        if known:
            return known
        password = secrets.token_urlsafe(15)
        self.stdout.write(f"Personal para /admin/: {STAFF_USERNAME}, clave {password}")
        self.stdout.write("Esa clave no se vuelve a mostrar.\n")
        return User.objects.create_superuser(STAFF_USERNAME, password=password)

    def remove_operators(self):
        rucs = [operator["ruc"] for operator in demo.data()["operators"]]
        users = User.objects.filter(operator__ruc__in=rucs)
        for grants in (OptionGrant, RoleGrant):
            grants.objects.filter(user__in=users).delete()
        AuditEntry.objects.filter(operator__ruc__in=rucs).delete()
        users.delete()
        Operator.objects.filter(ruc__in=rucs).delete()

    def load_operator(self, row: dict, staff: User):
        command = AuditEntry.Channel.COMMAND
        operator = actions.create_operator(
            actor=Actor(staff, command),
            ruc=row["ruc"],
            name=row["name"],
            operator_types=row["operator_types"],
            **demo.data()["principal"],
            **self.person(row["principal"]),
        )
        principal = Actor(operator.users.get(), command)
        for person in row.get("secondary_users", []):
            self.load_secondary_user(person, principal)

    def load_secondary_user(self, row: dict, principal: Actor):
        seeded = row.get("password_is_seeded", False)
        user = actions.create_secondary_user(
            actor=principal,
            username=row["username"],
            password=demo.data()["principal"]["password"] if seeded else row["password"],
            **self.person(row),
        )
        if seeded:
            # The only clave that goes round the rule: see demo.toml.
            user.set_password(row["password"])
            user.save(update_fields=["password"])
        options = Option.objects.offered_to(user.operator).values_list("code", flat=True)
        roles = offered_roles(user.operator).values_list("code", flat=True)
        grants = {"actor": principal, "user": user, "seen": ()}
        assign_options(codes=options[: row.get("options", 0)], **grants)
        assign_roles(codes=roles[: row.get("roles", 0)], **grants)
        if row.get("state") == User.State.SUSPENDED:
            actions.suspend_user(actor=principal, user=user)

    def person(self, row: dict) -> dict[str, str]:
        person = {field: row[field] for field in PERSON_FIELDS if field in row}
        return {"document_type": row.get("document_type", "1"), **person}

    def print_accounts(self):
        self.stdout.write("Operadores de práctica (RUC · usuario · clave):")
        for operator in demo.operators():
            for account in operator["accounts"]:
                self.stdout.write(
                    f"  {operator['ruc']}  {account['username']}  {account['password']}"
                    f"  {operator['name']}"
                )
