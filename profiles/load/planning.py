"""Compute what each row of a file would do to the users of an operator. Nothing is written here.

It only reads, a few queries for each ROWS_AT_ONCE rows. The plan on the screen and the check before
it is applied are the same computation, so what was shown is what is written.
"""

import re
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
from profiles.models import AccessTemplate, Option, OptionGrant, Outcome, Role, RoleGrant
from profiles.tables.rows import Row
from users.actions.accounts import EDITABLE_FIELDS, PERSON_FIELDS, editable_facts
from users.lists.search import fold
from users.models import KnownAccounts, User, has_ended
from users.signin.password_rules import advice_on_password
from users.validators import DocumentType, normalise_username

# Rows looked up together.
ROWS_AT_ONCE = 500
DAYS = ("valid_from", "valid_until")
GRANTS = ("options", "roles")
# What a row may change, in the order of the screen.
FACTS = (*EDITABLE_FIELDS, "state", *GRANTS)


@dataclass(slots=True)
class PlannedRow:
    """What a row would do: ``before`` and ``after`` hold the facts that would change, as text.

    ``problems`` refuse the row and ``notices`` tell what was corrected in it; each is a list
    [column, value, sentence, corrected value]. ``account`` is the existing user.
    """

    number: int
    username: str
    outcome: Outcome = Outcome.ERROR
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    problems: list[list[str]] = field(default_factory=list)
    notices: list[list[str]] = field(default_factory=list)
    account: User | None = None

    def refuse(self, column: str, value: str, sentence: str, corrected: str = "") -> None:
        """Add a problem; ``corrected`` is the value that was probably meant."""
        self.problems.append([_heading(column), value[:LONGEST_SHOWN], sentence, corrected])

    def note(self, column: str, value: str, sentence: str, corrected: str = "") -> None:
        """Add a notice; ``corrected`` is the value that is used."""
        self.notices.append([_heading(column), value[:LONGEST_SHOWN], sentence, corrected])


# Fields that full_clean leaves out: ``_check_password`` checks the password; the operator costs a query a row.
KNOWN_GOOD = ["password", "operator"]
# Longest cell value quoted in a message.
LONGEST_SHOWN = 100


def _heading(column: str) -> str:
    """Return the title of a column; its letter if it has no title."""
    return COLUMNS[column].heading if column in COLUMNS else column


