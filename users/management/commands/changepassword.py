import getpass

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from users.actions.passwords import reset_password
from users.history.recording import Actor
from users.management.accounts import account_named, staff_named
from users.models import AuditEntry, User
from users.signin.password_rules import advice_on_password
from users.validators import normalise_password


class Command(BaseCommand):
    """Replaces Django's command: here a usuario is unique only within its operator."""

    help = (
        "Cambia la clave de una cuenta del personal o, con --ruc y --by, la de un usuario de un "
        "operador. La clave se pide dos veces y no se muestra."
    )
    ATTEMPTS = 3

    def add_arguments(self, parser):
        parser.add_argument(
            "username",
            nargs="?",
            help="usuario; sin él, la cuenta del personal que se llama como quien usa el sistema",
        )
        parser.add_argument("--ruc", help="RUC del operador del usuario")
        parser.add_argument("--by", help="cuenta del personal que hace el cambio; va con --ruc")

    def handle(self, *, username, ruc, by, **options):
        if ruc is None and by is None:
            user = staff_named(username or getpass.getuser())
            actor = Actor.server()
        elif username and ruc is not None and by is not None:
            user = account_named(ruc, username)
            actor = Actor(staff_named(by), AuditEntry.Channel.COMMAND)
        else:
            raise CommandError(
                "Para un usuario de un operador indique su usuario, --ruc y --by con la cuenta "
                "del personal que hace el cambio."
            )
        self.ask(user, lambda password: reset_password(actor=actor, user=user, password=password))
        self.stdout.write(f"Se cambió la clave de {user}.")

    def ask(self, user: User, change) -> None:
        """Ask for a password, typed twice, until ``change`` accepts it; raises CommandError."""
        for _ in range(self.ATTEMPTS):
            password = self.typed(f"Clave nueva de {user}: ")
            again = self.typed("Otra vez la clave nueva: ")
            if normalise_password(password) != normalise_password(again):
                self.stderr.write("Las dos claves no son iguales.")
                continue
            try:
                change(password)
            except ValidationError as error:
                self.stderr.write("\n".join(error.messages))
                continue
            if advice := advice_on_password(password, user):
                self.stderr.write(advice)
            return
        raise CommandError(f"No se cambió la clave de {user}: fueron {self.ATTEMPTS} intentos.")

    def typed(self, prompt: str) -> str:
        password = getpass.getpass(prompt)
        if not password:
            raise CommandError("Cancelado: no se escribió ninguna clave.")
        return password
