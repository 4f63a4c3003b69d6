from django.core.management.base import BaseCommand, CommandError

from users.actions import signing_in
from users.history.recording import Actor
from users.management.accounts import account_named, staff_named
from users.models import AuditEntry


class Command(BaseCommand):
    help = (
        "Quita el segundo factor a quien perdió su teléfono y sus códigos de recuperación "
        "(second_factor --off admin; de un operador, también --ruc y --by), o sella de nuevo los "
        "secretos antes de retirar una SECRET_KEY anterior (second_factor --reseal)."
    )

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--off", metavar="USUARIO", help="a quién quitarle el segundo factor")
        what.add_argument(
            "--reseal", action="store_true", help="sellar los secretos con la SECRET_KEY de ahora"
        )
        parser.add_argument("--ruc", help="RUC del operador del usuario")
        parser.add_argument("--by", help="cuenta del personal que lo quita; va con --ruc")

    def handle(self, *, off, reseal, ruc, by, **options):
        if reseal:
            count = signing_in.seal_secrets_anew(actor=Actor.server())
            self.stdout.write(f"Secretos sellados con la clave de ahora: {count}.")
            return
        if (ruc is None) != (by is None):
            raise CommandError("Para un usuario de un operador indique --ruc y --by.")
        user = staff_named(off) if ruc is None else account_named(ruc, off)
        # Of staff the server removes it: the account may be the last one.
        actor = Actor(staff_named(by), AuditEntry.Channel.COMMAND) if by else Actor.server()
        done = signing_in.turn_off_second_factor(actor=actor, user=user)
        self.stdout.write(
            f"Se quitó el segundo factor de {user}." if done else f"{user} no tenía segundo factor."
        )
