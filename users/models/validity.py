"""The days on which an account or a grant is valid."""

from datetime import date

from django.db import models
from django.db.models import Q


def has_started(valid_from: date | None, today: date) -> bool:
    return valid_from is None or valid_from <= today


def has_ended(valid_until: date | None, today: date) -> bool:
    return valid_until is not None and valid_until < today


class Validity(models.Model):
    """The first and the last valid day, both included; an empty one means no limit.

    Days are those of the operator's own clock (``Operator.today``).
    """

    valid_from = models.DateField("desde", null=True, blank=True)
    valid_until = models.DateField("hasta", null=True, blank=True)

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["valid_until"],
                name="%(class)s_ends",
                condition=Q(valid_until__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_validity_starts_before_it_ends",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=models.F("valid_until")),
            ),
        ]

    ENDS_BEFORE_IT_STARTS = "La fecha de fin es anterior a la de inicio"

    @property
    def ends_before_it_starts(self) -> bool:
        return bool(self.valid_from and self.valid_until and self.valid_until < self.valid_from)
