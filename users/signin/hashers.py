from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.views.decorators.debug import sensitive_variables

turns = BoundedSemaphore(settings.HASHES_AT_ONCE)


class HashingBusyError(Exception):
    """So many claves are being hashed in this process that one did not get its turn in time."""


@contextmanager
def turn():
    """A hash takes 19 MiB and a core: some at a time, and whoever waits too long is told."""
    if not turns.acquire(timeout=settings.HASHING_WAIT):
        raise HashingBusyError
    try:
        yield
    finally:
        turns.release()


class PinnedArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the OWASP profile of 19 MiB, two passes, one lane.

    Django's default takes 100 MiB and six times as long for each sign-in, so that some tens of
    people signing in at once exhaust a small server. Changing a number here re-hashes each clave
    at its owner's next sign-in: Django compares the stored parameters with these.
    """

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1

    @sensitive_variables()
    def encode(self, password, salt):
        with turn():
            return super().encode(password, salt)

    @sensitive_variables()
    def verify(self, password, encoded):
        with turn():
            return super().verify(password, encoded)
