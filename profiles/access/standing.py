"""How the secondary users of an operator stand: each of them in exactly one way."""

from dataclasses import dataclass
from typing import Self

from django.db import models
from django.db.models import Count, Q

from operators.models import Operator
from profiles.access.findings import COUNTED, Finding, Offer, condition
from users.models import User, UserQuerySet

NAMES = ("username", "first_name", "last_name")


class Standing(models.TextChoices):
    """The ways to stand that are no finding; the list of users filters by them too."""

    READY = "listo", "Nada: está listo"
    STOPPED = "detenido", "No puede ingresar"


UNFINISHED = (Finding.ROLE_MISSING, Finding.WITHOUT_OPTIONS)


def standing(users: UserQuerySet, how: Standing, offer: Offer) -> UserQuerySet:
    """Return the users who are ready, or those who are finished and cannot sign in."""
    finished = ~_unfinished(offer)
    active, valid = Q(state=User.State.ACTIVE), _valid(offer.operator)
    if how == Standing.READY:
        return users.filter(active, valid, finished)
    return users.filter(Q(state=User.State.SUSPENDED) | active & ~valid & finished)


@dataclass(frozen=True)
class Team:
    """The users of an operator by how they stand, and those whose access is to be finished."""

    total: int
    # The number of users by how they stand: a Standing, a Finding, or else a state.
    parts: dict[models.TextChoices, int]
    # The NAMES of each unfinished user, who ``lacks_options`` or else a role: at most COUNTED + 1.
    unfinished: list[dict]
    # Whether the access of an active user ends soon.
    expires_soon: bool

    @classmethod
    def of(cls, users: UserQuerySet, offer: Offer) -> Self:
        """Count the users of the offer's operator.

        With more than COUNTED unfinished users, the parts are the states.
        """
        is_suspended = Q(state=User.State.SUSPENDED)
        counts = users.aggregate(total=Count("pk"), suspended=Count("pk", filter=is_suspended))
        total, suspended = counts["total"], counts["suspended"]
        active = users.filter(state=User.State.ACTIVE)
        expires_soon = active.filter(condition(Finding.EXPIRES_SOON, offer)).exists()
        rows = active.annotate(lacks_options=condition(Finding.WITHOUT_OPTIONS, offer)).filter(
            Q(lacks_options=True) | Q(condition(Finding.ROLE_MISSING, offer))
        )
        rows = rows.values(*NAMES, "lacks_options").order_by("username")
        unfinished = list(rows[: COUNTED + 1])
        if len(unfinished) > COUNTED:
            parts = {User.State.ACTIVE: total - suspended, User.State.SUSPENDED: suspended}
            return cls(total, parts, unfinished, expires_soon)
        without = sum(row["lacks_options"] for row in unfinished)
        missing = len(unfinished) - without
        invalid = active.filter(~_valid(offer.operator), ~_unfinished(offer)).count()
        stopped = invalid + suspended
        parts = {
            Standing.READY: total - missing - without - stopped,
            Finding.ROLE_MISSING: missing,
            Finding.WITHOUT_OPTIONS: without,
            Standing.STOPPED: stopped,
        }
        return cls(total, parts, unfinished, expires_soon)


def _unfinished(offer: Offer):
    missing, without = (condition(finding, offer) for finding in UNFINISHED)
    return Q(missing) | Q(without)


def _valid(operator: Operator) -> Q:
    today = operator.today()
    return Q(Q(valid_from=None) | Q(valid_from__lte=today)) & Q(
        Q(valid_until=None) | Q(valid_until__gte=today)
    )
