"""Check that the portal can prepare what exercises ask for, and that a person can do them."""

from collections.abc import Iterator, Mapping, Sequence
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


def problems(
    exercises: Mapping[str, Exercise], catalogue: Catalogue, principal: dict[str, str]
) -> Iterator[Problem]:
    """Yield every problem of exercises by place; each company has the ``principal`` already."""
    leaves = {leaf.code: leaf for leaf in Option.objects.every_leaf().for_verdicts()}
    roles = Role.objects.filter(is_retired=False)
    companies = {
        kind: Company(kind, roles.filter(operator_type=kind).reach(), leaves, catalogue)
        for kind in catalogue.operator_types
    }
    for place, exercise in exercises.items():
        goal = goal_of(exercise, catalogue)
        named = [*_of_people(exercise, goal, principal)]
        yield from (Problem(sentence, place, username) for username, sentence in named)
        if not named:
            found: dict[str, list[str]] = {}
            for kind in exercise.operator_types or companies:
                for sentence in companies[kind].problems(exercise, goal):
                    found.setdefault(sentence, []).append(kind)
            for sentence, kinds in found.items():
                yield Problem(f"{sentence} ({', '.join(kinds)})", place)


def _of_people(
    exercise: Exercise, goal: Sequence[ExpectedUser], principal: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the usuario and the problem."""
    known = {principal["username"], principal["document_number"]}
    for row in exercise.people:
        if not known.isdisjoint(names := {row["username"], row["document_number"]}):
            yield row["username"], "Otro usuario tiene ya ese usuario o ese documento."
        known |= names
    people = exercise.persons()
    prepared = {name for name, person in people.items() if not person.is_new}
    for name in sorted({*exercise.untouched} - prepared):
        yield name, "No se prepara: no puede quedar como estaba."
    for name in sorted({*exercise.happened, *(each.username for each in goal)} - people.keys()):
        yield name, "No está entre «people»."
    for each in goal:
        if exercise.activation_delay and any(each.leads):
            yield each.username, "Con demora, «at» depende de la hora: quite una de las dos."


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
        solved = {
            each.username: self.solved(people[each.username], each, at)
            for each in goal
            if each.username not in exercise.untouched
        }
        state = replace(state, now=at, accounts=prepared | solved)
        done = {(action, name) for name, action in exercise.happened.items()}
        for result in judge(exercise, goal, state, done, self.reach):
            if not (result.ok or result.cost):
                yield f"No se puede lograr. {result.sentence}"

    def prepared(self, person: Person, at: datetime) -> Timeline:
        """Return the account of a person as the portal prepares it, in effect at an instant."""
        leaves = [self.leaves[code] for code in person.options if person.with_roles]
        return Timeline(
            person.user(operator=Operator(pk=0)),
            frozenset({self.kind}),
            [GrantRow(code, at) for code in person.options],
            [GrantRow(code, at) for code in roles_for(leaves, self.reach)],
        )

    def solved(self, person: Person, goal: ExpectedUser, at: datetime) -> Timeline:
        """Return the account of a person as the goal asks for it, in effect at an instant."""
        options = goal.options
        if options is None:
            options = {*person.options, *(each.option for each in goal.verdicts)}
        person = replace(person, state=goal.state, options=options, with_roles=True)
        account = self.prepared(person, at)
        options = [_on_days(grant, goal, at) for grant in account.options]
        roles = account.roles
        if goal.roles is not None:
            roles = [GrantRow(code, at) for code in goal.roles]
        return replace(account, options=options, roles=roles)


def _on_days(grant: GrantRow, goal: ExpectedUser, now: datetime) -> GrantRow:
    """Return the grant of an option with the days by which the goal opens and closes it."""
    verdicts = [each for each in goal.verdicts if each.option == grant.code]
    if all(each.is_permitted for each in verdicts):
        return grant
    leads = [each.lead for each in verdicts if each.is_permitted] or [timedelta(days=-1)]
    first, last = (timezone.localdate(now + lead) for lead in (min(leads), max(leads)))
    return grant._replace(valid_from=first, valid_until=last)
