"""The one door to another account of the same operator.

The tenant is ``request.user.operator`` and nothing else: it is never read from a URL, a form or a
session. Every screen that touches another account comes through here.
"""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.http import Http404

from users.models import User


def secondary_users_of(principal: User):
    """The secondary users that this principal administers, the eliminated ones left out."""
    return User.objects.secondary().existing().filter(operator=principal.operator_id)


def secondary_user(
    principal: User, username: str, *, subject: str = "", or_eliminated: bool = False
) -> User:
    """One of them, by usuario; with ``or_eliminated``, else the last one eliminated of that name.

    ``subject`` is what a form about the user holds of it, its primary key: a usuario is free again
    when its user is eliminated, and an old form must not reach the next person of that name.
    Raises Http404 for whoever is not there and for another operator's account alike, so that
    neither can be told from the other.
    """
    if not (username.isascii() and username.isalnum()):
        # Nobody is called that; and PostgreSQL fails on a NUL instead of finding nothing.
        raise Http404
    same_username = User.objects.secondary().filter(
        operator=principal.operator_id, username=username
    )
    same_username = same_username.select_related("operator").order_by("-pk")
    if subject:
        same_username = same_username.filter(pk=key_of(subject))
    user = same_username.existing().first() or (same_username.first() if or_eliminated else None)
    if user is None:
        raise Http404
    return user


def secondary_users_by_subject(principal: User, subjects: Collection[str]) -> list[User]:
    """Several of them by primary key, the eliminated ones too: what a form about them holds.

    Raises Http404 if any of the keys is not of one of this operator's.
    """
    keys = set(map(key_of, subjects))
    users = User.objects.secondary().filter(operator=principal.operator_id, pk__in=keys)
    found = list(users.select_related("operator").order_by("username", "pk"))
    if len(found) != len(set(subjects)):
        raise Http404
    return found


def key_of(text: str) -> int | None:
    """The primary key that a form or an address names; None for what is none.

    The length is looked at first: Python refuses to make a number of thousands of digits, and no
    key has more than 18.
    """
    return int(text) if len(text) <= 18 and text.isascii() and text.isdigit() else None


def require_principal(user: User) -> None:
    """Only the principal user of an operator administers its users."""
    if not user.is_principal:
        raise PermissionDenied("Solo el usuario principal de la empresa administra usuarios.")


def require_administrator_of(actor: User, operator) -> None:
    """Staff administers the users of every operator, a principal those of its own."""
    if actor.is_staff:
        return
    require_principal(actor)
    if actor.operator_id != operator.pk:
        raise PermissionDenied("Esa empresa no es la suya.")


def require_power_over(actor: User, user: User) -> None:
    """Staff may act on any account of an operator, a principal on its own secondary users.

    So nobody suspends himself, and a principal is touched by staff only.
    """
    if actor.is_staff and user.operator_id is not None:
        return
    require_principal(actor)
    if user.operator_id != actor.operator_id or not user.is_secondary:
        raise PermissionDenied("Ese usuario no es un usuario secundario de su empresa.")


class PrincipalRequiredMixin:
    """A screen of the principal user; every other account gets a 403."""

    def dispatch(self, request, *args, **kwargs):
        require_principal(request.user)
        return super().dispatch(request, *args, **kwargs)


class AboutOneUser(PrincipalRequiredMixin):
    """A screen about the secondary user that its address names: ``self.account``.

    A form of the screen also says the ``subject``, the primary key of the user whom it showed: an
    old form must not reach the next user of that name. With ``or_eliminated`` the last eliminated
    user of that name is found, too.
    """

    or_eliminated = False

    def dispatch(self, request, *args, username: str, **kwargs):
        require_principal(request.user)
        self.account = secondary_user(
            request.user,
            username,
            subject=request.POST.get("subject", ""),
            or_eliminated=self.or_eliminated,
        )
        return super().dispatch(request, *args, **kwargs)


def lock_account(user: User) -> User:
    """The row of the user, under the lock by which two editors of the same user take turns."""
    user = User.objects.select_for_update(of=("self",)).select_related("operator").get(pk=user.pk)
    if user.state == User.State.ELIMINATED:
        raise PermissionDenied("Ese usuario fue eliminado.")
    return user
