"""Accounts as the commands are told them."""

from django.core.management.base import CommandError

from operators.validators import normalise_ruc
from users.models import User
from users.validators import normalise_username


def staff_named(username: str) -> User:
    user = User.objects.staff().existing().filter(username=username).first()
    if user is None:
        raise CommandError(f"No hay personal con el usuario «{username}».")
    return user


def account_named(ruc: str, username: str) -> User:
    ruc, username = normalise_ruc(ruc), normalise_username(username)
    users = User.objects.of_operators().existing().select_related("operator")
    user = users.filter(operator__ruc=ruc, username=username).first()
    if user is None:
        raise CommandError(f"No hay un usuario «{username}» en un operador con RUC «{ruc}».")
    return user
