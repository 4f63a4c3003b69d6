from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from profiles.catalog import menu_page, reading
from profiles.catalog.export import current_catalog, toml_of
from profiles.catalog.loading import load_catalog
from profiles.models import OWN_MENU
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
        parser.add_argument(
            "--from-menu",
            type=Path,
            metavar="PÁGINA",
            help="no carga nada: escribe las filas de un menú guardado, para revisarlas e importarlas",
        )
        parser.add_argument(
            "--type",
            action="append",
            metavar="TIPO",
            help="con --from-menu, el código de un tipo de operador al que se ofrecen las opciones "
            "nuevas; se puede repetir; por defecto, todos",
        )

    def handle(self, *, file, from_menu, type, **options):
        try:
            with (from_menu or file).open("rb") as content:
                if from_menu:
                    self.print_rows(content, type)
                    return
                tally = load_catalog(reading.read_file(content), actor=Actor.server())
        except OSError as error:
            raise CommandError(f"No se pudo leer {from_menu or file}: {error}") from error
        except reading.CatalogError as error:
            raise CommandError("\n".join(error.problems)) from error
        self.stdout.write(
            "Catálogo: {created} filas nuevas, {changed} cambiadas, {retired} retiradas, "
            "{unchanged} sin cambios.".format(**tally)
        )

    def print_rows(self, page, types: list[str] | None) -> None:
        """Print the rows of a saved menu; the catalogue that is loaded says what the menu does not."""
        known = current_catalog()
        codes = [row["code"] for row in known.operator_types]
        if unknown := {*(types or [])} - {*codes}:
            raise CommandError(f"No existe el tipo de operador {', '.join(sorted(unknown))}.")
        rows = menu_page.rows_of(
            menu_page.read_names(page),
            known=known,
            operator_types=types or codes,
            source=f"{OWN_MENU}, {timezone.localdate():%Y-%m-%d}",
        )
        self.stdout.write("".join(toml_of(rows)), ending="")
