"""Who the tenants are: the foreign-trade operators and the kinds there are of them."""

from datetime import date, datetime, timedelta

from django.db import models
from django.utils import timezone

from operators.validators import validate_printable, validate_ruc


def spoken(duration: timedelta) -> str:
    """A duration in Spanish words, down to minutes: «1 día y 3 horas»."""
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
    """One of the participants that the guide names, such as a customs agent.

    Identity is the code: catalogue rows refer to it.
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


# "24 horas" is what people report of the real portal (docs/fidelity.md); the rest is for rehearsal.
DELAYS = {0: "Ninguna: rige al instante", 1: "1 hora", 24: "24 horas", 48: "48 horas"}


class Operator(models.Model):
    """A company that signs in with its RUC; every other account of the company belongs to it."""

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

    # How far this operator's simulated clock runs ahead of real time.
    clock_offset = models.DurationField("adelanto del reloj", default=timedelta(), editable=False)
    activation_delay = models.DurationField(
        "demora de activación",
        default=timedelta(),
        choices=[(timedelta(hours=hours), label) for hours, label in DELAYS.items()],
        help_text="Cuánto tarda en regir una opción o un rol recién asignado.",
    )

    # A rehearsal looks some months ahead; a year is enough to see anything expire.
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
        ]

    def __str__(self) -> str:
        return f"{self.ruc} – {self.name}"

    def now(self) -> datetime:
        """The instant at which this operator lives; the only source of domain time.

        Grants, validity and delays read it, never the machine's clock directly.
        """
        return timezone.now() + self.clock_offset

    def today(self) -> date:
        """The calendar day of that instant, in the time zone of the site."""
        return timezone.localdate(self.now())

    @property
    def clock_lead(self) -> str:
        """How far ahead the clock runs, in words; empty at real time."""
        return spoken(self.clock_offset)

    @property
    def clock_is_simulated(self) -> bool:
        return self.clock_offset != timedelta()
