"""The one way to another account of the same operator, and who has power over whom.

The tenant is ``request.user.operator`` and nothing else: it is never read from a URL, a form or a
session. Every screen about another account finds the account here.
"""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.http import Http404

from users.models import User


def secondary_users_of(principal: User):
    """Return the secondary users that this principal administers, without the eliminated ones."""
    return User.objects.secondary().existing().filter(operator=principal.operator_id)


def secondary_user(
    principal: User, username: str, *, subject: str = "", or_eliminated: bool = False
) -> User:
    """Return one of the principal's secondary users by usuario.

    With ``or_eliminated``, the last eliminated one of that usuario if none exists. ``subject`` is
    the primary key that a form about the user sends: the usuario of an eliminated user is free
    again, and an old form must not reach the next user who has it. Raises Http404 for a missing
    user and for another operator's alike, so that a caller cannot tell them apart.
    """
    if not (username.isascii() and username.isalnum()):
        # No usuario looks like that, and PostgreSQL fails on a NUL instead of finding nothing.
        raise Http404
    own_company = principal.operator.users
    same_username = own_company.filter(is_principal=False, username=username).order_by("-pk")
    if subject:
        same_username = same_username.filter(pk=key_of(subject))
    user = same_username.existing().first() or (same_username.first() if or_eliminated else None)
    if user is None:
        raise Http404
    return user


def secondary_users_by_subject(principal: User, subjects: Collection[str]) -> list[User]:
    """Return several secondary users by the primary keys that a form sends, eliminated ones too.

    Raises Http404 if any key is not that of a secondary user of this operator.
    """
    keys = set(map(key_of, subjects))
    users = User.objects.secondary().filter(operator=principal.operator_id, pk__in=keys)
    found = list(users.select_related("operator").order_by("username", "pk"))
    if len(found) != len(set(subjects)):
        raise Http404
    return found


def key_of(text: str) -> int | None:
    """Return the primary key that a form or an address sends; None for malformed text.

    The length is checked first: Python refuses to convert thousands of digits, and no key has more
    than 18.
    """
    return int(text) if len(text) <= 18 and text.isascii() and text.isdigit() else None


def require_principal(user: User) -> None:
    """Raise PermissionDenied unless the user is the principal of an operator."""
    if not user.is_principal:
        raise PermissionDenied("Solo el usuario principal de la empresa administra usuarios.")


def require_superuser(user: User) -> None:
    """Raise PermissionDenied unless the user is a superuser."""
    if not user.is_superuser:
        raise PermissionDenied("Las cuentas y los permisos del personal son del superusuario.")


def require_administrator_of(actor: User, operator) -> None:
    """Raise PermissionDenied unless the actor administers the users of that operator.

    Staff administers those of every operator, a principal those of its own.
    """
    if actor.is_staff:
        return
    require_principal(actor)
    if actor.operator_id != operator.pk:
        raise PermissionDenied("Esa empresa no es la suya.")


def require_power_over(actor: User, user: User) -> None:
    """Raise PermissionDenied unless the actor may act on that account.

    Staff may act on any account of an operator, a superuser on other staff too, a principal on its
    own secondary users. So no user suspends their own account, and only staff acts on a principal.
    """
    if actor.is_staff and user.operator_id is not None:
        return
    if actor.is_superuser and actor != user:
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

    A form of the screen also says the ``subject``, the primary key of the user that it showed: an
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
    """Return the user's row, locked: two editors of the same user take turns.

    Raises PermissionDenied for an eliminated user.
    """
    user = (
        User.objects.select_for_update(no_key=True, of=("self",))
        .select_related("operator")
        .get(pk=user.pk)
    )
    if user.state == User.State.ELIMINATED:
        raise PermissionDenied("Ese usuario fue eliminado.")
    return user
