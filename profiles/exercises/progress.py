"""What a company has made of its exercises, read from the history: nothing is stored twice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from operators.models import Operator
from users.models import AuditEntry

STARTED, CHECKED = "practice.started", "practice.checked"
PASSED, HINT_TAKEN = "practice.passed", "practice.hint_taken"
RESET, REOPENED = "operator.reset", "operator.reopened"
ACTIONS = (STARTED, CHECKED, PASSED, HINT_TAKEN, RESET, REOPENED)
NUMBER = r"SIM-[0-9]{4}-PR-[0-9]{6,18}-[0-9A-F]{8}"


@dataclass
class Run:
    """One start of an exercise, up to now."""

    exercise: str
    entry: int
    started: datetime
    # When it last made progress: at its start, at a check that found more done than any before, or
    # when its company was reopened.
    moved: datetime
    # In all runs of the exercise: a hint that was taken stays taken.
    hints: int = 0
    attempts: int = 0
    # Of the last check: the sentences about what is missing.
    missing: list[str] = field(default_factory=list)
    most_done: int = 0


class Pass(NamedTuple):
    """The entry by which an exercise was passed."""

    entry: int
    at: datetime
    facts: dict

    @property
    def number(self) -> str:
        """The number of the constancia, whose end cannot be guessed."""
        return self.number_by(settings.SECRET_KEY)

    def number_by(self, key: str) -> str:
        """Return the number that follows from a key of the settings."""
        year, entry = timezone.localtime(self.at).year, str(self.entry)
        check = salted_hmac("profiles.exercises", entry, secret=key, algorithm="sha256").hexdigest()
        return f"SIM-{year}-PR-{self.entry:06}-{check[:8].upper()}"


@dataclass
class Standing:
    """What a company has made of one exercise, in all its runs."""

    attempts: int = 0
    hints: int = 0
    # The best points, and the first entry.
    points: int = 0
    passed: Pass | None = None


@dataclass
class Progress:
    # The exercise that is on; None if none is.
    run: Run | None = None
    # By the code of each exercise that was ever started.
    standings: dict[str, Standing] = field(default_factory=dict)

    def state(self, code: str) -> str:
        """Return how an exercise stands: ``on``, else ``passed``, ``begun`` or ``new``."""
        if self.run and self.run.exercise == code:
            return "on"
        standing = self.standings.get(code)
        return "new" if standing is None else "passed" if standing.passed else "begun"


def of_company(operator: Operator) -> Progress:
    """Return the progress of one company."""
    return of_each([operator])[operator]


def of_each(operators: Iterable[Operator]) -> dict[Operator, Progress]:
    """Return the progress of each company, by one query."""
    found = {operator.pk: Progress() for operator in operators}
    entries = AuditEntry.objects.filter(operator__in=found, action__in=ACTIONS)
    columns = ("operator_id", "action", "pk", "at", "after")
    for company, *entry in entries.order_by("at", "pk").values_list(*columns):
        _follow(found[company], *entry)
    return {operator: found[operator.pk] for operator in operators}


def _follow(progress: Progress, action: str, entry: int, at: datetime, facts: dict) -> None:
    run = progress.run
    if action == STARTED:
        standing = progress.standings.setdefault(facts["exercise"], Standing())
        progress.run = Run(facts["exercise"], entry, at, at, standing.hints)
    elif run is None or action == RESET:
        progress.run = None
    elif action == REOPENED:
        run.moved = at
    elif action == HINT_TAKEN:
        run.hints += 1
        progress.standings[run.exercise].hints += 1
    else:
        standing = progress.standings[run.exercise]
        standing.attempts += 1
        run.attempts += 1
        if action == PASSED:
            progress.run = None
            standing.points = max(standing.points, facts["points"])
            standing.passed = standing.passed or Pass(entry, at, facts)
            return
        run.missing = facts["missing"]
        if facts["done"] > run.most_done:
            run.most_done, run.moved = facts["done"], at


def pass_of_number(number: str) -> tuple[Pass, Operator] | None:
    """Return the pass of an exercise that has this number, and its company; else None.

    A number of a former key is valid while SECRET_KEY_FALLBACKS has that key.
    """
    if not re.fullmatch(NUMBER, number):
        return None
    entries = AuditEntry.objects.filter(action=PASSED, pk=int(number.split("-")[3]))
    entry = entries.select_related("operator").first()
    if entry is None:
        return None
    found = Pass(entry.pk, entry.at, entry.after)
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    is_valid = any(constant_time_compare(found.number_by(key), number) for key in keys)
    return (found, entry.operator) if is_valid else None
