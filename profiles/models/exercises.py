"""The exercises that a practice company may do."""

from django.db import models

from operators.models import Classroom, Operator


class ExerciseQuerySet(models.QuerySet):
    def offered_to(self, company: Operator | Classroom, on: str = "") -> list["Exercise"]:
        """Return the exercises for one of the types of a company, or of an aula, in their order.

        The exercise whose code is ``on`` stays offered until it ends, also if it was retired.
        """
        types = {*company.operator_types.values_list("code", flat=True)}
        return [
            row
            for row in self.all()
            if row.code == on or (row.is_for(types) and not row.is_retired)
        ]


class Exercise(models.Model):
    """An exercise as its file says it (profiles/exercises/reading.py), identified by its code."""

    code = models.SlugField("código", primary_key=True)
    title = models.CharField("título", max_length=100)
    position = models.PositiveIntegerField("orden")
    is_retired = models.BooleanField("retirada", default=False)
    definition = models.JSONField("definición")

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        verbose_name = "práctica"
        verbose_name_plural = "prácticas"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.title

    def is_for(self, types: set[str]) -> bool:
        """Return whether the exercise is for one of these types of operator."""
        its_types = self.definition.get("operator_types", [])
        return not its_types or not types.isdisjoint(its_types)
