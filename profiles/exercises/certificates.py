"""The number of a constancia: that of the entry by which an exercise was passed, with a keyed end."""

import re

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from users.models import AuditEntry

PASSED = "practice.passed"


def number_of(entry: AuditEntry, key: str | None = None) -> str:
    """Return the number, whose end cannot be guessed; ``key`` is SECRET_KEY unless another is given."""
    check = salted_hmac("profiles.exercises", str(entry.pk), secret=key, algorithm="sha256")
    year = timezone.localtime(entry.at).year
    return f"SIM-{year}-PR-{entry.pk:06}-{check.hexdigest()[:8].upper()}"


def entry_of(number: str) -> AuditEntry | None:
    """Return the entry of a number; None for a number that is not of a constancia.

    A number of a former key is valid while SECRET_KEY_FALLBACKS has that key.
    """
    if not (found := re.fullmatch(r"SIM-[0-9]{4}-PR-([0-9]{6,18})-[0-9A-F]{8}", number)):
        return None
    passed = AuditEntry.objects.filter(action=PASSED, pk=int(found[1]))
    entry = passed.select_related("operator").first()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    is_valid = entry and any(constant_time_compare(number_of(entry, key), number) for key in keys)
    return entry if is_valid else None
