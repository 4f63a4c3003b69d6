"""Text that is kept unreadable without the key of the installation."""

from base64 import urlsafe_b64encode
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables


class BrokenSealError(Exception):
    """What was sealed can no longer be read: it is too old, or its key is gone."""


class Seal:
    """Seals text for one purpose, and opens what was sealed for it no longer than ``age`` ago.

    SECRET_KEY seals; SECRET_KEY_FALLBACKS still open.
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
        return self.box.encrypt(text.encode()).decode()

    @sensitive_variables()
    def open(self, sealed: str) -> str:
        """Raises BrokenSealError."""
        try:
            return self.box.decrypt(sealed, ttl=self.seconds).decode()
        except InvalidToken as error:
            raise BrokenSealError from error
