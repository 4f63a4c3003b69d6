from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from profiles.catalog import reading
from profiles.catalog.loading import load_catalog
from users.history.recording import Actor


class Command(BaseCommand):
    help = "Carga el catálogo de tipos de operador, perfiles, opciones y roles. Se puede repetir."

    def add_arguments(self, parser):
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=reading.CATALOG_FILE,
            help="archivo TOML del catálogo; por defecto, el que viene con el portal",
        )

    def handle(self, *, file, **options):
        try:
            with file.open("rb") as content:
                tally = load_catalog(reading.read_file(content), actor=Actor.server())
        except OSError as error:
            raise CommandError(f"No se pudo leer {file}: {error}") from error
        except reading.CatalogError as error:
            raise CommandError("\n".join(error.problems)) from error
        self.stdout.write(
            "Catálogo: {created} filas nuevas, {changed} cambiadas, {retired} retiradas, "
            "{unchanged} sin cambios.".format(**tally)
        )
