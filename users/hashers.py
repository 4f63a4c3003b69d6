from django.contrib.auth.hashers import Argon2PasswordHasher


class PinnedArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the OWASP profile of 19 MiB, two passes, one lane.

    Django's default takes 100 MiB and six times as long for each sign-in, so that some tens of
    people signing in at once exhaust a small server. Changing a number here re-hashes each clave
    at its owner's next sign-in: Django compares the stored parameters with these.
    """

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1
