import json
import sys
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from operators.models import Operator
from profiles.access import expectations
from profiles.access.expectations import Catalogue
from profiles.access.judge import Result, State, judge, present
from users.management.accounts import operator_named
from users.signin.throttle import locks_of


class Command(BaseCommand):
    help = (
        "Compara los accesos de un operador con los que un archivo espera (check), o escribe el "
        "archivo de los que hay (write). No cambia nada. check termina con 1 si algo es distinto "
        "y con 2 si el archivo está mal. Ejemplo: access check accesos.toml --ruc 20999999043"
    )

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="command", required=True)
        check = commands.add_parser("check", help="dice en qué difieren los accesos del archivo")
        check.add_argument("file", type=Path, help="archivo TOML de lo que se espera")
        check.add_argument(
            "--json", action="store_true", dest="as_json", help="todos los resultados, en JSON"
        )
        write = commands.add_parser("write", help="escribe el archivo de los accesos que hay")
        for command in (check, write):
            command.add_argument("--ruc", required=True, help="RUC del operador")

    def handle(self, *, command, ruc, **options):
        # Every command of Django has a check of its own.
        run = {"check": self.compare, "write": self.write}[command]
        run(operator_named(ruc), **options)

    def compare(self, operator: Operator, *, file: Path, as_json: bool, **options):
        catalogue = Catalogue.current()
        try:
            with file.open("rb") as content:
                expected = expectations.read_file(content, catalogue)
        except OSError as error:
            raise CommandError(f"No se pudo leer {file}: {error.strerror}", returncode=2) from error
        except expectations.ExpectationsError as error:
            raise CommandError(str(error), returncode=2) from error
        results = judge(expected, State.of(operator, catalogue, expected, locks_of=locks_of))
        self.show(results, as_json)
        if not all(result.ok for result in results):
            sys.exit(1)

    def show(self, results: list[Result], as_json: bool) -> None:
        right = sum(result.ok for result in results)
        counts = {"total": len(results), "ok": right, "different": len(results) - right}
        if as_json:
            answer = {"counts": counts, "results": [asdict(result) for result in results]}
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        for result in results:
            if not result.ok:
                self.stdout.write(result.sentence)
        self.stdout.write(
            "Comprobaciones: {total}. Bien: {ok}. Distintas: {different}.".format(**counts)
        )

    def write(self, operator: Operator, **options):
        state = State.of(operator, Catalogue.current(), locks_of=locks_of)
        self.stdout.write(expectations.toml_of(present(state)), ending="")
