"""Argon2id at a pinned cost, with a limit on hashes at once (docs/decisions/0025, 0035)."""

from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.views.decorators.debug import sensitive_variables

from operators.validators import normalised
from users.validators import normalise_password

slots = BoundedSemaphore(settings.HASHES_AT_ONCE)


class HashingBusyError(Exception):
    """No slot for a hash became free in ``settings.HASHING_WAIT`` seconds."""


@contextmanager
def slot():
    """Hold one of ``settings.HASHES_AT_ONCE`` slots: a hash takes 19 MiB and a core.

    Raises HashingBusyError after waiting too long.
    """
    if not slots.acquire(timeout=settings.HASHING_WAIT):
        raise HashingBusyError
    try:
        yield
    finally:
        slots.release()


@sensitive_variables()
def spellings(password: str) -> list[str]:
    """The password composed, as typed, and decomposed, each once: what ``verify`` compares."""
    return list(
        dict.fromkeys([normalise_password(password), password, normalised("NFD", password)])
    )


class ComposingHasher:
    """Mixin of a hasher: hashes a password with composed accents, whatever the keyboard sent.

    The other spellings are compared for the hashes from before that rule, which are of the password
    as it was typed.
    """

    @sensitive_variables()
    def encode(self, password, salt):
        return super().encode(normalise_password(password), salt)

    @sensitive_variables()
    def verify(self, password, encoded):
        verify = super().verify
        # Each of them, also after one that fits: the time depends on what was typed alone.
        fits = [verify(spelling, encoded) for spelling in spellings(password)]
        return any(fits)


class PinnedArgon2PasswordHasher(ComposingHasher, Argon2PasswordHasher):
    """Argon2id with the OWASP profile of 19 MiB, two passes, one lane.

    Django's default takes 100 MiB and six times as long, so that some tens of sign-ins at once
    exhaust a small server. After a change here, Django re-hashes each password at the account's
    next sign-in: it compares the stored parameters with these.
    """

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1

    @sensitive_variables()
    def encode(self, password, salt):
        with slot():
            return super().encode(password, salt)

    @sensitive_variables()
    def verify(self, password, encoded):
        with slot():
            return super().verify(password, encoded)
