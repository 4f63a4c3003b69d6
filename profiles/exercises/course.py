"""How far companies have come in their exercises, read from the history: nothing is stored twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import F
from django.db.models.fields.json import KT
from django.utils import timezone

from operators.models import Operator
from profiles.exercises.certificates import PASSED, number_of
from profiles.models import Exercise
from users.models import AuditEntry

STARTED, CHECKED = "practice.started", "practice.checked"
HINT_TAKEN = "practice.hint_taken"
RESET, REOPENED = "operator.reset", "operator.reopened"
ACTIONS = (STARTED, CHECKED, PASSED, HINT_TAKEN, RESET, REOPENED)
LABELS = {
    "on": "En curso",
    "passed": "Lograda",
    "begun": "Sin terminar",
    "new": "No empezada",
}


@dataclass
class Standing:
    """What a company has made of one exercise, in all its runs."""

    exercise: Exercise
    # Its place among those that the company is offered.
    number: int = 0
    is_on: bool = False
    # The last start, and the last check since.
    start: AuditEntry | None = None
    check: AuditEntry | None = None
    # Those of the last check, as ``judge.Result.facts``, once ``read_results`` was called.
    results: Sequence[dict] = ()
    # When it last made progress: at its start, at a check that found more done than any before, or
    # when its company was reopened.
    moved: datetime | None = None
    most_done: int = 0
    attempts: int = 0
    # A hint that was taken stays taken.
    hints: int = 0
    # The best ones, and the first entry with them.
    points: int = 0
    passed: AuditEntry | None = None

    @property
    def state(self) -> str:
        if self.is_on:
            return "on"
        if self.passed:
            return "passed"
        return "begun" if self.start else "new"

    @property
    def label(self) -> str:
        return LABELS[self.state]

    @property
    def missing(self) -> list[str]:
        """The sentences about what the last check did not find, while the exercise is on."""
        return [each["sentence"] for each in self.results if self.is_on and not each["ok"]]

    @property
    def certificate(self) -> str:
        """The number of its constancia; empty if it was not passed."""
        return number_of(self.passed) if self.passed else ""

    @property
    def paragraphs(self) -> list[str]:
        """The brief; its days count from the start, else from today."""
        return self.exercise.paragraphs(timezone.localdate(self.start.at if self.is_on else None))

    def follow(self, entry: AuditEntry) -> None:
        """Go on by one entry about the exercise."""
        if entry.action == STARTED:
            self.is_on, self.start = True, entry
            self.moved, self.most_done = entry.at, 0
        elif entry.action == HINT_TAKEN:
            self.hints += 1
        else:
            self.attempts += 1
            self.check = entry
            if entry.action == PASSED:
                self.is_on = False
                if entry.points > self.points:
                    self.points, self.passed = entry.points, entry
            elif entry.done > self.most_done:
                self.moved, self.most_done = entry.at, entry.done


@dataclass
class Course:
    """How far a company has come in its exercises."""

    company: Operator
    rows: list[Standing]
    # Whether its users are those of an exercise, and those that its trainee added.
    is_prepared: bool = False

    @classmethod
    def of(cls, company: Operator) -> Self:
        """Return the course of one company."""
        types = company.operator_types.values_list("code", flat=True)
        return courses_of([company], {*types})[0]

    @property
    def name(self) -> str:
        """Who uses the company."""
        return self.company.trainee or self.company.name

    def row(self, code: str) -> Standing | None:
        return next((row for row in self.rows if row.exercise.code == code), None)

    @property
    def current(self) -> Standing | None:
        """The exercise that is on."""
        return next((row for row in self.rows if row.is_on), None)

    @property
    def passed(self) -> int:
        return sum(bool(row.passed) for row in self.rows)

    @property
    def points(self) -> int:
        return sum(row.points for row in self.rows)

    @property
    def most_points(self) -> int:
        return sum(row.exercise.points for row in self.rows)

    @property
    def stuck(self) -> int:
        """The whole minutes without progress in a company that is open, if most need fewer."""
        if not (self.company.is_open and (row := self.current)):
            return 0
        minutes = int((timezone.now() - row.moved).total_seconds()) // 60
        return minutes if minutes >= row.exercise.minutes else 0

    def next_after(self, number: int = 0) -> Standing | None:
        """Return the next exercise that is not passed; after the last one comes the first."""
        undone = [row for row in self.rows if not row.passed and row.number != number]
        return min(undone, key=lambda row: (row.number < number, row.number), default=None)

    def follow(self, entry: AuditEntry) -> None:
        """Go on by one entry of the company."""
        if entry.action == REOPENED:
            if self.current:
                self.current.moved = entry.at
            return
        if entry.action in (STARTED, RESET):
            self.is_prepared = entry.action == STARTED
            # The users that a check names are there no more.
            for row in self.rows:
                row.is_on, row.check = False, None
        if entry.action != RESET and (row := self.row(entry.exercise)):
            row.follow(entry)


def courses_of(companies: Iterable[Operator], types: set[str]) -> list[Course]:
    """Return the course of each company, all of these types of operator, by two queries.

    All courses have the same exercises: an exercise that one of them started is in all.
    """
    exercises = [*Exercise.objects.all()]
    courses = {
        company.pk: Course(company, [Standing(exercise) for exercise in exercises])
        for company in companies
    }
    # Not all facts: those of a check hold its results.
    facts = {"exercise": KT("after__exercise"), "done": F("after__done")}
    entries = AuditEntry.objects.filter(operator__in=courses, action__in=ACTIONS)
    entries = entries.annotate(points=F("after__points"), **facts).order_by("at", "pk")
    for entry in entries.only("operator", "action", "at"):
        courses[entry.operator_id].follow(entry)
    found = [*courses.values()]
    shown = [
        place
        for place, exercise in enumerate(exercises)
        if exercise.is_offered_to(types) or any(course.rows[place].start for course in found)
    ]
    for course in found:
        course.rows = [course.rows[place] for place in shown]
        for number, row in enumerate(course.rows, start=1):
            row.number = number
    return found


def read_results(courses: Iterable[Course]) -> None:
    """Read the results of the last check of each company, by one query."""
    rows = {row.check.pk: row for course in courses for row in course.rows if row.check}
    checks = AuditEntry.objects.filter(pk__in=rows).values_list("pk", "after__results")
    for entry, results in checks:
        rows[entry].results = results or ()
