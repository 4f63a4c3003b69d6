"""Accounts of staff and of operators."""

from datetime import date

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Upper
from django.dispatch import Signal
from django.utils.functional import cached_property

from operators.models import Operator
from users.lists.search import search_words, searchable
from users.models.uniqueness import UniquenessChecker
from users.models.validity import Validity, has_ended, has_started
from users.validators import (
    DocumentType,
    normalise_document_number,
    normalise_person_name,
    normalise_username,
    validate_correo,
    validate_document_number,
    validate_person_name,
    validate_staff_username,
    validate_username,
)

# Sent in the transaction that creates a superuser, which createsuperuser does by the manager.
superuser_created = Signal()


class UserQuerySet(models.QuerySet):
    def of_operators(self):
        return self.filter(operator__isnull=False)

    def staff(self):
        return self.filter(operator__isnull=True)

    def secondary(self):
        return self.filter(operator__isnull=False, is_principal=False)

    def matching(self, text: str):
        """Accounts whose usuario, names, document and correo together contain every word of the text."""
        found = self
        for word in search_words(text):
            found = found.filter(search_text__contains=word)
        return found

    def existing(self):
        """Accounts that are not eliminated. The usuario and document of an eliminated one are free."""
        return self.exclude(state=User.State.ELIMINATED)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):
    def get_by_natural_key(self, username):
        """The staff account of that name, which is what Django's own commands mean by a username."""
        return self.staff().get(username=username)

    SERVER = "servidor"

    def server(self):
        """Return the account that the history names for a command that asks for no account.

        It has the power of a superuser and is eliminated: it never signs in.
        """
        known = self.staff().filter(username=self.SERVER, state=User.State.ELIMINATED).first()
        return known or self.create(
            username=self.SERVER,
            password=make_password(None),
            state=User.State.ELIMINATED,
            is_staff=True,
            is_superuser=True,
        )

    @transaction.atomic
    def create_superuser(self, *args, **kwargs):
        user = super().create_superuser(*args, **kwargs)
        superuser_created.send(User, user=user)
        return user

    def _create_user_object(self, username, email, password, **extra_fields):
        # createsuperuser shows a ValidationError as a sentence, but not the IntegrityError of a
        # second account of the same name.
        user = super()._create_user_object(username, email, password, **extra_fields)
        user.full_clean(exclude=["password"])
        return user


class AccountBlock(models.TextChoices):
    """Why an account cannot be used at all, whatever its grants; the first one is shown first."""

    OPERATOR_INACTIVE = "operator_inactive", "Empresa inactiva"
    ELIMINATED = "user_eliminated", "Eliminado"
    SUSPENDED = "user_suspended", "Suspendido"
    NOT_YET_VALID = "user_not_yet_valid", "Todavía no vigente"
    EXPIRED = "user_expired", "Vencido"


