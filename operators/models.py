"""The tenants: foreign-trade operators and their types."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from operators.validators import (
    PRACTICE_RUC,
    plain_apostrophes,
    validate_printable,
    validate_ruc,
)


def spoken(duration: timedelta) -> str:
    """Return a duration in Spanish words, down to minutes: «1 día y 3 horas»."""
    minutes = int(duration.total_seconds()) // 60
    parts = [
        f"{number} {unit}{'s' if number != 1 else ''}"
        for number, unit in (
            (minutes // (24 * 60), "día"),
            (minutes // 60 % 24, "hora"),
            (minutes % 60, "minuto"),
        )
        if number
    ]
    return " y ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


class OperatorType(models.Model):
    """A kind of participant that the guide names, such as a customs agent.

    The code identifies it: catalogue rows refer to it.
    """

    code = models.CharField("código", max_length=30, primary_key=True)
    name = models.CharField("nombre", max_length=120)
    source = models.CharField("fuente", max_length=200)
    position = models.PositiveIntegerField("orden", default=0)

    class Meta:
        verbose_name = "tipo de operador"
        verbose_name_plural = "tipos de operador"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


# Users of the real portal report 24 hours (docs/fidelity.md); the others are for practice.
DELAYS = {0: "Ninguna: rige al instante", 1: "1 hora", 24: "24 horas", 48: "48 horas"}


class Classroom(models.Model):
    """An aula: practice companies that a trainer opened together, one for each trainee."""

    # The trainer and the history tell aulas by it.
    name = models.CharField(
        "nombre",
        max_length=80,
        unique=True,
        validators=[validate_printable],
        error_messages={"unique": "Ya hay un aula con ese nombre. Escriba otro"},
    )
    operator_types = models.ManyToManyField(
        OperatorType, verbose_name="tipos de operador", related_name="classrooms", editable=False
    )
    practice_until = models.DateField("último día", editable=False)
    is_exam = models.BooleanField("examen", default=False, editable=False)
    opened_at = models.DateTimeField("abierta el", auto_now_add=True)

    class Meta:
        verbose_name = "aula"
        verbose_name_plural = "aulas"
        ordering = ["-pk"]
        # Its pages ask for the permissions of operators.
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude=None) -> None:
        self.name = plain_apostrophes(self.name)
        super().clean_fields(exclude)

    @property
    def is_open(self) -> bool:
        """Whether any of its companies is."""
        return any(company.is_open for company in self.companies.all())


class Fault(models.TextChoices):
    """How a practice company behaves while an outage is rehearsed."""

    DOWN = "down", "No responde"
    SLOW = "slow", "Responde con demora"
    NO_TOKEN = "no_token", "No da tokens"


class Operator(models.Model):
    """A tenant: a company whose accounts sign in with its RUC."""

    ruc = models.CharField(
        "RUC",
        max_length=11,
        unique=True,
        validators=[validate_ruc],
        error_messages={
            "blank": "Ingrese el RUC",
            "unique": "Ya existe un operador con ese RUC",
            "max_length": "El RUC debe tener 11 dígitos",
        },
    )
    name = models.CharField(
        "razón social",
        max_length=200,
        validators=[validate_printable],
        error_messages={"blank": "Ingrese la razón social"},
    )
    operator_types = models.ManyToManyField(
        OperatorType, verbose_name="tipos de operador", related_name="operators"
    )
    is_active = models.BooleanField(
        "activo",
        default=True,
        help_text="Si se desmarca, ninguno de sus usuarios puede ingresar.",
    )

    # How far the simulated clock is ahead of real time.
    clock_offset = models.DurationField("adelanto del reloj", default=timedelta(), editable=False)
    activation_delay = models.DurationField(
        "demora de activación",
        default=timedelta(),
        choices=[(timedelta(hours=hours), label) for hours, label in DELAYS.items()],
        help_text="Cuánto tarda en regir una opción o un rol recién asignado.",
    )

    # Of a practice company only (users.actions.practice); a day of real time.
    practice_until = models.DateField(
        "último día de práctica", null=True, blank=True, editable=False
    )
    # Where it was opened for a class, and the name that the trainer typed for who uses it.
    classroom = models.ForeignKey(
        Classroom,
        verbose_name="aula",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="companies",
    )
    trainee = models.CharField(
        "alumno",
        max_length=100,
        blank=True,
        default="",
        editable=False,
        validators=[validate_printable],
        error_messages={"max_length": "El nombre puede tener hasta 100 caracteres"},
    )
    # Made one way of the key of the form that created this practice company: the same form sent
    # twice creates one.
    creation_key = models.UUIDField(null=True, unique=True, editable=False)
    # Of the token by which programs act for its principal; empty without one.
    token_digest = models.CharField(
        max_length=64, null=True, blank=True, unique=True, editable=False
    )
    # How it behaves to rehearse an outage, and until when (users.signin.faults).
    fault = models.CharField(
        "falla", max_length=10, blank=True, default="", choices=Fault, editable=False
    )
    fault_until = models.DateTimeField("falla hasta", null=True, blank=True, editable=False)

    # Practice looks some months ahead; within a year every grant expires.
    MAX_CLOCK_OFFSET = timedelta(days=366)

    class Meta:
        verbose_name = "operador"
        verbose_name_plural = "operadores"
        ordering = ["ruc"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ruc__regex=r"\A[0-9]{11}\Z"), name="operator_ruc_has_11_digits"
            ),
            models.CheckConstraint(
                condition=models.Q(clock_offset__gte=timedelta())
                & models.Q(activation_delay__gte=timedelta()),
                name="operator_clock_and_delay_run_forward",
            ),
            models.CheckConstraint(
                condition=models.Q(practice_until__isnull=True)
                | models.Q(ruc__regex=rf"\A{PRACTICE_RUC}\Z"),
                name="practice_company_has_a_ruc_of_practice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ruc} – {self.name}"

    def clean_fields(self, exclude=None) -> None:
        self.name = plain_apostrophes(self.name)
        self.trainee = plain_apostrophes(self.trainee)
        super().clean_fields(exclude)

    def now(self) -> datetime:
        """Return the operator's current time, the only source of domain time.

        Grants, validity and delays use it, never the machine's clock directly.
        """
        return timezone.now() + self.clock_offset

    def today(self) -> date:
        """Return the operator's current day, in the time zone of the site."""
        return timezone.localdate(self.now())

    @property
    def is_practice(self) -> bool:
        """Whether this is a practice company, which was created on demand and has a last day."""
        return self.practice_until is not None

    @property
    def practice_has_ended(self) -> bool:
        """Whether the last day of a practice company is over.

        In real time: a company whose clock was moved forward does not end earlier.
        """
        return self.is_practice and self.practice_until < timezone.localdate()

    @property
    def is_open(self) -> bool:
        """Whether its accounts may sign in and be used; every check of an account asks this.

        In a real installation no practice company is open: visitors made it and know its password.
        """
        is_usable = not self.is_practice or (settings.DEMO and not self.practice_has_ended)
        return self.is_active and is_usable

    @property
    def is_in_exam(self) -> bool:
        """Whether its classroom is an exam: no hints, and results do not say how to mend them."""
        return self.classroom is not None and self.classroom.is_exam

    @property
    def clock_lead(self) -> str:
        """How far the clock is ahead, in Spanish words; empty at real time."""
        return spoken(self.clock_offset)

    @property
    def clock_is_simulated(self) -> bool:
        return self.clock_offset != timedelta()
