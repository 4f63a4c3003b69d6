"""Claves between the plan and their hash: unreadable without the key of the installation.

A plan is looked at before it is applied, and hashing ten thousand claves takes minutes, so a clave
outlives the request that brought it. It is kept sealed, opened once, and erased with that.
"""

from django.conf import settings

from users.seal import Seal


def seal_of_claves() -> Seal:
    return Seal("profiles.load.seal", age=settings.LOAD_PLAN_AGE)
