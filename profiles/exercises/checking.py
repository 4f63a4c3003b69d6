"""Check that the portal can prepare what exercises ask for, and that a person can do them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from operators.models import Operator
from profiles.access.expectations import Catalogue, ExpectedUser, Problem
from profiles.access.judge import State
from profiles.access.role_needs import roles_for
from profiles.access.verdict import GrantRow, Holdings, Timeline, verdict
from profiles.exercises.judge import is_passed, judge
from profiles.exercises.reading import goal_of
from profiles.models import Exercise, Option, Person, Role
from users.models import User


def problems(
    exercises: Sequence[Exercise], catalogue: Catalogue, principal: dict[str, str]
) -> Iterator[Problem]:
    """Yield every problem; each company has the ``principal`` already."""
    leaves = {leaf.code: leaf for leaf in Option.objects.every_leaf().for_verdicts()}
    roles = Role.objects.filter(is_retired=False)
    companies = {
        kind: Company(kind, roles.filter(operator_type=kind).reach(), leaves, catalogue)
        for kind in catalogue.operator_types
    }
    for index, exercise in enumerate(exercises):
        place, goal = f"exercises[{index}]", goal_of(exercise, catalogue)
        about = {*exercise.happened, *(expected.username for expected in goal)}
        named = [*_of_people(exercise, principal, about)]
        yield from (Problem(sentence, place, username) for username, sentence in named)
        if not named:
            for kind in exercise.operator_types or companies:
                sentences = companies[kind].problems(exercise, goal)
                yield from (Problem(f"{sentence} ({kind})", place) for sentence in sentences)


def _of_people(
    exercise: Exercise, principal: dict[str, str], about: set[str]
) -> Iterator[tuple[str, str]]:
    """Yield the usuario and the problem; ``about`` are those of whom the exercise asks something."""
    known = {principal["username"], principal["document_number"]}
    for row in exercise.people:
        if not known.isdisjoint(names := {row["username"], row["document_number"]}):
            yield row["username"], "Otro usuario tiene ya ese usuario o ese documento."
        known |= names
    people = exercise.persons()
    prepared = {name for name, person in people.items() if not person.is_new}
    for name in sorted({*exercise.untouched} - prepared):
        yield name, "No se prepara: no puede quedar como estaba."
    for name in sorted(about - people.keys()):
        yield name, "No está entre «people»."


@dataclass(frozen=True)
class Company:
    """A company of one type of operator; ``reach`` as in ``judge``."""

    kind: str
    reach: Mapping[str, int]
    leaves: Mapping[str, Option]
    catalogue: Catalogue

    def problems(self, exercise: Exercise, goal: Sequence[ExpectedUser]) -> Iterator[str]:
        """Judge what is prepared, which must not pass, and what the goal asks for, which must."""
        principal = Holdings(True, frozenset({self.kind}), {}, {})
        offered = {code for code, leaf in self.leaves.items() if verdict(principal, leaf).permitted}
        asked = {code for person in exercise.persons().values() for code in person.options}
        for expected in goal:
            asked |= {*(expected.options or ()), *(expected.roles or ())}
            asked |= {each.option for each in expected.verdicts}
        if missing := asked - offered - self.reach.keys():
            yield f"No se ofrece {', '.join(sorted(missing))}."
            return
        people, start = exercise.persons(), timezone.now()
        at = start + timedelta(hours=exercise.activation_delay)
        prepared = {
            name: self.prepared(person, at) for name, person in people.items() if not person.is_new
        }
        state = State(start, self.catalogue, prepared, self.leaves)
        if is_passed(judge(exercise, goal, state, set(), self.reach)):
            yield "Se cumple sin hacer nada."
        done = {(action, name) for name, action in exercise.happened.items()}
        solved = {
            each.username: self.solved(people[each.username], each, start, at)
            for each in goal
            if each.username not in exercise.untouched
        }
        # The trainee moves the clock on until what was granted after the start has effect.
        accounts, later = prepared | solved, at + timedelta.resolution
        state = replace(state, now=later, leads_from=start, accounts=accounts)
        for result in judge(exercise, goal, state, done, self.reach):
            if not (result.ok or result.cost):
                yield f"No se puede lograr. {result.sentence}"

    def prepared(self, person: Person, at: datetime) -> Timeline:
        """Return the account of a person as the portal prepares it, in effect at an instant."""
        return self.account(person, at, person.options, self.fewest_of(person))

    def solved(self, person: Person, goal: ExpectedUser, start: datetime, at: datetime) -> Timeline:
        """Return the account of a person as the goal asks for it; ``at`` as in ``prepared``."""
        opened = [each.option for each in goal.verdicts if each.is_permitted]
        options, roles = goal.options, goal.roles
        if options is None:
            options = {*person.options, *opened}
        if roles is None:
            roles = self.fewest([*opened, *(person.options if person.with_roles else ())])
        person = replace(person, state=goal.state or User.State.ACTIVE)
        account = self.account(person, at, options, roles)
        return replace(account, options=[_on_days(each, goal, start) for each in account.options])

    def fewest_of(self, person: Person) -> frozenset[str]:
        return self.fewest(person.options if person.with_roles else ())

    def fewest(self, options: Iterable[str]) -> frozenset[str]:
        return roles_for([self.leaves[code] for code in options], self.reach)

    def account(self, person: Person, at: datetime, options: Iterable, roles: Iterable) -> Timeline:
        """Return an account; what the portal does not prepare has effect after what it does."""
        prepared, later = {*person.options, *self.fewest_of(person)}, at + timedelta.resolution
        options, roles = (
            [GrantRow(code, at if code in prepared else later) for code in codes]
            for codes in (options, roles)
        )
        user = person.user(operator=Operator(pk=0))
        return Timeline(user, frozenset({self.kind}), options, roles)


def _on_days(grant: GrantRow, goal: ExpectedUser, start: datetime) -> GrantRow:
    """Return the grant of an option with the days by which the goal opens and closes it."""
    verdicts = [each for each in goal.verdicts if each.option == grant.code]
    if all(each.is_permitted for each in verdicts):
        return grant
    opened = [
        start + each.lead if each.lead else grant.effective_at
        for each in verdicts
        if each.is_permitted
    ]
    days = [timezone.localdate(instant) for instant in opened or [start - timedelta(days=1)]]
    return grant._replace(valid_from=min(days), valid_until=max(days))
