"""The exercises that a company is offered, in their order, with what it has made of each."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.utils import timezone
from django.utils.formats import date_format

from operators.models import Operator
from profiles.exercises.progress import Progress, Run, Standing, of_company
from profiles.exercises.reading import DAY
from profiles.models import Exercise


@dataclass(frozen=True)
class Row:
    """One exercise; ``state`` as ``Progress.state`` says it."""

    exercise: Exercise
    number: int
    state: str
    standing: Standing

    def paragraphs(self, run: Run | None) -> list[str]:
        """Return the brief; its days count from the start of the run, else from today."""
        today = timezone.localdate(run and run.started)

        def day(found: re.Match) -> str:
            return date_format(today + timedelta(days=int(found[1] or 0)), "DATE_FORMAT")

        brief = DAY.sub(day, self.exercise.definition["brief"])
        return [" ".join(text.split()) for text in brief.strip().split("\n\n")]


@dataclass(frozen=True)
class Course:
    rows: list[Row]
    progress: Progress

    @classmethod
    def of(cls, operator: Operator, progress: Progress | None = None) -> Self:
        """Return the course of a company; ``progress``, if it was read already."""
        progress = progress or of_company(operator)
        on = progress.run.exercise if progress.run else ""
        rows = [
            Row(row, number, progress.state(row.code), progress.standings.get(row.code, Standing()))
            for number, row in enumerate(Exercise.objects.offered_to(operator, on), start=1)
        ]
        return cls(rows, progress)

    def row(self, code: str) -> Row | None:
        return next((row for row in self.rows if row.exercise.code == code), None)

    @property
    def current(self) -> Row | None:
        """The exercise that is on."""
        return next((row for row in self.rows if row.state == "on"), None)

    def next_after(self, number: int = 0) -> Row | None:
        """Return the next exercise that is not passed; after the last one comes the first."""
        undone = [row for row in self.rows if not row.standing.passed and row.number != number]
        return min(undone, key=lambda row: (row.number < number, row.number), default=None)
