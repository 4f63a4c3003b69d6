"""Compare an exercise with what stands in the company, in words for the person who does it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from profiles.access.judge import WHAT, Finding, Item, Kind, State, compare
from profiles.access.reasons import Reason, Remedy
from profiles.access.role_needs import roles_for
from profiles.exercises.reading import Definition, Goal
from users.history.wording import ACTION_LABELS
from users.lists.search import fold
from users.models import User


class ExerciseKind(StrEnum):
    """What a result is about that no expectation of access can say."""

    PERSON = "person"
    HAPPENED = "happened"
    UNTOUCHED = "untouched"


CLOCK = Remedy("Reloj", "users:clock")
OPTIONS, ROLES = Reason.OPTION_NOT_GRANTED.remedy, Reason.ROLE_MISSING.remedy
# How a difference is mended; of a verdict, its reason says it.
REMEDIES = {
    Kind.USER: Remedy("Crear Usuario", "users:create"),
    Kind.STATE: Remedy("Cambiar Estado", "users:change_state"),
    ExerciseKind.PERSON: Remedy("Modificar datos", "users:edit"),
    Kind.OPTION: OPTIONS,
    Kind.EXTRA_OPTION: OPTIONS,
    Kind.ROLE: ROLES,
    Kind.EXTRA_ROLE: ROLES,
    Kind.CANNOT: OPTIONS,
    ExerciseKind.HAPPENED: Remedy("Ver el usuario", "profiles:user"),
    ExerciseKind.UNTOUCHED: Remedy("Ver el usuario", "profiles:user"),
}
# Where time, not a correction, is what is missing.
WAITING = {Reason.OPTION_NOT_YET_IN_EFFECT, Reason.ROLE_NOT_YET_IN_EFFECT}
# What changes of a user that shall stay as it is, by the action of the history.
CHANGES = {
    "user.suspended": "su estado",
    "user.reactivated": "su estado",
    "user.eliminated": "su estado",
    "user.changed": "sus datos",
    "options.assigned": "sus opciones",
    "roles.assigned": "sus roles",
    "grants.validity_changed": "sus días de vigencia",
    # It leaves no facts: it is a change whatever comes after.
    "user.password_reset": "su clave",
}


class Event(NamedTuple):
    """An entry of the history about a user, since the exercise was started."""

    action: str
    username: str
    before: dict
    after: dict


@dataclass(frozen=True)
class Result:
    item: Item
    ok: bool
    sentence: str
    # None if it is right, and in an exam.
    remedy: Remedy | None = None
    # Points that it costs; then it does not stop the exercise from being passed.
    cost: int = 0


def judge(
    definition: Definition, state: State, events: Sequence[Event], reach: Mapping[str, int]
) -> list[Result]:
    """Compare the exercise with the state, and with what happened since its start.

    ``state`` was read for ``definition.goal``. ``reach`` says of each role of the operator how
    many options it opens: where extras cost points, so does a role beyond the fewest.
    """
    found = [
        *(
            result
            for goal in definition.goal
            for result in _of_user(definition, goal, state, reach)
        ),
        *_happened(definition, events),
        *_untouched(definition, events),
    ]
    return [result if result.ok else _with_remedy(result) for result in found]


def _of_user(
    definition: Definition, goal: Goal, state: State, reach: Mapping[str, int]
) -> Iterator[Result]:
    account = state.accounts.get(goal.username)
    opened = {each.option for each in goal.verdicts if each.is_permitted}
    expected = goal
    if definition.extra_cost and goal.roles is None:
        fewest = roles_for([state.leaves[code] for code in opened], reach)
        expected = replace(goal, roles=tuple(fewest))
    for finding in compare(expected, state):
        match finding.item.kind:
            case Kind.OPTION if finding.item.code in opened:
                # Whether the option can be opened says more.
                continue
            case Kind.EXTRA_OPTION | Kind.EXTRA_ROLE:
                cost = definition.extra_cost or 0
                yield replace(_worded(finding, state), cost=cost)
            case Kind.ROLE if goal.roles is None:
                continue
            case Kind.USER:
                yield _worded(finding, state)
                if account is not None:
                    yield from _person(goal, account.user)
            case _:
                yield _worded(finding, state)


def _worded(finding: Finding, state: State) -> Result:
    item, ok = finding.item, finding.ok
    name, row = item.username, f"«{finding.row.name}»" if finding.row else ""
    remedy = None
    match item.kind:
        case Kind.USER:
            sentence = f"{name} existe." if ok else f"Falta el usuario {name}."
        case Kind.STATE:
            instead = "" if ok else f", y debería estar {finding.expected.label}"
            sentence = f"{name} está {finding.stands.label}{instead}."
        case Kind.OPTION | Kind.ROLE:
            sentence = f"{name} tiene {WHAT[item.kind]} {row}."
            if not ok:
                sentence = f"A {name} le falta {WHAT[item.kind]} {row}."
        case Kind.EXTRA_OPTION | Kind.EXTRA_ROLE:
            sentence = f"A {name} le sobra {WHAT[item.kind]} {row}."
        case _:
            sentence = f"{_day(finding, state)}{name} "
            if finding.stands.permitted:
                sentence += f"puede usar {row}{'' if ok else ', y no debería'}."
            else:
                reason = finding.stands.reasons[0]
                why = "" if ok else f" {reason.for_admin.format(name)}"
                sentence += f"no puede usar {row}.{why}"
                remedy = CLOCK if reason in WAITING and not item.at else reason.remedy
    return Result(item, ok, sentence, remedy)


def _day(finding: Finding, state: State) -> str:
    """Return the day for which a verdict was made, if it is not today's."""
    if not finding.item.at:
        return ""
    at = (state.leads_from or state.now) + finding.expected.lead
    return f"El {date_format(timezone.localdate(at), 'DATE_FORMAT')}, "


def _person(goal: Goal, user: User) -> Iterator[Result]:
    """Compare the data of a user as the portal forgives: without case, accents and double spaces."""
    for field, wanted in goal.person.items():
        stands = getattr(user, field)
        ok = fold(stands).split() == fold(wanted).split()
        label = capfirst(str(User._meta.get_field(field).verbose_name))
        sentence = f"{user.username}: «{label}» dice «{stands}»"
        item = Item(user.username, ExerciseKind.PERSON, field)
        yield Result(item, ok, f"{sentence}{'' if ok else ', y no es lo del enunciado'}.")


def _happened(definition: Definition, events: Sequence[Event]) -> Iterator[Result]:
    done = {(event.action, event.username) for event in events}
    for each in definition.happened:
        ok = (each.action, each.username) in done
        stands = "está" if ok else "todavía no está"
        sentence = f"{each.username}: en el Historial {stands} «{ACTION_LABELS[each.action]}»."
        yield Result(Item(each.username, ExerciseKind.HAPPENED, each.action), ok, sentence)


def _untouched(definition: Definition, events: Sequence[Event]) -> Iterator[Result]:
    for name in definition.untouched:
        first: dict[str, dict] = {}
        last: dict[str, dict] = {}
        for event in events:
            if event.username == name and event.action in CHANGES:
                what = CHANGES[event.action]
                first.setdefault(what, event.before)
                last[what] = event.after
        changed = [what for what in first if first[what] != last[what] or not last[what]]
        sentence = f"{name} sigue como estaba."
        if changed:
            sentence = f"{name} no debía cambiar, y cambió: {', '.join(changed)}."
        yield Result(Item(name, ExerciseKind.UNTOUCHED), not changed, sentence)


def _with_remedy(result: Result) -> Result:
    return replace(result, remedy=result.remedy or REMEDIES.get(result.item.kind))
