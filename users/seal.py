"""Encrypt text with the SECRET_KEY of the installation."""

from base64 import urlsafe_b64encode
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables


class BrokenSealError(Exception):
    """The sealed text is too old, or no key of the settings decrypts it."""


class Seal:
    """Encrypts text for one purpose, and decrypts text sealed for it no longer than ``age`` ago.

    SECRET_KEY encrypts; SECRET_KEY_FALLBACKS still decrypt.
    """

    def __init__(self, purpose: str, age: timedelta | None = None) -> None:
        self.seconds = None if age is None else int(age.total_seconds())
        self.box = MultiFernet(
            Fernet(
                urlsafe_b64encode(salted_hmac(purpose, "", secret=key, algorithm="sha256").digest())
            )
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        )

    @sensitive_variables()
    def close(self, text: str) -> str:
        """The text, encrypted."""
        return self.box.encrypt(text.encode()).decode()

    @sensitive_variables()
    def open(self, sealed: str) -> str:
        """The text; raises BrokenSealError if it is too old or its key is gone."""
        try:
            return self.box.decrypt(sealed, ttl=self.seconds).decode()
        except InvalidToken as error:
            raise BrokenSealError from error
