from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from users.actions import operators
from users.history.recording import Actor
from users.management.accounts import operator_named
from users.models import AuditEntry, User
from users.validators import parse_lead


class Command(BaseCommand):
    help = (
        "Muestra el reloj simulado de un operador, lo adelanta o lo vuelve a la hora real. "
        "Ejemplo: clock --ruc 20999999043 --advance 24h"
    )

    def add_arguments(self, parser):
        parser.add_argument("--ruc", required=True, help="RUC del operador")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--advance", help="cuánto adelantarlo: 24h, 7d")
        change.add_argument("--real", action="store_true", help="volver a la hora real")
        parser.add_argument(
            "--by", help="cuenta del personal que lo mueve; hace falta si hay más de una"
        )

    def handle(self, *, ruc, advance, real, by, **options):
        operator = operator_named(ruc)
        if advance or real:
            actor = Actor(self.staff(by), AuditEntry.Channel.COMMAND)
            try:
                if real:
                    operators.return_to_real_time(actor=actor, operator=operator)
                else:
                    operators.advance_clock(actor=actor, operator=operator, by=parse_lead(advance))
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        lead = f"adelantado {operator.clock_lead}" if operator.clock_is_simulated else "hora real"
        now = timezone.localtime(operator.now())
        self.stdout.write(f"{operator}: {now:%d/%m/%Y %H:%M} ({lead})")

    def staff(self, username: str | None) -> User:
        staff = User.objects.staff().existing()
        if username:
            staff = staff.filter(username=username)
        if len(found := list(staff[:2])) != 1:
            raise CommandError("Indique con --by una cuenta del personal, la que mueve el reloj.")
        return found[0]
