"""What a principal should check: active users whose access does not do what it seems to do."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import cached_property

from operators.models import Operator
from profiles.models import Option, OptionGrant, Role, RoleGrant
from users.models import User, UserQuerySet

EXPIRES_SOON = timedelta(days=7)

# Above this number a count is not exact: the users are no longer checked one by one.
COUNTED = 100


class Finding(models.TextChoices):
    WITHOUT_OPTIONS = "sin-opciones", "Activo y sin opciones"
    ROLE_MISSING = "falta-rol", "Alguna opción pide un rol que no tiene"
    ROLE_WITHOUT_OPTION = "rol-sin-opcion", "Tiene un rol que no usa"
    NEVER_SIGNED_IN = "sin-ingresar", "Nunca ingresó"
    EXPIRES_SOON = "por-vencer", "Tiene accesos que vencen en 7 días"

    @property
    def consequence(self) -> str:
        return CONSEQUENCES[self]


CONSEQUENCES = {
    Finding.WITHOUT_OPTIONS: "ingresa y ve el menú vacío",
    Finding.ROLE_MISSING: "ve la opción en su menú y no puede usarla",
    Finding.ROLE_WITHOUT_OPTION: "el rol no le abre nada",
    Finding.NEVER_SIGNED_IN: "quizás no recibió su clave, o ya no hace falta",
    Finding.EXPIRES_SOON: "dejará de poder si no se extiende su vigencia",
}


@dataclass(frozen=True)
class Offer:
    """What an operator is offered, names by code in catalogue order, read once.

    Given codes instead of a subquery, the database reads the grants user by user, not the grants
    of the whole portal.
    """

    operator: Operator
    options: dict[str, str]
    roles: dict[str, str]

    @classmethod
    def to(cls, operator: Operator) -> Self:
        """Read what the operator is offered."""
        options = Option.objects.offered_to(operator).select_related(None)
        roles = Role.objects.offered_to(operator)
        return cls(operator, *(dict(rows.values_list("code", "name")) for rows in (options, roles)))

    @cached_property
    def option_grants(self) -> QuerySet[OptionGrant]:
        """The grants of the options, of users of any operator."""
        return OptionGrant.objects.filter(option__in=self.options)

    @cached_property
    def role_grants(self) -> QuerySet[RoleGrant]:
        return RoleGrant.objects.filter(role__in=self.roles)


def having(users: UserQuerySet, finding: Finding, offer: Offer) -> UserQuerySet:
    """Return the active users of the offer's operator to whom the finding applies."""
    return users.filter(condition(finding, offer), state=User.State.ACTIVE)


def count_each(users: UserQuerySet, offer: Offer) -> list[tuple[Finding, int]]:
    """Return each finding that applies to a user, with how many; COUNTED + 1 means more than COUNTED."""
    counts = [
        (finding, having(users, finding, offer).order_by()[: COUNTED + 1].count())
        for finding in Finding
    ]
    return [(finding, count) for finding, count in counts if count]


def condition(finding: Finding, offer: Offer):
    """Return the condition that an active user of the offer's operator meets with the finding."""
    options, roles = offer.option_grants, offer.role_grants
    match finding:
        case Finding.WITHOUT_OPTIONS:
            return ~Exists(OptionGrant.objects.filter(user=OuterRef("pk")))
        case Finding.ROLE_MISSING:
            acting = roles.filter(user=OuterRef("user"), role__options=OuterRef("option"))
            return Exists(
                options.filter(~Exists(acting), user=OuterRef("pk"), option__roles__isnull=False)
            )
        case Finding.ROLE_WITHOUT_OPTION:
            served = OptionGrant.objects.filter(
                user=OuterRef("user"), option__roles=OuterRef("role")
            )
            return Exists(roles.filter(~Exists(served), user=OuterRef("pk")))
        case Finding.NEVER_SIGNED_IN:
            return Q(last_login__isnull=True)
        case Finding.EXPIRES_SOON:
            today = offer.operator.today()
            soon = Q(valid_until__range=(today, today + EXPIRES_SOON))
            # Few validities end soon: find them by day first, for all operators, then by user.
            return (
                Q(pk__in=User.objects.filter(soon).values("pk"))
                | Q(pk__in=options.filter(soon).values("user"))
                | Q(pk__in=roles.filter(soon).values("user"))
            )
