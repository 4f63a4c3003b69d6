"""Named sets of options and roles."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from operators.models import Operator, OperatorType
from operators.validators import validate_printable
from profiles.models.catalog import Option, Role


class AccessTemplateQuerySet(models.QuerySet):
    def offered_to(self, operator: Operator):
        """Return the operator's own templates and the ready-made ones of its types."""
        return self.filter(
            Q(operator=operator) | Q(operator_type__operators=operator)
        ).select_related("operator_type")

    def chosen(self, operator: Operator, query) -> "AccessTemplate | None":
        """Return the template that the address of a screen names, if it is offered."""
        number = query.get("plantilla", "")
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        return self.offered_to(operator).filter(pk=number).first() if is_number else None


class AccessTemplate(models.Model):
    """A named set of options and roles, granted to a user at once.

    It belongs to the operator that made it, or is ready-made for every operator of one type.
    """

    name = models.CharField(
        "nombre",
        max_length=80,
        validators=[validate_printable],
        error_messages={
            "blank": "Ingrese el nombre de la plantilla",
            "max_length": "El nombre puede tener hasta 80 caracteres",
        },
    )
    operator = models.ForeignKey(
        Operator,
        verbose_name="operador",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="access_templates",
    )
    operator_type = models.OneToOneField(
        OperatorType,
        verbose_name="tipo de operador",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="access_template",
    )
    options = models.ManyToManyField(Option, verbose_name="opciones", blank=True, related_name="+")
    roles = models.ManyToManyField(Role, verbose_name="roles", blank=True, related_name="+")

    objects = AccessTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = "plantilla"
        verbose_name_plural = "plantillas"
        ordering = [models.F("operator_type").asc(nulls_last=True), Upper("name"), "pk"]
        constraints = [
            models.CheckConstraint(
                name="template_of_an_operator_or_of_a_type",
                condition=Q(operator__isnull=False, operator_type__isnull=True)
                | Q(operator__isnull=True, operator_type__isnull=False),
            ),
            models.UniqueConstraint(
                "operator", Upper("name"), name="template_name_once_per_operator"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready_made(self) -> bool:
        return self.operator_id is None

    def facts(self) -> dict:
        """Return name, options and roles, as a form sends them and an audit entry holds them."""
        return {
            "name": self.name,
            "options": sorted(self.options.values_list("code", flat=True)),
            "roles": sorted(self.roles.values_list("code", flat=True)),
        }
