from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from profiles.access.expectations import ExpectationsError
from profiles.actions.exercises import load_exercises
from profiles.exercises.reading import EXERCISES_FILE
from users.history.recording import Actor


class Command(BaseCommand):
    help = "Carga las prácticas de un archivo: las nuevas y las que cambian; las demás quedan."

    def add_arguments(self, parser):
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=EXERCISES_FILE,
            help="archivo TOML de prácticas; por defecto, el que viene con el portal",
        )

    def handle(self, *, file, **options):
        try:
            with file.open("rb") as content:
                codes = load_exercises(actor=Actor.server(), file=content)
        except OSError as error:
            raise CommandError(f"No se pudo leer {file}: {error.strerror}") from error
        except ExpectationsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Prácticas nuevas o cambiadas: {', '.join(codes) or 'ninguna'}.")
