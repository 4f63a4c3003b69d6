import os
import sys
from pathlib import Path
from time import sleep

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.http import Http404

from operators.models import Operator
from profiles.load import actions, applying, files, plans
from profiles.load.export import user_rows
from profiles.models import LoadPlan, Outcome
from profiles.spreadsheet import KINDS, csv_lines
from profiles.tables import rows
from users.history.recording import Actor
from users.management.accounts import operator_named
from users.models import AuditEntry, User
from users.seal import BrokenSealError
from users.stale import StaleError


class Command(BaseCommand):
    help = (
        "Carga masiva de usuarios de un operador: plan, apply y export. "
        "Ejemplo: users plan --ruc 20999999043 usuarios.csv"
    )
    # Seconds of hashing between two updates of the progress bar.
    STRETCH = 1

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="command", required=True)
        plan = commands.add_parser("plan", help="dice qué haría un archivo; no cambia ningún usuario")  # fmt: skip
        plan.add_argument("file", type=Path, help="archivo CSV o XLSX")
        plan.add_argument(
            "--accept",
            action="store_true",
            help="acepta las correcciones propuestas, si bastan para que no quede ningún error",
        )
        apply = commands.add_parser("apply", help="aplica un plan, o sigue con uno que se detuvo")
        apply.add_argument("plan", type=int, help="número del plan")
        apply.add_argument(
            "--claves",
            type=Path,
            help="archivo nuevo para las claves generadas, que se entregan una sola vez",
        )
        export = commands.add_parser("export", help="escribe los usuarios que hay")
        export.add_argument("--format", choices=KINDS, default="csv")
        export.add_argument("--output", type=Path, help="archivo; sin él, la salida estándar")
        for command in (plan, apply, export):
            command.add_argument("--ruc", required=True, help="RUC del operador")
        for command in (plan, apply):
            command.add_argument(
                "--by", help="cuenta del personal que lo hace; hace falta si hay más de una"
            )

    def handle(self, *, command, ruc, **options):
        getattr(self, command)(operator_named(ruc), **options)

    def plan(self, operator: Operator, *, file: Path, accept: bool, by, **options):
        actor = self.staff(by)
        try:
            with file.open("rb") as content:
                sheet = files.read(content)
        except (OSError, rows.FileError) as error:
            raise CommandError(f"{file}: {error}") from error
        plan = actions.make_plan(actor=actor, operator=operator, sheet=sheet, file_name=file.name)
        if accept:
            actions.accept_corrections(actor=actor, plan=plan)
        counts = plan.counts()
        for outcome in Outcome:
            self.stdout.write(f"{outcome.label}: {counts[outcome]}")
        for note in plan.notes:
            self.stdout.write(note)
        for row in plan.rows.filter(outcome=Outcome.ERROR).iterator(chunk_size=500):
            for column, value, sentence, corrected in row.problems:
                said = f" «{value}»" if value else ""
                meant = f" ¿Quiso decir {corrected}?" if corrected else ""
                self.stdout.write(f"fila {row.number}, {column}{said}: {sentence}.{meant}")
        if counts[Outcome.ERROR]:
            raise CommandError("Corrija el archivo: un plan con errores no se aplica.")
        for row in plan.rows.exclude(notices=[]).iterator(chunk_size=500):
            for column, value, sentence, corrected in row.notices:
                said = f" «{value}»" if value else ""
                used = f": {corrected}" if corrected else ""
                self.stdout.write(f"fila {row.number}, {column}{said}: {sentence}{used}.")
        self.stdout.write(f"Plan {plan.pk}. Para aplicarlo: users apply --ruc {operator.ruc} {plan.pk}")  # fmt: skip

    def apply(self, operator: Operator, *, plan: int, claves: Path | None, by, **options):
        actor = self.staff(by)
        plan = LoadPlan.objects.select_related("operator").filter(pk=plan, operator=operator).first()  # fmt: skip
        if plan is None:
            raise CommandError("Ese operador no tiene un plan con ese número.")
        if plan.to_hand_over.exists() and claves is None:
            raise CommandError("El plan genera claves: indique con --claves en qué archivo nuevo.")
        if claves is not None and claves.exists():
            raise CommandError(f"{claves} ya existe. Indique otro.")
        try:
            applying.start_applying(actor=actor, plan=plan)
            plan.refresh_from_db(fields=["state"])
            while plan.state == LoadPlan.State.APPLYING:
                if not applying.keep_applying(actor=actor, plan=plan, seconds=self.STRETCH):
                    sleep(self.STRETCH)
                plan.refresh_from_db(fields=["state", "rate"])
                self.show(plan)
            counts = plan.counts()
            self.stdout.write(
                f"Creados: {counts[Outcome.CREATE]}. Modificados: {counts[Outcome.CHANGE]}."
            )
            if claves is not None:
                self.hand_over(actor, plan, claves)
        except ValidationError as error:
            raise CommandError(f"No se aplicó. {'. '.join(error.messages)}. Haga otro plan.") from error  # fmt: skip
        except StaleError as error:
            raise CommandError("No se aplicó. Los datos cambiaron desde que se hizo el plan. Haga otro plan.") from error  # fmt: skip
        except applying.PlanWithErrorsError as error:
            raise CommandError("Corrija el archivo: un plan con errores no se aplica.") from error
        except plans.OldPlanError as error:
            raise CommandError("El plan es demasiado antiguo. Haga otro.") from error
        except BrokenSealError as error:
            raise CommandError("Las claves del plan ya no se pueden leer. Haga otro plan, o restablezca la clave de quien no la tenga.") from error  # fmt: skip
        except (Http404, LoadPlan.DoesNotExist) as error:
            raise CommandError("El plan ya no está: alguien lo descartó. Haga otro.") from error
        except OSError as error:
            raise CommandError(f"No se pudo escribir {claves}: {error.strerror}. Las claves siguen guardadas: indique otro archivo.") from error  # fmt: skip

    def hand_over(self, actor: Actor, plan: LoadPlan, path: Path) -> None:
        # Only the owner may read the file. The passwords are erased once they are on the disk.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with transaction.atomic(), os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:  # fmt: skip
                rows = applying.hand_over(actor=actor, plan=plan)
                file.writelines(csv_lines([["Usuario", "Clave temporal"], *rows]))
                file.flush()
                os.fsync(descriptor)
        except BaseException:
            path.unlink()
            raise
        self.stdout.write(f"Claves generadas: {len(rows)}, en {path}.")

    def export(self, operator: Operator, *, format, output: Path | None, **options):
        users = User.objects.secondary().existing().filter(operator=operator).order_by("username")
        write, _ = KINDS[format]
        if output is None:
            with open(sys.stdout.fileno(), "wb", closefd=False) as file:
                write(user_rows(users), file)
            return
        try:
            with output.open("xb") as file:
                try:
                    write(user_rows(users), file)
                except BaseException:
                    # Part of the users is no export.
                    output.unlink()
                    raise
        except OSError as error:
            raise CommandError(f"No se pudo escribir {output}: {error.strerror}.") from error

    def show(self, plan: LoadPlan) -> None:
        if not self.stderr.isatty():
            return
        if plan.state != LoadPlan.State.APPLYING:
            self.stderr.write("")
            return
        progress = applying.Progress.of(plan)
        bar = "█" * (progress.percent // 5)
        self.stderr.write(
            f"\r{bar:░<20} {progress.done} de {progress.total}, {progress.rate:.0f} por segundo, "
            f"faltan {progress.seconds_left} s  ",
            ending="",
        )

    def staff(self, username: str | None) -> Actor:
        staff = User.objects.staff().existing()
        if username:
            staff = staff.filter(username=username)
        if len(found := list(staff[:2])) != 1:
            raise CommandError("Indique con --by una cuenta del personal, la que hace la carga.")
        return Actor(found[0], AuditEntry.Channel.LOAD)
