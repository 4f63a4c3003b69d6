"""Check that the portal can prepare what exercises ask for, and that a person can do them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, product
from operator import itemgetter

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils import timezone

from operators.models import Operator
from profiles.access.expectations import Catalogue, ExpectedVerdict, Problem
from profiles.access.judge import State
from profiles.access.reasons import OF_THE_ACCOUNT, Reason
from profiles.access.role_needs import roles_for
from profiles.access.verdict import GrantRow, Holdings, Timeline, verdict
from profiles.exercises.judge import judge
from profiles.exercises.reading import Definition, Goal, Person
from profiles.models import Option, Role

BLOCKS = {"suspended": Reason.USER_SUSPENDED, "eliminated": Reason.USER_ELIMINATED}
# What a granted option, and a granted role, can be at some time.
OPTION_TIMES = (None, Reason.OPTION_NOT_YET_IN_EFFECT, Reason.OPTION_EXPIRED)
ROLE_TIMES = (None, Reason.ROLE_NOT_YET_IN_EFFECT, Reason.ROLE_EXPIRED)
ANYBODY = {"document_number": "99999999", "first_name": "Ana", "last_name": "Ficticia"}


@dataclass(frozen=True)
class Offer:
    """What a company of one type of operator is offered; ``reach`` as in ``judge``."""

    kind: str
    reach: Mapping[str, int]
    leaves: Mapping[str, Option]
    catalogue: Catalogue

    def holdings(self, options=(), roles=(), blocks=(), *, is_principal=False) -> Holdings:
        """Return what an account has that holds these options and roles, by their reasons."""
        of_type = frozenset({self.kind})
        return Holdings(is_principal, of_type, dict(options), dict(roles), frozenset(blocks))


def problems(
    definitions: Sequence[Definition], catalogue: Catalogue, principal: Person
) -> Iterator[Problem]:
    """Yield every problem; each company has the ``principal`` already."""
    leaves = {leaf.code: leaf for leaf in Option.objects.every_leaf().for_verdicts()}
    reach: dict[str, dict[str, int]] = {}
    for role in Role.objects.filter(is_retired=False).annotate(reach=Count("options")):
        reach.setdefault(role.operator_type_id, {})[role.code] = role.reach
    for index, definition in enumerate(definitions):
        place = f"exercises[{index}]"
        yield from _of_people(place, definition, principal)
        for kind in definition.operator_types or catalogue.operator_types:
            offer = Offer(kind, reach.get(kind, {}), leaves, catalogue)
            for sentence in [*_not_offered(definition, offer)] or _unreachable(definition, offer):
                yield Problem(f"{sentence} ({kind})", place)


def _of_people(place: str, definition: Definition, principal: Person) -> Iterator[Problem]:
    prepared = {person.username: person for person in definition.people}
    asked = {
        goal.username: Person(goal.username, **ANYBODY | goal.person) for goal in definition.goal
    }
    names, documents = {principal.username}, {principal.document_number}
    for person in [*definition.people, *(asked[name] for name in asked.keys() - prepared.keys())]:
        if person.username in names or person.document_number in documents:
            sentence = "Otro usuario tiene ya ese usuario o ese documento."
            yield Problem(sentence, place, person.username)
        names.add(person.username)
        documents.add(person.document_number)
        try:
            user = person.user(operator=Operator(pk=0))
            user.full_clean(exclude=["password", "operator"], validate_constraints=False)
        except ValidationError as error:
            yield from (Problem(f"{text}.", place, person.username) for text in error.messages)
    for name in {*definition.untouched} - prepared.keys():
        yield Problem("No se prepara: no puede quedar como estaba.", place, name)
    for name in {each.username for each in definition.happened} - names:
        yield Problem("No se prepara ni se pide.", place, name)


def _not_offered(definition: Definition, offer: Offer) -> Iterator[str]:
    users = [*definition.people, *definition.goal]
    codes = {code for user in users for code in user.options or ()}
    codes |= {each.option for goal in definition.goal for each in goal.verdicts}
    for code in sorted(codes):
        if not verdict(offer.holdings(is_principal=True), offer.leaves[code]).permitted:
            yield f"La opción {code} no se ofrece."
    for code in sorted({code for goal in definition.goal for code in goal.roles or ()}):
        if code not in offer.reach:
            yield f"El rol {code} no se ofrece."


def _unreachable(definition: Definition, offer: Offer) -> Iterator[str]:
    for goal in definition.goal:
        for each in goal.verdicts:
            leaf = offer.leaves[each.option]
            if not any(each.is_met_by(verdict(can, leaf)) for can in _possible(goal, each, offer)):
                verb = "usar" if each.is_permitted else "dejar de usar, por ese motivo,"
                yield f"{goal.username} no puede llegar a {verb} {each.option}."
        # A grant has one first and one last day.
        for option in {each.option for each in goal.verdicts}:
            about = sorted((v.lead, v.is_permitted) for v in goal.verdicts if v.option == option)
            if [is_permitted for is_permitted, _ in groupby(about, itemgetter(1))].count(True) > 1:
                yield f"{goal.username} no puede usar {option} en dos plazos separados."
    accounts = {each.username: _prepared(each, definition, offer) for each in definition.people}
    state = State(timezone.now(), offer.catalogue, accounts, offer.leaves)
    if all(result.ok or result.cost for result in judge(definition, state, [], offer.reach)):
        yield "Se cumple sin hacer nada."


def _possible(goal: Goal, expected: ExpectedVerdict, offer: Offer) -> Iterator[Holdings]:
    """Yield what the user can hold at some time, as far as it matters for the verdict."""
    blocks = {BLOCKS[goal.state]} if goal.state in BLOCKS else set()
    if expected.reason in OF_THE_ACCOUNT - (set() if goal.state is None else {*BLOCKS.values()}):
        blocks.add(expected.reason)
    options = [(), (expected.option,)] if goal.options is None else [goal.options]
    roles = [(), offer.reach] if goal.roles is None else [goal.roles]
    for held, option, acting, role in product(options, OPTION_TIMES, roles, ROLE_TIMES):
        yield offer.holdings(dict.fromkeys(held, option), dict.fromkeys(acting, role), blocks)


def _prepared(person: Person, definition: Definition, offer: Offer) -> Timeline:
    """Return the account of a person as it will be prepared."""
    at = timezone.now() + timedelta(hours=definition.activation_delay)
    options = [GrantRow(code, at) for code in person.options]
    needed = roles_for([offer.leaves[code] for code in person.options], offer.reach)
    roles = [GrantRow(code, at) for code in needed if person.with_roles]
    user = person.user(operator=Operator(pk=0))
    return Timeline(user, frozenset({offer.kind}), options, roles)
