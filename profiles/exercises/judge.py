"""Compare an exercise with what stands in the company, in words for the person who does it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from profiles.access.judge import Finding, Item, Kind, State, compare
from profiles.access.reasons import Reason, Remedy
from profiles.access.role_needs import roles_for
from profiles.exercises.reading import Definition, Goal, Happened
from users.history.wording import ACTION_LABELS
from users.lists.search import fold
from users.models import User


class ExerciseKind(StrEnum):
    """What a result is about that no expectation of access can say."""

    PERSON = "person"
    HAPPENED = "happened"
    UNTOUCHED = "untouched"


OPTIONS, ROLES = Reason.OPTION_NOT_GRANTED.remedy, Reason.ROLE_MISSING.remedy
CLOCK, DAYS = Remedy("Reloj", "users:clock"), Reason.OPTION_EXPIRED.remedy
# Of an action that has not happened; of another one, the page of the user leads to it.
ACTIONS = {"user.password_reset": Reason.CLAVE_TO_BE_CHANGED.remedy}
# Of each kind: what is said if it is right, and if it is not, and then how it is mended.
WORDS = {
    Kind.USER: ("{} existe.", "Falta el usuario {}.", Remedy("Crear Usuario", "users:create")),
    Kind.STATE: (
        "{} está {stands}.",
        "{} está {stands}, y debería estar {expected}.",
        Remedy("Cambiar Estado", "users:change_state"),
    ),
    Kind.OPTION: ("{} tiene la opción {row}.", "A {} le falta la opción {row}.", OPTIONS),
    Kind.EXTRA_OPTION: ("", "A {} le sobra la opción {row}.", OPTIONS),
    Kind.ROLE: ("{} tiene el rol {row}.", "A {} le falta el rol {row}.", ROLES),
    Kind.EXTRA_ROLE: ("", "A {} le sobra el rol {row}.", ROLES),
    **dict.fromkeys(
        (Kind.CAN, Kind.CANNOT),
        ("{day}{} {verb} {row}.", "{day}{} {verb} {row}{but}.", OPTIONS),
    ),
    ExerciseKind.PERSON: (
        "{}: «{label}» dice «{stands}».",
        "{}: «{label}» dice «{stands}», y no es lo del enunciado.",
        Remedy("Modificar datos", "users:edit"),
    ),
    ExerciseKind.HAPPENED: (
        "{}: en el Historial está «{label}».",
        "{}: en el Historial todavía no está «{label}».",
        Remedy("Ver el usuario", "profiles:user"),
    ),
    ExerciseKind.UNTOUCHED: (
        "{} sigue como estaba.",
        "{} no debía cambiar, y cambió: {label}.",
        Remedy("Si no puede volver a como estaba, presione «Empezar de nuevo»."),
    ),
}  # fmt: skip
# Where time, not a correction, is what is missing.
WAITING = {Reason.OPTION_NOT_YET_IN_EFFECT, Reason.ROLE_NOT_YET_IN_EFFECT}
# What changes of a user that shall stay as it is, by the action of the history.
CHANGES = {
    **dict.fromkeys(("user.suspended", "user.reactivated", "user.eliminated"), "su estado"),
    "user.changed": "sus datos",
    "options.assigned": "sus opciones",
    "roles.assigned": "sus roles",
    "grants.validity_changed": "sus días de vigencia",
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
    stands: str
    # Why it is wrong, and how it is mended; neither if it is right, and in an exam.
    why: str = ""
    remedy: Remedy | None = None
    # Points that it costs; then it does not stop the exercise from being passed.
    cost: int = 0

    @property
    def sentence(self) -> str:
        return f"{self.stands} {self.why}".rstrip()


def judge(
    definition: Definition, state: State, events: Sequence[Event], reach: Mapping[str, int]
) -> list[Result]:
    """Compare the exercise with the state, and with what happened since its start.

    ``state`` was read for ``definition.goal``. ``reach`` says of each role of the operator how many
    options it opens: where extras cost points, so does a role beyond the fewest.
    """
    done = {(event.action, event.username) for event in events}
    return [
        *(each for goal in definition.goal for each in _of_user(definition, goal, state, reach)),
        *(_happened(each, (each.action, each.username) in done) for each in definition.happened),
        *(_untouched(name, events) for name in definition.untouched),
    ]


def _result(item: Item, ok: bool, **facts) -> Result:
    right, wrong, remedy = WORDS[item.kind]
    sentence = (right if ok else wrong).format(item.username, **facts)
    return Result(item, ok, sentence, remedy=None if ok else remedy)


def _of_user(
    definition: Definition, goal: Goal, state: State, reach: Mapping[str, int]
) -> Iterator[Result]:
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
            case Kind.ROLE if goal.roles is None:
                continue
            case Kind.EXTRA_OPTION | Kind.EXTRA_ROLE:
                yield replace(_found(finding, state), cost=definition.extra_cost or 0)
            case Kind.CAN | Kind.CANNOT:
                yield _of_verdict(finding, state, waits=definition.activation_delay > 0)
            case _:
                yield _found(finding, state)
    if account := state.accounts.get(goal.username):
        yield from _of_person(goal, account.user)


def _found(finding: Finding, state: State) -> Result:
    facts = {"row": f"«{finding.row.name}»"} if finding.row else {}
    if finding.item.kind is Kind.STATE:
        facts = {"stands": finding.stands.label, "expected": finding.expected.label}
    return _result(finding.item, finding.ok, **facts)


def _of_verdict(finding: Finding, state: State, *, waits: bool) -> Result:
    item, day = finding.item, ""
    if item.at:
        at = (state.leads_from or state.now) + finding.expected.lead
        day = f"El {date_format(timezone.localdate(at), 'DATE_FORMAT')}, "
    reason = next(iter(finding.stands.reasons), None)
    verb, but = ("no puede usar", "") if reason else ("puede usar", ", y no debería")
    if reason and not finding.expected.is_permitted:
        but = ", pero no por el motivo que se pide"
    facts = {"day": day, "verb": verb, "row": f"«{finding.row.name}»", "but": but}
    result = _result(item, finding.ok, **facts)
    if finding.ok:
        return result
    if not reason:
        return replace(result, remedy=DAYS) if item.at else result
    remedy = CLOCK if waits and reason in WAITING and not item.at else reason.remedy
    return replace(result, why=reason.for_admin.format(item.username), remedy=remedy)


def _of_person(goal: Goal, user: User) -> Iterator[Result]:
    """Compare the data of a user, without case, accents and double spaces."""
    for field, wanted in goal.person.items():
        stands = getattr(user, field)
        label = capfirst(str(User._meta.get_field(field).verbose_name))
        item = Item(user.username, ExerciseKind.PERSON, field)
        yield _result(
            item, fold(stands).split() == fold(wanted).split(), label=label, stands=stands
        )


def _happened(each: Happened, ok: bool) -> Result:
    item = Item(each.username, ExerciseKind.HAPPENED, each.action)
    result = _result(item, ok, label=ACTION_LABELS[each.action])
    return result if ok else replace(result, remedy=ACTIONS.get(each.action, result.remedy))


def _untouched(name: str, events: Sequence[Event]) -> Result:
    """Compare each fact before its first change with the fact after its last change."""
    first, last = {}, {}
    for event in events:
        if event.username == name and (what := CHANGES.get(event.action)):
            first = _facts(what, event.before) | first
            # A reset of the clave has no facts: the entry itself is the change.
            last |= _facts(what, event.after or {"": event.action})
    changed = dict.fromkeys(fact[0] for fact in last if first.get(fact) != last[fact])
    return _result(Item(name, ExerciseKind.UNTOUCHED), not changed, label=", ".join(changed))


def _facts(what: str, facts: Mapping) -> dict[tuple, object]:
    """Return each fact of an entry under what it changes; days of validity are facts by code."""
    found = {}
    for name, value in facts.items():
        rows = value if isinstance(value, dict) else {"": value}
        found |= {(what, name, code): row for code, row in rows.items()}
    return found
