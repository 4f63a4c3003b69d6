"""The catalogue: profiles, their trees of options, and roles."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from operators.models import Operator, OperatorType

# As in the real portal: "11.5.1.1.2". The address of an option accepts the same.
OPTION_CODE = r"[0-9]+(?:\.[0-9]+)*"
# How the source of a row begins that somebody brought from a menu of the real portal.
OWN_MENU = "menú propio"


class CatalogRow(models.Model):
    """A row of the catalogue, identified by its code, with its source.

    A row that is no longer in the catalogue is retired, not deleted: grants and history refer to it.
    """

    name = models.CharField("nombre", max_length=200)
    source = models.CharField(
        "fuente", max_length=200, help_text="«cartilla», una fuente pública o «supuesto»."
    )
    position = models.PositiveIntegerField("orden", default=0)
    is_retired = models.BooleanField("retirado", default=False)

    class Meta:
        abstract = True
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_assumed(self) -> bool:
        """Whether a part of the row is our own assumption; the pages say so."""
        return "supuesto" in self.source

    @property
    def said_source(self) -> str:
        """Where the row comes from, in the words of the page that explains sources."""
        if self.source.startswith(("supuesto", "nombre: supuesto")):
            return "Opción de ejemplo"
        if self.source.startswith(OWN_MENU):
            return "Del menú de su empresa"
        return "De la cartilla" if self.source == "cartilla" else "Nombre tomado de fuente pública"


class Profile(CatalogRow):
    """A family of options that the principal chooses first, such as «Mis Trámites Aduaneros»."""

    code = models.CharField("código", max_length=30, primary_key=True)

    class Meta(CatalogRow.Meta):
        verbose_name = "perfil"
        verbose_name_plural = "perfiles"


class CatalogQuerySet(models.QuerySet):
    def codes(self) -> frozenset[str]:
        """Return the codes of the rows."""
        return frozenset(self.order_by().values_list("code", flat=True))


class RoleQuerySet(CatalogQuerySet):
    def offered_to(self, operator: Operator):
        """Return the roles of the operator's types, in catalogue order."""
        return (
            self.filter(is_retired=False, operator_type__operators=operator)
            .select_related("operator_type")
            .order_by("operator_type__position", "position")
        )

    def reach(self) -> dict[str, int]:
        """Return how many options of the catalogue each of these roles opens, by its code."""
        counted = self.order_by().annotate(reach=models.Count("options"))
        return dict(counted.values_list("code", "reach"))


class Role(CatalogRow):
    """What an account may do inside the applications, for one type of operator."""

    code = models.CharField(
        "código",
        max_length=60,
        primary_key=True,
        validators=[
            RegexValidator(
                r"\A[A-Z]+\.[A-Z]+\.[A-Z]+\Z", "El código debe tener la forma SISTEMA.ACTOR.ROL"
            )
        ],
    )
    operator_type = models.ForeignKey(
        OperatorType,
        verbose_name="tipo de operador",
        on_delete=models.PROTECT,
        related_name="roles",
    )
    permits = models.CharField("qué permite", max_length=300)

    objects = RoleQuerySet.as_manager()

    class Meta(CatalogRow.Meta):
        verbose_name = "rol"
        verbose_name_plural = "roles"


class OptionQuerySet(CatalogQuerySet):
    def folders(self):
        """Return the folders, each with its profile."""
        return self.filter(is_folder=True).select_related("profile")

    def every_leaf(self):
        """Return all leaves, retired ones included, each with its profile."""
        return self.filter(is_folder=False).select_related("profile")

    def granted(self, codes):
        """Return the leaves of these codes, retired ones included."""
        return self.every_leaf().filter(code__in=codes)

    def leaves(self):
        """Return the leaves that can be granted."""
        return self.every_leaf().filter(is_retired=False, profile__is_retired=False)

    def for_verdicts(self) -> "list[Option]":
        """Read the leaves, each with the codes that a verdict reads.

        Two statements read the codes of any number of leaves, and no rows of types and roles.
        """
        leaves = list(self)
        for name, relation, target in (
            ("type_codes", self.model.operator_types, "operatortype"),
            ("role_codes", self.model.roles, "role"),
        ):
            codes = {leaf.code: set() for leaf in leaves}
            pairs = relation.through.objects.filter(option__in=codes)
            for option, code in pairs.values_list("option", target):
                codes[option].add(code)
            for leaf in leaves:
                setattr(leaf, name, frozenset(codes[leaf.code]))
        return leaves

    def for_verdict(self, code: str) -> "Option | None":
        """Return the leaf of that code, read as by ``for_verdicts``; None without one."""
        return next(iter(self.filter(code=code).for_verdicts()), None)

    def with_needs_role(self):
        """Return the options, each with ``needs_role``: whether it is not enough without a role."""
        acting = self.model.roles.through.objects.filter(option=models.OuterRef("pk"))
        return self.annotate(needs_role=models.Exists(acting))

    def offered_to(self, operator: Operator):
        """Return the leaves that are offered to one of the operator's types."""
        return self.leaves().filter(operator_types__operators=operator).distinct()


class Option(CatalogRow):
    """A folder or a leaf of a profile's tree. Only leaves are granted and opened."""

    code = models.CharField(
        "código",
        max_length=40,
        primary_key=True,
        validators=[
            RegexValidator(rf"\A{OPTION_CODE}\Z", "El código debe ser números separados por puntos")
        ],
    )
    profile = models.ForeignKey(
        Profile, verbose_name="perfil", on_delete=models.PROTECT, related_name="options"
    )
    parent = models.ForeignKey(
        "self",
        verbose_name="carpeta",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        limit_choices_to={"is_folder": True},
    )
    is_folder = models.BooleanField("es carpeta", default=False)
    purpose = models.CharField("qué se haría ahí", max_length=300, blank=True)
    operator_types = models.ManyToManyField(
        OperatorType,
        verbose_name="se ofrece a",
        related_name="options",
        blank=True,
        help_text="Solo para opciones; una carpeta no se ofrece por sí misma.",
    )
    roles = models.ManyToManyField(
        Role,
        verbose_name="roles que actúan en ella",
        related_name="options",
        blank=True,
        help_text="Sin ninguno, la opción no pide rol.",
    )

    # Codes of both relations, where ``for_verdicts`` read the option.
    type_codes: frozenset[str]
    role_codes: frozenset[str]

    objects = OptionQuerySet.as_manager()

    class Meta(CatalogRow.Meta):
        verbose_name = "opción"
        verbose_name_plural = "opciones"

    def clean(self) -> None:
        if self.is_folder and self.is_retired and self.children.filter(is_retired=False).exists():
            raise ValidationError({"is_retired": "Retire primero lo que hay en la carpeta."})
        ancestor = self.parent
        while ancestor is not None:
            if ancestor.code == self.code:
                raise ValidationError({"parent": "Una carpeta no puede estar dentro de sí misma."})
            ancestor = ancestor.parent
        if self.parent is not None:
            if not self.parent.is_folder:
                raise ValidationError({"parent": "Elija una carpeta."})
            if self.parent.profile_id != self.profile_id:
                raise ValidationError({"parent": "La carpeta es de otro perfil."})
