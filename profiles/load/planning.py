"""What each row of a file would do to the users of an operator; nothing is written here.

Pure but for what it reads, some queries for five hundred rows: the plan on the screen and the
check before it is applied are the same computation, so what was shown is what is done.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from itertools import islice

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.load import values
from profiles.load.columns import COLUMNS
from profiles.load.rows import Row
from profiles.models import AccessTemplate, Option, OptionGrant, Outcome, Role, RoleGrant
from users.actions.accounts import EDITABLE_FIELDS, PERSON_FIELDS, editable_facts
from users.lists.search import fold
from users.models import KnownAccounts, User
from users.signin.password_rules import advice_on_password
from users.validators import DocumentType, normalise_username

# So many rows are looked up together.
ROWS_AT_ONCE = 500
DAYS = ("valid_from", "valid_until")
GRANTS = ("options", "roles")
# What a row may change, in the order in which it is told.
FACTS = (*EDITABLE_FIELDS, "state", *GRANTS)


@dataclass(slots=True)
class PlannedRow:
    """What a row would do: ``before`` and ``after`` hold the facts that become others, as text.

    ``problems`` and ``notices`` are [column, value, sentence, corrected value] each: what refuses
    the row, and what was corrected in it. ``account`` is who was there, and ``password`` the clave
    given for a new one.
    """

    number: int
    username: str
    outcome: Outcome = Outcome.ERROR
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    problems: list[list[str]] = field(default_factory=list)
    notices: list[list[str]] = field(default_factory=list)
    account: User | None = None
    password: str = field(default="", repr=False)

    def refuse(self, column: str, value: str, sentence: str, corrected: str = "") -> None:
        self.problems.append([_heading(column), value[:LONGEST_SHOWN], sentence, corrected])

    def note(self, column: str, value: str, sentence: str, corrected: str = "") -> None:
        self.notices.append([_heading(column), value[:LONGEST_SHOWN], sentence, corrected])


# The clave has its own rule, and asking for the operator costs a query for each row.
KNOWN_GOOD = ["password", "operator"]
# Of a value in a problem.
LONGEST_SHOWN = 100


def _heading(column: str) -> str:
    """What a column is called; its letter where it has no title."""
    return COLUMNS[column].heading if column in COLUMNS else column


class Planner:
    """Plans the rows of one file for one operator.

    With ``locked``, the users of a row that was planned stay as they are until the transaction is
    over.
    """

    def __init__(
        self, operator: Operator, columns: Collection[str], *, locked: bool = False
    ) -> None:
        self.operator, self.columns, self.locked = operator, frozenset(columns), locked
        self.offered = {
            "options": frozenset(
                Option.objects.offered_to(operator).values_list("code", flat=True)
            ),
            "roles": frozenset(Role.objects.offered_to(operator).values_list("code", flat=True)),
        }
        # By their names, and by their names folded.
        self.templates = defaultdict(list), defaultdict(list)
        for template in AccessTemplate.objects.offered_to(operator).prefetch_related(
            "options", "roles"
        ):
            held = {
                "options": {option.pk for option in template.options.all()},
                "roles": {role.pk for role in template.roles.all()},
            }
            for templates, name in zip(
                self.templates, (template.name, fold(template.name)), strict=True
            ):
                templates[name].append(held)
        self.row_of_name: dict[str, int] = {}
        self.row_of_document: dict[tuple[str, str], int] = {}

    def plan(self, rows: Iterable[Row]) -> Iterator[PlannedRow]:
        rows = iter(rows)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            names = {normalise_username(row.cells.get("username", "")) for row in some}
            numbers = {
                values.document_number(row.cells.get("document_number", ""), kind)[0]
                for row in some
                for kind in ("", DocumentType.DNI)
            }
            existing = existing_users(self.operator, names, locked=self.locked)
            uniqueness = KnownAccounts(
                self.operator,
                names,
                # One that stays as it is has a holder too: its own.
                numbers | {facts["document_number"] for _, facts in existing.values()},
            )
            eliminated = set(
                User.objects.secondary()
                .filter(operator=self.operator, username__in=names, state=User.State.ELIMINATED)
                .values_list("username", flat=True)
            )
            for row in some:
                yield self._plan(row, existing, uniqueness, eliminated)

    @sensitive_variables()
    def _plan(
        self,
        row: Row,
        existing: Mapping[str, tuple[User, dict]],
        uniqueness: KnownAccounts,
        eliminated: Collection[str],
    ) -> PlannedRow:
        cells = row.cells
        planned = PlannedRow(row.number, normalise_username(cells.get("username", "")))
        for column, flaw in row.flaws.items():
            planned.refuse(column, "", flaw)
        first = self.row_of_name.setdefault(planned.username, row.number)
        if planned.username and first != row.number:
            planned.refuse("username", planned.username, f"Ya está en la fila {first}")
        user, before = existing.get(planned.username, (None, None))
        wanted_state = self._state(cells.get("state", ""), planned)
        planned.account = user
        if user is not None and user.is_principal:
            planned.refuse(
                "username",
                planned.username,
                "Es el usuario principal: la carga es de usuarios secundarios",
            )
        elif wanted_state == User.State.ELIMINATED:
            self._eliminate(planned, before, eliminated)
        else:
            self._keep(planned, cells, user, before, wanted_state, uniqueness)
        if planned.problems:
            planned.outcome, planned.before, planned.after = Outcome.ERROR, {}, {}
            planned.password = ""
        return planned

    def _eliminate(
        self, planned: PlannedRow, before: dict | None, eliminated: Collection[str]
    ) -> None:
        if before is not None:
            planned.outcome = Outcome.CHANGE
            planned.before = {"state": before["state"]}
            planned.after = {"state": User.State.ELIMINATED.value}
        elif planned.username in eliminated:
            planned.outcome = Outcome.UNCHANGED
        else:
            planned.refuse("state", "Eliminado", "En su empresa no hay un usuario con ese nombre")

    @sensitive_variables()
    def _keep(self, planned, cells, user, before, state, uniqueness) -> None:
        """A row about somebody who is there, or shall be."""
        account = copy(user) if user else User(operator=self.operator, username=planned.username)
        account.uniqueness = uniqueness
        self._fill_in(account, cells, planned)
        if user is None or editable_facts(account) != editable_facts(user):
            self._check(account, cells, planned)
        self._compare(account, cells, planned)
        if user is None:
            self._clave(account, cells.get("password", ""), planned)
        elif cells.get("password"):
            planned.note(
                "password",
                "",
                "El usuario ya existe y conserva su clave. Para cambiarla use Restablecer clave",
            )
        facts = {
            **editable_facts(account),
            "state": state or (before["state"] if before else User.State.ACTIVE.value),
        }
        template = self._template(cells.get("template", "").strip(), planned)
        for kind in GRANTS:
            facts[kind] = self._grants(kind, cells, before, template, planned)
        if before is None:
            planned.outcome, planned.after = Outcome.CREATE, facts
            return
        changed = [name for name, value in facts.items() if before[name] != value]
        planned.outcome = Outcome.CHANGE if changed else Outcome.UNCHANGED
        planned.before = {name: before[name] for name in changed}
        planned.after = {name: facts[name] for name in changed}

    def _fill_in(self, account: User, cells: Mapping[str, str], planned: PlannedRow) -> None:
        """Give the account what the columns of the file say; what is not among them stays."""
        for name in self.columns.intersection(PERSON_FIELDS):
            setattr(account, name, cells.get(name, "").strip())
        if "document_type" in self.columns:
            typed = account.document_type
            account.document_type = values.document_type(typed)
            if typed and not account.document_type:
                planned.refuse("document_type", typed, "Escriba DNI, Carné de extranjería, Pasaporte o Cédula diplomática de identidad")  # fmt: skip
        if "document_number" in self.columns:
            typed = cells.get("document_number", "")
            number, correction = values.document_number(typed, account.document_type)
            account.document_number = number
            if correction:
                planned.note("document_number", typed, correction, number)
        for name in self.columns.intersection(DAYS):
            try:
                setattr(account, name, values.day(cells.get(name, "").strip()))
            except ValidationError as error:
                planned.refuse(name, cells[name], error.messages[0])

    def _check(self, account: User, cells: Mapping[str, str], planned: PlannedRow) -> None:
        """What the model says against the account."""
        refused = {column for column, *_ in planned.problems}
        try:
            account.full_clean(exclude=KNOWN_GOOD, validate_constraints=False)
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                if _heading(name) not in refused:
                    value = cells.get(name, "")
                    corrected = (
                        values.probable_document_number(value, account.document_type)
                        if name == "document_number"
                        else ""
                    )
                    planned.refuse(name, value, errors[0].messages[0], corrected)

    def _compare(self, account: User, cells: Mapping[str, str], planned: PlannedRow) -> None:
        """What was corrected in the account, as notices; and whose document it has in this file."""
        if planned.problems:
            return
        noted = {column for column, *_ in planned.notices}
        for name in ("username", *PERSON_FIELDS):
            given, kept = cells.get(name, ""), getattr(account, name)
            if given not in ("", kept) and name != "document_type" and _heading(name) not in noted:
                planned.note(name, given, "Se corrigió", kept)
        document = account.document_type, account.document_number
        first = self.row_of_document.setdefault(document, planned.number)
        if first != planned.number:
            planned.refuse(
                "document_number", document[1], f"El mismo documento está en la fila {first}"
            )

    @sensitive_variables()
    def _clave(self, account: User, password: str, planned: PlannedRow) -> None:
        if not password:
            return
        try:
            validate_password(password, account)
        except ValidationError as error:
            # Never the clave itself: a plan is stored.
            planned.refuse("password", "", ". ".join(error.messages))
        if advice := advice_on_password(password, account):
            planned.note("password", "", advice.removesuffix("."))
        planned.password = password

    def _state(self, typed: str, planned: PlannedRow) -> str:
        """The state that the row asks for; empty for the one that there is."""
        state = values.state(typed)
        if typed.strip() and not state:
            planned.refuse("state", typed, "Escriba Activo, Suspendido o Eliminado")
        return state

    def _template(self, name: str, planned: PlannedRow) -> dict[str, set[str]] | None:
        """What the template of that name holds: of exactly that name, or else of one like it."""
        if not name:
            return None
        named, folded = self.templates
        found = named.get(name) or folded.get(fold(name), [])
        if len(found) == 1:
            return found[0]
        planned.refuse("template", name, TWO_TEMPLATES if found else NO_TEMPLATE)
        return None

    def _grants(
        self,
        kind: str,
        cells: Mapping[str, str],
        before: dict | None,
        template: dict[str, set[str]] | None,
        planned: PlannedRow,
    ) -> list[str]:
        """The codes that the user shall have: of the template and of the column, together."""
        held = before[kind] if before else []
        if template is None and kind not in self.columns:
            return held
        codes = values.codes(cells.get(kind, ""))
        if template is not None:
            # What a template holds and is no longer offered is left out, as when it is copied.
            codes |= template[kind] & self.offered[kind]
        if codes != set(held) and (unknown := codes - self.offered[kind]):
            planned.refuse(
                kind,
                " ".join(sorted(unknown)),
                "No se ofrece a su empresa. Los códigos están en la Matriz de accesos",
            )
        return sorted(codes)


NO_TEMPLATE = "En su empresa no hay una plantilla con ese nombre"
TWO_TEMPLATES = "Hay más de una plantilla con ese nombre. Escriba sus opciones y sus roles"


def existing_users(
    operator: Operator, usernames: Collection[str], *, locked: bool = False
) -> dict[str, tuple[User, dict]]:
    """The existing users of these names: each account, and its facts as text.

    Locked, they stay as they are until the transaction is over.
    """
    users = User.objects.existing().filter(operator=operator, username__in=[*usernames])
    users = list(users.select_for_update() if locked else users)
    held: dict[int, dict[str, list[str]]] = {
        user.pk: {kind: [] for kind in GRANTS} for user in users
    }
    for kind, grants, code in (
        ("options", OptionGrant, "option_id"),
        ("roles", RoleGrant, "role_id"),
    ):
        for pk, granted in grants.objects.filter(user__in=users).values_list("user_id", code):
            held[pk][kind].append(granted)
    existing = {}
    for user in users:
        user.operator = operator
        grants = {kind: sorted(codes) for kind, codes in held[user.pk].items()}
        existing[user.username] = (user, {**editable_facts(user), "state": user.state, **grants})
    return existing
