"""What an account may do: the catalogue of profiles, options and roles, and the two grants.

An option puts an entry in the user's menu; a role permits acting inside the application. They are
granted separately, as in the real portal, and lacking one or the other are two different refusals.
"""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Upper
from django.utils import timezone

from operators.models import Operator, OperatorType
from operators.validators import validate_printable
from users.models import User, Validity

# As in the real portal, "11.5.1.1.2"; also what the address of an option may hold.
OPTION_CODE = r"[0-9]+(?:\.[0-9]+)*"


class CatalogRow(models.Model):
    """A row of the catalogue: its identity is its code, and it says where it comes from.

    A row that leaves the catalogue is retired, not deleted: grants and history refer to it.
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
        """Whether any part of the row is our own assumption; the pages say so."""
        return "supuesto" in self.source


class Profile(CatalogRow):
    """A family of options that the principal chooses first, such as «Mis Trámites Aduaneros»."""

    code = models.CharField("código", max_length=30, primary_key=True)

    class Meta(CatalogRow.Meta):
        verbose_name = "perfil"
        verbose_name_plural = "perfiles"


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

    class Meta(CatalogRow.Meta):
        verbose_name = "rol"
        verbose_name_plural = "roles"


class OptionQuerySet(models.QuerySet):
    def folders(self):
        return self.filter(is_folder=True).select_related("profile")

    def every_leaf(self):
        """Leaves, the retired ones among them, each with what a verdict reads."""
        return (
            self.filter(is_folder=False)
            .select_related("profile")
            .prefetch_related("operator_types", "roles")
        )

    def granted(self, codes):
        return self.every_leaf().filter(code__in=codes)

    def leaves(self):
        """What can be granted."""
        return self.every_leaf().filter(is_retired=False, profile__is_retired=False)

    def offered_to(self, operator: Operator):
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


class Grant(Validity):
    """Something given to a user: by whom, at which instant of its operator, valid when.

    It takes effect at ``effective_at``, once the operator's activation delay has passed, and
    within its days of validity.
    """

    granted_at = models.DateTimeField("otorgado")
    effective_at = models.DateTimeField("rige desde")
    granted_by = models.ForeignKey(
        User, verbose_name="otorgado por", on_delete=models.PROTECT, related_name="+"
    )

    class Meta(Validity.Meta):
        abstract = True

    def is_pending(self, now) -> bool:
        return self.effective_at > now or not self.has_started(timezone.localdate(now))

    def is_over(self, now) -> bool:
        return self.has_ended(timezone.localdate(now))


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


class AccessTemplateQuerySet(models.QuerySet):
    def offered_to(self, operator: Operator):
        """Its own, and the ready ones of its types."""
        return self.filter(
            Q(operator=operator) | Q(operator_type__operators=operator)
        ).select_related("operator_type")


class AccessTemplate(models.Model):
    """A named set of options and roles, to be given to a user in one go.

    Of an operator that made it, or a ready one for every operator of a type.
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


class Outcome(models.TextChoices):
    """What a row of a file would do."""

    ERROR = "error", "Con error"
    CREATE = "create", "Se crea"
    CHANGE = "change", "Se modifica"
    UNCHANGED = "unchanged", "Sin cambios"


class LoadPlanQuerySet(models.QuerySet):
    def kept(self):
        return self._by_age(since__gte=LoadPlan.oldest())

    def too_old(self):
        return self._by_age(since__lt=LoadPlan.oldest())

    def _by_age(self, **condition):
        return self.alias(since=Coalesce("applied_at", "made_at")).filter(**condition)


class LoadPlan(models.Model):
    """What a file of users would do to an operator, looked at before it is applied (profiles.load).

    Kept for ``LOAD_PLAN_AGE`` after it was made, and again after it was applied. Then it is no
    longer there for anybody, and the next plan takes its rows away: what was done stays in the
    history.
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
    # The names of the columns that the file has: what is not among them stays as it is.
    columns = models.JSONField("columnas")

    objects = LoadPlanQuerySet.as_manager()

    class Meta:
        verbose_name = "plan de carga"
        verbose_name_plural = "planes de carga"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name

    @staticmethod
    def oldest() -> datetime:
        """When the oldest plan that is kept was made or applied."""
        return timezone.now() - settings.LOAD_PLAN_AGE

    @property
    def is_too_old(self) -> bool:
        return (self.applied_at or self.made_at) < self.oldest()

    def counts(self) -> dict[str, int]:
        """How many rows there are of each outcome."""
        found = self.rows.order_by().values_list("outcome").annotate(models.Count("pk"))
        return dict.fromkeys(Outcome.values, 0) | dict(found)

    @property
    def has_errors(self) -> bool:
        return self.rows.filter(outcome=Outcome.ERROR).exists()

    @property
    def unhashed(self):
        """The rows whose clave is still to be hashed."""
        return self.rows.filter(outcome=Outcome.CREATE, password="")

    @property
    def to_hand_over(self):
        """The rows of new users whose generated clave nobody has fetched yet."""
        return self.rows.filter(is_generated=True).exclude(sealed="")


class LoadRow(models.Model):
    """One row of the file. ``before`` and ``after`` hold what becomes other, as text."""

    plan = models.ForeignKey(LoadPlan, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("fila")
    username = models.CharField("usuario", max_length=150)
    # Whom it is about, if he was there: the next one of his usuario is somebody else.
    account = models.ForeignKey(
        User, verbose_name="cuenta", null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField("qué pasa", max_length=10, choices=Outcome)
    # What the file says, but for the clave.
    cells = models.JSONField(default=dict)
    before = models.JSONField("antes", default=dict)
    after = models.JSONField("después", default=dict)
    problems = models.JSONField("errores", default=list)
    notices = models.JSONField("avisos", default=list)
    # Of a new user: the clave sealed until it is hashed or, generated, handed over; and its hash.
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