class User(Validity, AbstractUser):
    """An account of staff, or of exactly one operator: its principal or a secondary user.

    Staff sign in to the administration with usuario and password. An operator's account signs in
    with RUC, usuario and password, and is never staff. A database constraint keeps them apart.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Activo"
        SUSPENDED = "suspended", "Suspendido"
        # A state, never a deleted row: the history still refers to the account.
        ELIMINATED = "eliminated", "Eliminado"

    operator = models.ForeignKey(
        Operator,
        verbose_name="operador",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
    )
    is_principal = models.BooleanField("usuario principal", default=False)
    state = models.CharField("estado", max_length=10, choices=State, default=State.ACTIVE)
    username = models.CharField(
        "usuario",
        max_length=150,
        error_messages={"blank": "Ingrese el usuario"},
    )
    first_name = models.CharField(
        "nombres",
        max_length=150,
        blank=True,
        validators=[validate_person_name],
        error_messages={"max_length": "Los nombres pueden tener hasta 150 caracteres"},
    )
    last_name = models.CharField(
        "apellidos",
        max_length=150,
        blank=True,
        validators=[validate_person_name],
        error_messages={
            "max_length": "Los apellidos pueden tener hasta 150 caracteres",
            "person_name": (
                "Los apellidos solo pueden tener letras, espacios, guion, punto y apóstrofo"
            ),
        },
    )
    email = models.CharField(
        "correo electrónico",
        max_length=254,
        blank=True,
        validators=[validate_correo],
        error_messages={"max_length": "El correo puede tener hasta 254 caracteres"},
    )
    document_type = models.CharField(
        "tipo de documento de identidad",
        max_length=2,
        choices=DocumentType,
        blank=True,
        error_messages={"invalid_choice": "Seleccione el tipo de documento"},
    )
    document_number = models.CharField("número de documento", max_length=15, blank=True)
    # The text that a search of the list looks in, folded: SQLite ignores the case of ASCII only.
    search_text = models.TextField(editable=False, default="")
    # Identifies the form that created this user: the same form sent twice creates one user.
    creation_key = models.UUIDField(null=True, editable=False)
    # Set with a password that another user chose: until it is changed, every other page redirects.
    must_change_password = models.BooleanField(
        "debe cambiar la clave", default=False, editable=False
    )
    # Shown to the user at sign-in, and to the principal (users/signin/throttle.py counts them).
    failed_sign_ins = models.PositiveIntegerField(
        "intentos fallidos desde el último ingreso", default=0, editable=False
    )

    # Previous ``last_login``, set by the backend.
    previous_sign_in = None

    SEARCHED = ("username", "first_name", "last_name", "document_number", "email")

    # A bulk action sets KnownAccounts on each account, to check all of them by one query.
    uniqueness = UniquenessChecker()

    objects = UserManager()

    class Meta(AbstractUser.Meta):
        verbose_name = "usuario"
        verbose_name_plural = "usuarios"
        ordering = ["username"]
        indexes = [
            *Validity.Meta.indexes,
            # The sort key of the list of users, then all columns that its search and its count
            # read: a covering index (docs/decisions/0054).
            models.Index(
                fields=["operator", "username", "id", "is_principal", "state", "search_text"],
                name="users_of_operator",
            ),
        ]
        constraints = [
            *Validity.Meta.constraints,
            models.CheckConstraint(
                name="user_is_staff_or_of_one_operator",
                condition=Q(operator__isnull=True, is_staff=True, is_principal=False)
                | Q(operator__isnull=False, is_staff=False, is_superuser=False),
            ),
            models.CheckConstraint(
                name="operator_username_is_upper_case_letters_and_digits",
                condition=Q(operator__isnull=True) | Q(username__regex=r"\A[A-Z0-9]+\Z"),
            ),
            models.CheckConstraint(
                name="user_document_is_of_its_type",
                condition=Q(
                    *(
                        Q(document_type=kind) & Q(document_number__regex=rf"\A{kind.pattern}\Z")
                        for kind in DocumentType
                    ),
                    Q(document_type=""),
                    _connector=Q.OR,
                ),
            ),
            models.UniqueConstraint(
                "operator",
                Upper("username"),
                name="username_once_per_operator",
                condition=~Q(state="eliminated"),
            ),
            # NULL operators are distinct to the constraint above.
            models.UniqueConstraint(
                Upper("username"),
                name="username_once_among_staff",
                condition=Q(operator__isnull=True) & ~Q(state="eliminated"),
            ),
            models.UniqueConstraint(
                fields=["operator", "document_type", "document_number"],
                name="document_once_per_operator",
                condition=~Q(state="eliminated") & ~Q(document_number=""),
            ),
            models.UniqueConstraint(
                fields=["operator"],
                name="one_principal_per_operator",
                condition=Q(is_principal=True) & ~Q(state="eliminated"),
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args, update_fields=None, **kwargs) -> None:
        if update_fields is None or set(self.SEARCHED) & set(update_fields):
            self.index()
            if update_fields is not None:
                update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def index(self) -> None:
        """Update ``search_text`` from the fields that a search covers."""
        self.search_text = searchable(getattr(self, field) for field in self.SEARCHED)

    @property
    def blocks(self) -> tuple[AccountBlock, ...]:
        """Reasons why the account is blocked at the operator's current time."""
        return self.blocks_on(self.operator.today() if self.operator_id is not None else None)

    def blocks_on(self, today: date | None) -> tuple[AccountBlock, ...]:
        """Reasons why the account is blocked on a day of its operator; staff has no such day."""
        blocks = {
            AccountBlock.ELIMINATED: self.state == self.State.ELIMINATED,
            AccountBlock.SUSPENDED: self.state == self.State.SUSPENDED,
        }
        if self.operator_id is not None:
            blocks |= {
                AccountBlock.OPERATOR_INACTIVE: not self.operator.is_open,
                AccountBlock.NOT_YET_VALID: not has_started(self.valid_from, today),
                AccountBlock.EXPIRED: has_ended(self.valid_until, today),
            }
        return tuple(block for block in AccountBlock if blocks.get(block))

    @property
    def is_active(self) -> bool:
        """Django's word for "may sign in and stay signed in"."""
        return not self.blocks

    @property
    def is_secondary(self) -> bool:
        return self.operator_id is not None and not self.is_principal

    @property
    def has_second_factor(self) -> bool:
        return User.objects.filter(pk=self.pk, second_factor__isnull=False).exists()

    @cached_property
    def creation(self):
        """The history entry of the account's creation."""
        return self.audit_entries.get(action="user.created")

    @property
    def document_label(self) -> str:
        return DocumentType(self.document_type).short_label if self.document_type else ""

    def clean_fields(self, exclude=None) -> None:
        self.first_name = normalise_person_name(self.first_name)
        self.last_name = normalise_person_name(self.last_name)
        self.document_number = normalise_document_number(self.document_number)
        if self.operator_id is not None:
            self.username = normalise_username(self.username)
            # clean() checks these two completely, their lengths too.
            exclude = {*(exclude or ()), "username", "document_number"}
        super().clean_fields(exclude)

    def clean(self) -> None:
        """Check the rules of an account that need several fields or other rows.

        Raises ValidationError with each sentence under its field. An empty field has only the
        sentence for an empty field.
        """
        if self.operator_id is None:
            self._refuse({"username": self._staff_username_problem()})
            return
        self._refuse(
            {
                "username": self._username_problem(),
                "first_name": "" if self.first_name else "Ingrese los nombres",
                "last_name": "" if self.last_name else "Ingrese los apellidos",
                "document_type": "" if self.document_type else "Seleccione el tipo de documento",
                "document_number": self._document_problem(),
                "valid_until": self.ENDS_BEFORE_IT_STARTS if self.ends_before_it_starts else "",
            }
        )

    @staticmethod
    def _refuse(problems) -> None:
        if problems := {field: problem for field, problem in problems.items() if problem}:
            raise ValidationError(problems)

    @staticmethod
    def _broken(validator, *values):
        try:
            validator(*values)
        except ValidationError as error:
            return error
        return None

    def _username_problem(self):
        if not self.username:
            return "Ingrese el usuario"
        return self._broken(validate_username, self.username) or self._username_taken(
            "Ese usuario ya existe en su empresa. Elija otro"
        )

    def _staff_username_problem(self):
        if not self.username:
            # The field's own error says so.
            return ""
        return self._broken(validate_staff_username, self.username) or self._username_taken(
            "Ya existe personal con ese usuario"
        )

    def _username_taken(self, sentence: str) -> str:
        return sentence if self.uniqueness.same_username(self) else ""

    def _document_problem(self):
        if not self.document_number:
            return "Ingrese el número de documento"
        if self.document_type not in DocumentType.values:
            return ""
        if broken := self._broken(
            validate_document_number, self.document_type, self.document_number
        ):
            return broken
        holder = self.uniqueness.holder_of_document(self)
        return f"Este documento ya lo usa {holder} en su empresa" if holder else ""
