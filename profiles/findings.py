"""What a principal should look into: active users whose access does not do what it seems to."""

from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q

from operators.models import Operator
from profiles.actions import offered_roles
from profiles.models import Option, OptionGrant, RoleGrant
from users.models import User, UserQuerySet

EXPIRES_SOON = timedelta(days=7)


class Finding(models.TextChoices):
    WITHOUT_OPTIONS = "sin-opciones", "Activo y sin opciones"
    ROLE_MISSING = "falta-rol", "Alguna opción pide un rol que no tiene"
    ROLE_WITHOUT_OPTION = "rol-sin-opcion", "Algún rol no actúa en ninguna de sus opciones"
    NEVER_SIGNED_IN = "sin-ingresar", "Nunca ingresó"
    EXPIRES_SOON = "por-vencer", "Algo suyo vence en 7 días"

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


def having(users: UserQuerySet, finding: Finding, operator: Operator) -> UserQuerySet:
    """Those of the operator's users who are active and of whom this is found."""
    return users.filter(_condition(finding, operator), state=User.State.ACTIVE)


def count_each(users: UserQuerySet, operator: Operator) -> list[tuple[Finding, int]]:
    """What is found of anybody, with of how many."""
    counts = [(finding, having(users, finding, operator).count()) for finding in Finding]
    return [(finding, count) for finding, count in counts if count]


def _condition(finding: Finding, operator: Operator):
    own_options = OptionGrant.objects.filter(
        user=OuterRef("pk"), option__in=Option.objects.offered_to(operator).values("pk")
    )
    own_roles = RoleGrant.objects.filter(
        user=OuterRef("pk"), role__in=offered_roles(operator).order_by().values("pk")
    )
    match finding:
        case Finding.WITHOUT_OPTIONS:
            return ~Exists(OptionGrant.objects.filter(user=OuterRef("pk")))
        case Finding.ROLE_MISSING:
            acting = RoleGrant.objects.filter(
                user=OuterRef("user"),
                role__options=OuterRef("option"),
                role__in=offered_roles(operator).order_by().values("pk"),
            )
            return Exists(own_options.filter(~Exists(acting), option__roles__isnull=False))
        case Finding.ROLE_WITHOUT_OPTION:
            served = OptionGrant.objects.filter(
                user=OuterRef("user"), option__roles=OuterRef("role")
            )
            return Exists(own_roles.filter(~Exists(served)))
        case Finding.NEVER_SIGNED_IN:
            return Q(last_login__isnull=True)
        case Finding.EXPIRES_SOON:
            today = operator.today()
            soon = Q(valid_until__gte=today, valid_until__lte=today + EXPIRES_SOON)
            return soon | Exists(own_options.filter(soon)) | Exists(own_roles.filter(soon))