class Planner:
    """Plans the rows of one file for one operator."""

    def __init__(self, operator: Operator, columns: Collection[str]) -> None:
        self.operator, self.columns = operator, frozenset(columns)
        self.today = operator.today()
        self.offered = {
            "options": Option.objects.offered_to(operator).codes(),
            "roles": Role.objects.offered_to(operator).codes(),
        }
        # By name, and by folded name.
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
        """Yield what each row would do, in the order of the rows."""
        rows = iter(rows)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            names = {normalise_username(row.cells.get("username", "")) for row in some}
            numbers = {
                values.document_number(row.cells.get("document_number", ""), kind)[0]
                for row in some
                for kind in ("", DocumentType.DNI)
            }
            existing = existing_users(self.operator, names)
            uniqueness = KnownAccounts(
                self.operator,
                names,
                # The present documents too: a row without that column keeps them.
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
        for note in row.notes:
            planned.note(*note)
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
        """Plan a row about a user that exists or shall exist."""
        account = copy(user) if user else User(operator=self.operator, username=planned.username)
        account.uniqueness = uniqueness
        self._fill_in(account, cells, planned)
        if user is None or editable_facts(account) != editable_facts(user):
            self._check(account, cells, planned)
        self._compare(account, cells, planned)
        if user is None:
            self._check_password(account, cells.get("password", ""), planned)
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
        is_new_end = before is None or facts["valid_until"] != before["valid_until"]
        if is_new_end and has_ended(account.valid_until, self.today):
            planned.note("valid_until", cells.get("valid_until", ""), ENDED)
        if before is None:
            planned.outcome, planned.after = Outcome.CREATE, facts
            return
        changed = [name for name, value in facts.items() if before[name] != value]
        planned.outcome = Outcome.CHANGE if changed else Outcome.UNCHANGED
        planned.before = {name: before[name] for name in changed}
        planned.after = {name: facts[name] for name in changed}

    def _fill_in(self, account: User, cells: Mapping[str, str], planned: PlannedRow) -> None:
        """Set the fields that are columns of the file; the other fields stay."""
        stored = {name: getattr(account, name) for name in PERSON_FIELDS}
        for name in self.columns.intersection(PERSON_FIELDS):
            setattr(account, name, cells.get(name, "").strip())
        if "document_type" in self.columns:
            typed = account.document_type
            account.document_type = values.document_type(typed)
            if typed and not account.document_type:
                planned.refuse("document_type", typed, NO_DOCUMENT_TYPE)
        if "document_number" in self.columns:
            typed = cells.get("document_number", "")
            number, correction = values.document_number(typed, account.document_type)
            account.document_number = number
            if correction:
                planned.note("document_number", typed, correction, number)
            is_new = number != stored["document_number"]
            is_noted = any(column == _heading("document_number") for column, *_ in planned.notices)
            if is_new and not is_noted and values.lacks_digits(number, account.document_type):
                planned.note("document_number", typed, FEW_DIGITS)
        for name in self.columns.intersection(DAYS):
            try:
                setattr(account, name, values.day(cells.get(name, "").strip()))
            except ValidationError as error:
                planned.refuse(name, cells[name], error.messages[0])

    def _check(self, account: User, cells: Mapping[str, str], planned: PlannedRow) -> None:
        """Add what the model refuses in the account."""
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
        """Add what was corrected in the account, and refuse a document of an earlier row."""
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
    def _check_password(self, account: User, password: str, planned: PlannedRow) -> None:
        if not password:
            return
        # No field of a form sends one.
        if re.search("[\r\n]", password):
            planned.refuse("password", "", LINE_END)
            return
        try:
            validate_password(password, account)
        except ValidationError as error:
            # Never the password itself: the plan is stored.
            planned.refuse("password", "", ". ".join(error.messages))
        if advice := advice_on_password(password, account):
            planned.note("password", "", advice.removesuffix("."))

    def _state(self, typed: str, planned: PlannedRow) -> str:
        """Return the state that the row asks for; empty to keep the present state."""
        state = values.state(typed)
        if typed.strip() and not state:
            planned.refuse("state", typed, "Escriba Activo, Suspendido o Eliminado")
        return state

    def _template(self, name: str, planned: PlannedRow) -> dict[str, set[str]] | None:
        """Return the codes of the template of that name; if none has it exactly, of its folded name."""
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
        """Return the codes that the user shall have, from the template and the column together."""
        held = before[kind] if before else []
        if template is None and kind not in self.columns:
            return held
        codes = values.codes(cells.get(kind, ""))
        if template is not None:
            # Codes of the template that are no longer offered are left out, as when it is copied.
            codes |= template[kind] & self.offered[kind]
        if codes != set(held) and (unknown := codes - self.offered[kind]):
            planned.refuse(
                kind,
                " ".join(sorted(unknown)),
                "No se ofrece a su empresa. Los códigos están en Accesos",
            )
        return sorted(codes)


NO_DOCUMENT_TYPE = f"Escriba uno de estos: {', '.join(kind.short_label for kind in DocumentType)}"
FEW_DIGITS = "Suele tener 9 dígitos. Si perdió ceros al inicio, corríjalo en el archivo"
ENDED = "Ya pasó: con esta fecha no podrá ingresar"
LINE_END = "Tiene un salto de línea, que no se puede escribir al ingresar. Quítelo"
NO_TEMPLATE = "En su empresa no hay una plantilla con ese nombre"
TWO_TEMPLATES = "Hay más de una plantilla con ese nombre. Escriba sus opciones y sus roles"


def existing_users(operator: Operator, usernames: Collection[str]) -> dict[str, tuple[User, dict]]:
    """Return the existing users by usuario: each account, with its facts as text."""
    users = list(User.objects.existing().filter(operator=operator, username__in=[*usernames]))
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
