"""Compare an exercise with what stands in the company, in words for the person who does it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from profiles.access.expectations import ExpectedUser
from profiles.access.judge import Finding, Kind, State, compare
from profiles.access.reasons import Reason, Remedy
from profiles.access.role_needs import roles_for
from profiles.models import Exercise, Person
from users.history.wording import ACTION_LABELS
from users.lists.search import fold
from users.models import User

NEW_CLAVE = "user.password_reset"
OPTIONS, ROLES = Reason.OPTION_NOT_GRANTED.remedy, Reason.ROLE_MISSING.remedy
CREATE, CLOCK = Remedy("Crear Usuario", "users:create"), Remedy("Reloj", "users:clock")
ABOUT_NO_USER = (CREATE, CLOCK)
DAYS = Reason.OPTION_EXPIRED.remedy
DATA, USER = Remedy("Modificar datos", "users:edit"), Remedy("Ver el usuario", "profiles:user")
CLAVE = Reason.CLAVE_TO_BE_CHANGED.remedy
GONE = Remedy("Ese usuario fue eliminado: presione «Empezar de nuevo».")
RESTART = Remedy("Presione «Empezar de nuevo».")
# Of each kind of finding: what is said if it is right, and if it is not, and then how it is mended.
WORDS = {
    Kind.USER: ("", "No existe el usuario {}.", CREATE),
    Kind.STATE: (
        "{} está {stands.label}.",
        "{} está {stands.label}, y debería estar {expected.label}.",
        Remedy("Cambiar Estado", "users:change_state"),
    ),
    Kind.OPTION: ("{} tiene la opción {row}.", "A {} le falta la opción {row}.", OPTIONS),
    Kind.EXTRA_OPTION: ("", "A {} le sobra la opción {row}.", OPTIONS),
    Kind.ROLE: ("{} tiene el rol {row}.", "A {} le falta el rol {row}.", ROLES),
    Kind.EXTRA_ROLE: ("", "A {} le sobra el rol {row}.", ROLES),
    Kind.CAN: ("{day}{} puede usar {row}.", "{day}{} no puede usar {row}.", OPTIONS),
    Kind.CANNOT: ("{day}{} no puede usar {row}.", "{day}{} puede usar {row}, y no debería.", OPTIONS),
}  # fmt: skip
EXTRAS = (Kind.EXTRA_OPTION, Kind.EXTRA_ROLE)
# Where time, not a correction, is what is missing.
WAITING = {Reason.OPTION_NOT_YET_IN_EFFECT, Reason.ROLE_NOT_YET_IN_EFFECT}


@dataclass(frozen=True)
class Result:
    username: str
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

    def facts(self) -> dict:
        """Return what the history keeps of the result."""
        facts = {"ok": self.ok, "sentence": self.sentence, "cost": self.cost}
        if self.remedy:
            facts |= {"words": self.remedy.words, "url_name": self.remedy.url_name}
            facts["username"] = "" if self.remedy in ABOUT_NO_USER else self.username
        return facts


def judge(
    exercise: Exercise,
    goal: Sequence[ExpectedUser],
    state: State,
    done: Collection[tuple[str, str]],
    reach: Mapping[str, int],
) -> list[Result]:
    """Compare the exercise with the state, and with what happened since its start.

    ``done`` holds the actions of the history, each with the usuario. ``reach`` says of each role of
    the operator how many options it opens: where extras cost points, so does a role beyond the
    fewest.
    """
    people, results = exercise.persons(), []
    for expected in goal:
        results += _of_goal(exercise, expected, state, reach)
        person, account = people.get(expected.username), state.accounts.get(expected.username)
        if person and person.is_new and account:
            results += _of_person(person, account.user, state)
    for name, action in exercise.happened.items():
        results.append(_of_action(name, action, state, ok=(action, name) in done))
    return [*results, *(_untouched(name, done) for name in exercise.untouched)]


def is_passed(results: Sequence[Result]) -> bool:
    return all(result.ok or result.cost for result in results)


def _of_goal(
    exercise: Exercise, goal: ExpectedUser, state: State, reach: Mapping[str, int]
) -> Iterator[Result]:
    opened = {each.option for each in goal.verdicts if each.is_permitted}
    expected = goal
    if exercise.extra_cost and goal.roles is None:
        fewest = roles_for([state.leaves[code] for code in opened], reach)
        expected = replace(goal, roles=tuple(fewest))
    for finding in compare(expected, state):
        kind, result = finding.item.kind, _result(finding, state, exercise.activation_delay > 0)
        if kind in EXTRAS:
            yield replace(result, cost=exercise.extra_cost or 0)
        # Other findings say more than these.
        elif not (
            (kind is Kind.USER and finding.ok)
            or (kind is Kind.OPTION and finding.item.code in opened)
            or (kind is Kind.ROLE and goal.roles is None)
        ):
            yield result


def _result(finding: Finding, state: State, waits: bool = False) -> Result:
    """Put a finding into words; ``waits``: the answer to a grant without effect is the clock."""
    name, kind, day = finding.item.username, finding.item.kind, ""
    right, wrong, remedy = WORDS[kind]
    if finding.item.at:
        at = (state.leads_from or state.now) + finding.expected.lead
        day, remedy = f"El {date_format(timezone.localdate(at), 'DATE_FORMAT')}, ", DAYS
    sentence = (right if finding.ok else wrong).format(
        name,
        day=day,
        row=finding.row and f"«{finding.row.name}»",
        stands=finding.stands,
        expected=finding.expected,
    )
    if finding.ok:
        return Result(name, True, sentence)
    why = ""
    if kind is Kind.CAN:
        reason = finding.stands.reasons[0]
        why = reason.for_admin.format(name)
        is_clock = waits and reason in WAITING and not finding.item.at
        remedy = CLOCK if is_clock else reason.remedy
    return Result(name, False, sentence, why, _remedy(remedy, name, state))


def _remedy(remedy: Remedy, name: str, state: State) -> Remedy:
    """Return the remedy, or another for a user who has no page."""
    if not (account := state.accounts.get(name)):
        return CREATE
    return GONE if account.user.state == User.State.ELIMINATED else remedy


def _of_person(person: Person, user: User, state: State) -> Iterator[Result]:
    """Compare the data of a user, without case, accents and double spaces."""
    for field in ("document_number", "first_name", "last_name"):
        stands, wanted = getattr(user, field), getattr(person, field)
        label = capfirst(str(User._meta.get_field(field).verbose_name))
        said = f"{user.username}: «{label}» dice «{stands}»"
        if fold(stands).split() == fold(wanted).split():
            yield Result(user.username, True, f"{said}.")
        else:
            remedy = _remedy(DATA, user.username, state)
            yield Result(user.username, False, f"{said}, y no es lo del enunciado.", remedy=remedy)


def _of_action(name: str, action: str, state: State, *, ok: bool) -> Result:
    stands = f"{name}: en el Historial {'' if ok else 'todavía no '}está «{ACTION_LABELS[action]}»."
    remedy = _remedy(CLAVE if action == NEW_CLAVE else USER, name, state)
    return Result(name, ok, stands, remedy=None if ok else remedy)


def _untouched(name: str, done: Collection[tuple[str, str]]) -> Result:
    labels = sorted(ACTION_LABELS[action] for action, username in done if username == name)
    if not labels:
        return Result(name, True, f"{name} sigue como estaba.")
    stands = f"{name} no debía cambiar, y en el Historial está «{'», «'.join(labels)}»."
    return Result(name, False, stands, remedy=RESTART)
