"""The fault of a practice company, by which a program rehearses an outage.

Sign-ins, tokens and answers of the API of that company behave so until the fault ends by itself; the
company is known by then, so that no other company meets it, and a wrong clave reveals nothing of it.
"""

import math
from datetime import datetime
from threading import BoundedSemaphore
from time import sleep

from django.utils import timezone

from operators.models import Fault, Operator

# Seconds that a slow answer waits. It holds a thread of the server meanwhile, so that of many at
# once in a process only so many wait, and the others are answered at once.
DELAY = 2
SLOW_AT_ONCE = 2
_waiting = BoundedSemaphore(SLOW_AT_ONCE)


class OutageError(Exception):
    """The company is down, as it was told to be, until ``ends_at``."""

    def __init__(self, ends_at: datetime) -> None:
        super().__init__()
        self.ends_at = ends_at

    @property
    def seconds(self) -> int:
        """How many seconds to wait, at least one."""
        return max(1, math.ceil((self.ends_at - timezone.now()).total_seconds()))


def fault_of(operator: Operator) -> Fault | None:
    """Return the fault that the company has now."""
    if operator.fault_until is None or operator.fault_until <= timezone.now():
        return None
    return Fault(operator.fault)


def meet(operator: Operator) -> None:
    """Behave as the fault of the company says: wait, or raise OutageError."""
    match fault_of(operator):
        case Fault.DOWN:
            raise OutageError(operator.fault_until)
        case Fault.SLOW if _waiting.acquire(blocking=False):
            try:
                sleep(DELAY)
            finally:
                _waiting.release()
