"""Claves between the plan and their hash: unreadable without the key of the installation.

A plan is looked at before it is applied, and hashing ten thousand claves takes minutes, so a clave
outlives the request that brought it. It is kept sealed, opened once, and erased with that.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

PURPOSE = "profiles.load.seal"


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        Fernet(
            base64.urlsafe_b64encode(
                salted_hmac(PURPOSE, "key", secret=key, algorithm="sha256").digest()
            )
        )
        for key in keys
    )


@sensitive_variables()
def seal(passwords: list[str]) -> list[str]:
    fernet = _fernet()
    return [fernet.encrypt(password.encode()).decode() for password in passwords]


@sensitive_variables()
def unseal(sealed: list[str]) -> list[str]:
    """What was sealed; raises BrokenSealError when it is too old, or the key another."""
    fernet, age = _fernet(), int(settings.LOAD_PLAN_AGE.total_seconds())
    try:
        return [fernet.decrypt(text, ttl=age).decode() for text in sealed]
    except InvalidToken as error:
        raise BrokenSealError from error


class BrokenSealError(Exception):
    """The claves of a plan can no longer be read."""
