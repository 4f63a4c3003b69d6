import json

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from users.actions import passwords, practice
from users.forms.practice import PracticeCompanyForm
from users.history.recording import Actor
from users.management.accounts import operator_named
from users.signin.password_rules import generate_password


class Command(BaseCommand):
    help = (
        "Crea una empresa de práctica, la devuelve a su inicio, o cierra las que pasaron su último "
        "día. Ejemplo: practice_company create --type AGENTE_ADUANA --days 7"
    )

    def add_arguments(self, parser):
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="crear una, con su usuario principal y su clave")
        create.add_argument(
            "--type", action="append", default=[], help="código de tipo de operador; se repite"
        )
        create.add_argument("--days", default=practice.DAYS, help="cuántos días, contando hoy")
        create.add_argument("--json", action="store_true", dest="in_json", help="responder en JSON")
        reset = acts.add_parser("reset", help="devolver una a como estaba al crearla")
        reset.add_argument("--ruc", required=True, help="RUC de la empresa")
        reset.add_argument(
            "--new-password", action="store_true", help="dar otra clave a su usuario principal"
        )
        close = acts.add_parser("close", help="cerrar las que pasaron su último día")
        close.add_argument("--ruc", help="cerrar en cambio esta, aunque no haya llegado su día")

    def handle(self, *, act, **options):
        if not settings.DEMO:
            raise CommandError("Las empresas de práctica existen solo con DEMO=true.")
        try:
            {"create": self.create, "reset": self.reset, "close": self.close}[act](**options)
        except (PermissionDenied, ValidationError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error

    def create(self, *, type, days, in_json: bool, **options):
        form = PracticeCompanyForm({"types": type, "days": days})
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        company = practice.create(actor=Actor.server(), **form.company())
        as_json = json.dumps(company.facts(), ensure_ascii=False)
        self.stdout.write(as_json if in_json else in_words(company))

    def reset(self, *, ruc, new_password: bool, **options):
        operator, actor = operator_named(ruc), Actor.server()
        practice.reset(actor=actor, operator=operator)
        self.stdout.write(f"{operator}: está como al crearla.")
        if new_password:
            principal = operator.users.select_related("operator").get(is_principal=True)
            password = generate_password()
            passwords.reset_password(
                actor=actor, user=principal, password=password, is_temporary=False
            )
            self.stdout.write(f"Usuario {principal}, clave {password}")

    def close(self, *, ruc, **options):
        if ruc is None:
            count = practice.close_ended(actor=Actor.server())
            self.stdout.write(f"Empresas de práctica cerradas: {count}.")
            return
        operator = operator_named(ruc)
        closed = practice.close(actor=Actor.server(), operator=operator)
        self.stdout.write(f"{operator}: {'se cerró' if closed else 'ya estaba cerrada'}.")


def in_words(company: practice.PracticeCompany) -> str:
    day = company.operator.practice_until
    return (
        "{name}\nRUC {ruc}, usuario {username}, clave {password}\n".format(**company.facts())
        + f"Último día: {day:%d/%m/%Y}. Anote la clave: no se vuelve a mostrar."
    )
