"""The options and roles granted to accounts, each with its validity."""

from django.db import models

from profiles.models.catalog import Option, Role
from users.models import User, Validity


class Grant(Validity):
    """An option or a role granted to a user. All instants are those of the operator's clock.

    It has effect from ``effective_at``, when the operator's activation delay is over, and within
    its days of validity.
    """

    granted_at = models.DateTimeField("otorgado")
    effective_at = models.DateTimeField("rige desde")
    granted_by = models.ForeignKey(
        User, verbose_name="otorgado por", on_delete=models.PROTECT, related_name="+"
    )

    class Meta(Validity.Meta):
        abstract = True


class OptionGrant(Grant):
    user = models.ForeignKey(
        User, verbose_name="usuario", on_delete=models.PROTECT, related_name="option_grants"
    )
    option = models.ForeignKey(
        Option, verbose_name="opción", on_delete=models.PROTECT, related_name="grants"
    )

    class Meta:
        verbose_name = "opción asignada"
        verbose_name_plural = "opciones asignadas"
        indexes = Validity.Meta.indexes
        constraints = [
            *Validity.Meta.constraints,
            models.UniqueConstraint(fields=["user", "option"], name="option_granted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.option}"


class RoleGrant(Grant):
    user = models.ForeignKey(
        User, verbose_name="usuario", on_delete=models.PROTECT, related_name="role_grants"
    )
    role = models.ForeignKey(
        Role, verbose_name="rol", on_delete=models.PROTECT, related_name="grants"
    )

    class Meta:
        verbose_name = "rol asignado"
        verbose_name_plural = "roles asignados"
        indexes = Validity.Meta.indexes
        constraints = [
            *Validity.Meta.constraints,
            models.UniqueConstraint(fields=["user", "role"], name="role_granted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
