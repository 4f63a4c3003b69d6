"""The exercises that a practice company may do."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.formats import date_format

from operators.models import DELAYS
from operators.validators import validate_printable
from users.models import User
from users.validators import DocumentType

# In a brief: the day of the start, and so many days later.
DAY = re.compile(r"\{(?:hoy|dia:([0-9]{1,3}))\}")
FROM_1_TO_100 = [MinValueValidator(1), MaxValueValidator(100)]


def validate_brief(value: str) -> None:
    """Raise ValidationError for text that cannot be read, and for braces that hold no day."""
    validate_printable(value.replace("\n", " "))
    if not value.strip():
        raise ValidationError("El enunciado está vacío.")
    if len(value) > 1200:
        raise ValidationError("El enunciado puede tener hasta 1200 caracteres.")
    if {*"{}"} & {*DAY.sub("", value)}:
        raise ValidationError("Entre llaves solo va {hoy} o un día como {dia:7}.")


@dataclass(frozen=True)
class Person:
    """A person of an exercise: the portal prepares the user; with ``is_new`` the trainee creates it.

    ``with_roles``: with the fewest roles by which the options work.
    """

    username: str = ""
    document_number: str = ""
    first_name: str = ""
    last_name: str = ""
    options: tuple[str, ...] = ()
    state: str = User.State.ACTIVE
    with_roles: bool = False
    is_new: bool = False

    def user(self, **facts) -> User:
        """Return the unsaved account."""
        own = ("username", "document_number", "first_name", "last_name", "state")
        facts |= {name: getattr(self, name) for name in own}
        return User(document_type=DocumentType.DNI, **facts)


class Exercise(models.Model):
    """An exercise, as a table of its file says it (profiles/exercises/exercises.toml)."""

    code = models.SlugField(
        "código",
        primary_key=True,
        error_messages={"invalid": "Solo lleva letras sin tilde, números y guiones."},
    )
    position = models.PositiveIntegerField("orden")
    title = models.CharField("título", max_length=100, validators=[validate_printable])
    brief = models.TextField("enunciado", validators=[validate_brief])
    points = models.PositiveSmallIntegerField("puntos", validators=FROM_1_TO_100)
    # A trainee without progress for so many minutes is stuck.
    minutes = models.PositiveSmallIntegerField("minutos", default=5, validators=FROM_1_TO_100)
    operator_types = models.JSONField("tipos de operador", default=list, blank=True)
    hints = models.JSONField("pistas", default=list, blank=True)
    # What each option or role beyond the goal costs; None if none may be there.
    extra_cost = models.PositiveSmallIntegerField(
        "costo de lo que sobra", null=True, blank=True, validators=FROM_1_TO_100
    )
    activation_delay = models.PositiveSmallIntegerField(
        "demora de activación",
        default=0,
        choices=[*DELAYS.items()],
        error_messages={"invalid_choice": f"Puede ser: {', '.join(map(str, DELAYS))}."},
    )
    people = models.JSONField("personas", default=list, blank=True)
    goal = models.JSONField("meta")
    # By usuario, an action that the history shall hold since the start.
    happened = models.JSONField("acciones que debe haber", default=dict, blank=True)
    untouched = models.JSONField("usuarios que no cambian", default=list, blank=True)
    is_retired = models.BooleanField("retirada", default=False)

    class Meta:
        verbose_name = "práctica"
        verbose_name_plural = "prácticas"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.title

    def is_offered_to(self, types: set[str]) -> bool:
        """Return whether a company of these types of operator may start the exercise."""
        is_for = not self.operator_types or not types.isdisjoint(self.operator_types)
        return is_for and not self.is_retired

    def facts(self) -> dict:
        """Return what its file says of it."""
        fields = (field.name for field in self._meta.fields if field.name != "position")
        return {name: getattr(self, name) for name in fields}

    def persons(self) -> dict[str, Person]:
        """Return its people by their usuario."""
        return {row["username"]: Person(**row) for row in self.people}

    def paragraphs(self, start: date) -> list[str]:
        """Return the brief of a run that was started on this day."""

        def day(found: re.Match) -> str:
            return date_format(start + timedelta(days=int(found[1] or 0)), "DATE_FORMAT")

        return [" ".join(text.split()) for text in DAY.sub(day, self.brief).strip().split("\n\n")]
