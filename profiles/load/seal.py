"""Encrypts passwords between the plan and their hash, with the key of the installation.

A plan is read before it is applied, and hashing ten thousand passwords takes minutes, so a password
outlives its request. It is stored sealed, opened once, and then erased.
"""

from django.conf import settings

from users.seal import Seal

PURPOSE = "profiles.load.seal"


def seal_of_passwords() -> Seal:
    """Return the seal of a plan's passwords; it opens none that is older than a plan is kept."""
    return Seal(PURPOSE, age=settings.LOAD_PLAN_AGE, formerly=[(PURPOSE, "key")])
