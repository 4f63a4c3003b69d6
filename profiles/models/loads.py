"""The plan of a load (Carga masiva) and its rows."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from operators.models import Operator
from users.models import User


class Outcome(models.TextChoices):
    """What a row of a file would do."""

    ERROR = "error", "Con error"
    CREATE = "create", "Nuevo"
    CHANGE = "change", "Con cambios"
    UNCHANGED = "unchanged", "Sin cambios"


class LoadPlanQuerySet(models.QuerySet):
    def kept(self):
        """Return the plans that are not too old."""
        return self._by_age(since__gte=LoadPlan.oldest())

    def too_old(self):
        """Return the plans that are kept no longer."""
        return self._by_age(since__lt=LoadPlan.oldest())

    def _by_age(self, **condition):
        return self.alias(since=Coalesce("applied_at", "made_at")).filter(**condition)


class LoadPlan(models.Model):
    """What a file of users would do to an operator, read before it is applied (profiles.load).

    Kept for ``LOAD_PLAN_AGE`` after it was made, and again after it was applied. Then no screen
    shows it, and the next plan deletes its rows. The history keeps what was done.
    """

    class State(models.TextChoices):
        READY = "ready", "Por aplicar"
        APPLYING = "applying", "Aplicándose"
        STALE = "stale", "Desactualizado"
        APPLIED = "applied", "Aplicado"

    operator = models.ForeignKey(
        Operator, verbose_name="operador", on_delete=models.PROTECT, related_name="load_plans"
    )
    made_by = models.ForeignKey(
        User, verbose_name="hecho por", on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField("hecho", auto_now_add=True)
    applied_at = models.DateTimeField("aplicado", null=True)
    state = models.CharField("estado", max_length=10, choices=State, default=State.READY)
    file_name = models.CharField("archivo", max_length=100)
    # Until when one request has the work on the plan to itself, and the rate of its last hashes.
    worked_until = models.DateTimeField("trabajado hasta", null=True)
    rate = models.FloatField("claves por segundo", default=0, db_default=0)
    # The names of the columns of the file. Facts without a column stay as they are.
    columns = models.JSONField("columnas")
    # What of the file was read or not, where somebody could expect otherwise.
    notes = models.JSONField("avisos", default=list)
    # How many corrections would leave the plan without errors; 0 if some error has none.
    corrections = models.PositiveIntegerField("correcciones ofrecidas", default=0)

    objects = LoadPlanQuerySet.as_manager()

    class Meta:
        verbose_name = "plan de carga"
        verbose_name_plural = "planes de carga"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name

    @staticmethod
    def oldest() -> datetime:
        """Return since when plans are kept: older ones are not."""
        return timezone.now() - settings.LOAD_PLAN_AGE

    @property
    def is_too_old(self) -> bool:
        return (self.applied_at or self.made_at) < self.oldest()

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of each outcome."""
        found = self.rows.order_by().values_list("outcome").annotate(models.Count("pk"))
        return dict.fromkeys(Outcome.values, 0) | dict(found)

    @property
    def has_errors(self) -> bool:
        return self.rows.filter(outcome=Outcome.ERROR).exists()

    @property
    def unhashed(self):
        """The rows whose password is not hashed yet."""
        return self.rows.filter(outcome=Outcome.CREATE, password="")

    @property
    def to_hand_over(self):
        """The rows of new users whose generated password was not handed over yet."""
        return self.rows.filter(is_generated=True).exclude(sealed="")


class LoadRow(models.Model):
    """One row of the file. ``before`` and ``after`` hold the facts that would change, as text."""

    plan = models.ForeignKey(LoadPlan, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("fila")
    username = models.CharField("usuario", max_length=150)
    # The existing account. A usuario may later belong to another account.
    account = models.ForeignKey(
        User, verbose_name="cuenta", null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField("resultado", max_length=10, choices=Outcome)
    # What reading the file changed in the cells, as notices.
    notes = models.JSONField("avisos de la lectura", default=list)
    # The cells of the file, without the password.
    cells = models.JSONField(default=dict)
    before = models.JSONField("antes", default=dict)
    after = models.JSONField("después", default=dict)
    problems = models.JSONField("errores", default=list)
    notices = models.JSONField("avisos", default=list)
    # For a new user: the sealed password, until it is hashed or, if generated, handed over.
    sealed = models.TextField(blank=True)
    password = models.CharField(max_length=128, blank=True)
    is_generated = models.BooleanField("clave generada", default=False)

    class Meta:
        verbose_name = "fila de un plan"
        verbose_name_plural = "filas de un plan"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="load_row_numbered_once"),
        ]
        indexes = [
            models.Index(fields=["plan", "outcome", "number"], name="load_rows_of_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.username}"
