"""The history: one entry for each action on an account, an operator, a group or the catalogue."""

from typing import Self

from django.db import models
from django.utils import timezone

from operators.models import Operator
from users.models.accounts import User


class AuditEntry(models.Model):
    """An action: who, what, on which account or operator, before, after, from where.

    Written in the transaction of the action itself (``users.history.recording``), stamped in real
    time, never changed. ``before`` and ``after`` never hold a password, a hash, a secret or a code.
    """

    class Channel(models.TextChoices):
        WEB = "web", "Web"
        ADMIN = "admin", "Administración"
        COMMAND = "command", "Sistema"
        LOAD = "load", "Carga"
        API = "api", "API"

    at = models.DateTimeField("fecha y hora", auto_now_add=True)
    action = models.CharField("acción", max_length=50)
    actor = models.ForeignKey(
        User, verbose_name="quién", on_delete=models.PROTECT, related_name="audit_entries_made"
    )
    # None for an action on staff, a group or the catalogue.
    operator = models.ForeignKey(
        Operator,
        verbose_name="operador",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="audit_entries",
    )
    subject = models.ForeignKey(
        User,
        verbose_name="a quién",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="audit_entries",
    )
    before = models.JSONField("antes", default=dict)
    after = models.JSONField("después", default=dict)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    address = models.GenericIPAddressField("dirección", null=True, blank=True)

    class Meta:
        verbose_name = "movimiento"
        verbose_name_plural = "movimientos"
        ordering = ["-at", "-pk"]
        # The sort key of the history, then the columns of its filters, as in ``User``.
        indexes = [
            models.Index(
                fields=["operator", "-at", "-id", "action", "channel", "actor", "subject"],
                name="audit_of_operator",
            ),
            models.Index(
                fields=["subject", "-at", "-id", "action", "channel", "actor"],
                name="audit_of_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject or self.operator}"

    @property
    def operation_number(self) -> str:
        """The permanent number of a creation, in the form of the authority's numbers (docs/fidelity.md)."""
        return f"SIM-{timezone.localtime(self.at):%Y}-US-{self.pk:06}"

    @classmethod
    def creation_of_number(cls, number: str, *, operator: Operator) -> Self | None:
        """The creation of an account of the operator that has this operation number, or None."""
        entries = cls.objects.filter(action="user.created", operator=operator)
        entries = entries.select_related("subject", "actor", "operator")
        entry = entries.filter(pk=int(number.rpartition("-")[2])).first()
        return entry if entry and entry.operation_number == number else None
