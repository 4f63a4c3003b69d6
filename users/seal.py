"""Encrypt text with the SECRET_KEY of the installation.

What is encrypted outlives the release that did it: a plan that waits, a password that is not yet
fetched, the secret of a second factor. So it begins with the version of its key.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

# The version that encrypts. Another way to make the key is another version; how the former ones
# are made does not change.
VERSION = "1"


class BrokenSealError(Exception):
    """The sealed text is too old, or no key of the settings decrypts it."""


class Seal:
    """Encrypts text for one purpose, and decrypts text sealed for it no longer than ``age`` ago.

    SECRET_KEY encrypts; SECRET_KEY_FALLBACKS still decrypt. Before there were versions, keys were
    made of the purpose, or of one of the pairs ``formerly``.
    """

    def __init__(
        self,
        purpose: str,
        age: timedelta | None = None,
        *,
        formerly: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.seconds = None if age is None else int(age.total_seconds())
        self.boxes = {VERSION: _box((purpose, "")), "": _box((purpose, ""), *formerly)}

    @sensitive_variables()
    def close(self, text: str) -> str:
        """The text, encrypted."""
        return f"{VERSION}:{self.boxes[VERSION].encrypt(text.encode()).decode()}"

    @sensitive_variables()
    def open(self, sealed: str) -> str:
        """The text; raises BrokenSealError if it is too old or its key or version is unknown."""
        version, _, token = sealed.rpartition(":")
        try:
            return self.boxes[version].decrypt(token, ttl=self.seconds).decode()
        except (KeyError, InvalidToken) as error:
            raise BrokenSealError from error


def _box(*derivations: tuple[str, str]) -> MultiFernet:
    """Return what decrypts with each key of the settings and each derivation; the first encrypts."""
    return MultiFernet(
        Fernet(urlsafe_b64encode(salted_hmac(salt, value, secret=key, algorithm="sha256").digest()))
        for salt, value in derivations
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
