from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from portal import environment
from portal.health import what_is_missing

TARGET = "target"
# ``migrate`` itself fills these two, with numbers that may differ from those of the source.
FILLED_BY_MIGRATE = ("contenttypes.contenttype", "auth.permission")


class Command(BaseCommand):
    help = (
        "Copia todo lo que hay en la base SQLite del portal a una base PostgreSQL vacía: cuentas "
        "con sus claves, permisos, sesiones, historial. La base SQLite queda como está. El portal "
        "debe estar detenido."
    )

    def add_arguments(self, parser):
        parser.add_argument("url", help="la base nueva: postgres://usuario:clave@servidor/base")

    def handle(self, *, url, **options):
        target = self.connect(url)
        models = [
            model
            for model in apps.get_models(include_auto_created=True)
            if model._meta.can_migrate(target)
        ]
        try:
            self.require_source_at_rest()
            self.require_empty(target, models)
            self.stdout.write("Creando las tablas…")
            call_command("migrate", database=TARGET, verbosity=0, skip_checks=False)
            # On SQLite the first one keeps every other program from writing meanwhile.
            with transaction.atomic(), transaction.atomic(using=TARGET):
                # Its permissions go with it.
                ContentType.objects.using(TARGET).all().delete()
                rows = sum(self.copy(model) for model in models)
                with target.cursor() as cursor:
                    for statement in target.ops.sequence_reset_sql(no_style(), models):
                        cursor.execute(statement)
                target.check_constraints()
        except DatabaseError as error:
            raise CommandError(f"No se pasó nada: {error}") from error
        self.stdout.write(
            f"Listo: {rows} filas, y en las dos bases las mismas de cada tabla. Ponga la base "
            "nueva en DATABASE_URL e inicie el portal."
        )

    def connect(self, url: str) -> BaseDatabaseWrapper:
        """Return a connection to the target; raises CommandError unless it is PostgreSQL."""
        try:
            settings = environment.database_at(url, name="La base nueva")
        except ImproperlyConfigured as error:
            raise CommandError(error) from error
        if settings.get("ENGINE") != "django.db.backends.postgresql":
            raise CommandError("La base nueva debe ser PostgreSQL: postgres://…")
        # The handler completes the settings of its default database only as a whole.
        connections.databases[TARGET] = connections.configure_settings({"default": settings})[
            "default"
        ]
        return connections[TARGET]

    def require_source_at_rest(self) -> None:
        """Raise CommandError unless it is SQLite, up to date, and no other program has it open."""
        if connection.vendor != "sqlite":
            raise CommandError("La base de ahora ya es PostgreSQL: se copia con pg_dump.")
        if reason := what_is_missing():
            raise CommandError(f"La base de ahora no está lista. {reason}")
        try:
            with connection.cursor() as cursor:
                # SQLite changes the mode only for the last program that has the file open.
                cursor.execute("PRAGMA journal_mode=DELETE")
        except OperationalError as error:
            raise CommandError("Otro programa usa la base: detenga el portal y repita.") from error

    def require_empty(self, target: BaseDatabaseWrapper, models: list) -> None:
        tables = target.introspection.table_names()
        for model in models:
            if model._meta.label_lower in FILLED_BY_MIGRATE or model._meta.db_table not in tables:
                continue
            if model._base_manager.using(TARGET).exists():
                raise CommandError(
                    f"La base nueva no está vacía: ya tiene {model._meta.verbose_name_plural}. "
                    "Cree otra con createdb."
                )

    def copy(self, model) -> int:
        """Insert every row as it is, with its key and its dates; return how many there are.

        Raises CommandError for a row that PostgreSQL does not take, and if a row is missing.
        """
        rows = model._base_manager.all()
        for row in rows.iterator(chunk_size=500):
            try:
                row.save_base(raw=True, force_insert=True, using=TARGET)
            except DatabaseError as error:
                raise CommandError(
                    f"No se pasó nada: PostgreSQL no acepta {model._meta.verbose_name} "
                    f"{row.pk}: {error}"
                ) from error
        if (count := rows.count()) != model._base_manager.using(TARGET).count():
            raise CommandError(f"No se pasó nada: faltan {model._meta.verbose_name_plural}.")
        if count and not model._meta.auto_created:
            self.stdout.write(f"{model._meta.verbose_name_plural}: {count}")
        return count
