"""Find the operators and accounts that the arguments of a command name."""

from django.core.management.base import CommandError

from operators.models import Operator
from operators.validators import normalise_ruc
from users.models import User
from users.validators import normalise_username


def operator_named(ruc: str) -> Operator:
    """The operator with this RUC; raises CommandError, as of a wrong argument, if there is none."""
    operator = Operator.objects.filter(ruc=normalise_ruc(ruc)).first()
    if operator is None:
        raise CommandError(f"No hay un operador con RUC «{ruc}».", returncode=2)
    return operator


def staff_named(username: str) -> User:
    """The existing staff account with this username; raises CommandError if there is none."""
    user = User.objects.staff().existing().filter(username=username).first()
    if user is None:
        raise CommandError(f"No hay personal con el usuario «{username}».")
    return user


def account_named(ruc: str, username: str) -> User:
    """The existing account of the operator with this RUC; raises CommandError if there is none."""
    ruc, username = normalise_ruc(ruc), normalise_username(username)
    users = User.objects.of_operators().existing().select_related("operator")
    user = users.filter(operator__ruc=ruc, username=username).first()
    if user is None:
        raise CommandError(f"No hay un usuario «{username}» en un operador con RUC «{ruc}».")
    return user
