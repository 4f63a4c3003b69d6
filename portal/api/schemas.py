"""What the calls take and answer, for the document of the API.

What is taken is of the right type here, and right for the forms, which say so under its field.
"""

from datetime import date, datetime
from typing import Annotated, Any, Self

from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field

from operators.models import Fault as FaultKind
from operators.models import Operator
from users.forms.state import StateChange
from users.models import User
from users.validators import DocumentType


class Sent(BaseModel):
    """The body of a call: of exactly these fields, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def one_of(*choices: str, **kwargs):
    """Return a text that is one of these: the document says so, and the form judges."""
    return Field(json_schema_extra={"enum": choices}, **kwargs)


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="Estable; por él se distinguen los problemas.")
    title: str
    status: int
    detail: str = Field(description="Qué hacer, en español.")
    request: str = Field(description="El número de la solicitud en el registro del portal.")
    errors: dict[str, list[str]] | None = Field(
        None, description="Las frases de cada dato; «__all__» tiene las que no son de uno solo."
    )
    current: list[str] | None = Field(None, description="Los códigos que hay ahora.")


# Companies ----------------------------------------------------------------------------------------


class NewCompany(Sent):
    types: Annotated[list[str], Field(max_length=50)] = Field(
        description="Códigos de tipos de operador, como AGENTE_ADUANA."
    )
    days: int = Field(7, description="Cuántos días se usará, contando hoy: de 1 a 30.")


class Company(BaseModel):
    ruc: str
    name: str
    types: list[str]
    username: str = Field(description="El usuario principal.")
    password: str
    token: str = Field(description="Solo esta respuesta lo muestra.")
    expires_on: date = Field(description="El último día.")


class Step(Sent):
    hours: int = Field(description="De 1 a 9999.")


class Clock(BaseModel):
    now: datetime = Field(description="La hora de la empresa.")
    ahead_seconds: int = Field(description="Cuánto está adelantada.")

    @classmethod
    def of(cls, operator: Operator) -> Self:
        return cls(
            now=timezone.localtime(operator.now()),
            ahead_seconds=int(operator.clock_offset.total_seconds()),
        )


class NewFault(Sent):
    kind: str = one_of(*FaultKind.values)
    seconds: int = Field(description="De 1 a 600.")


class Fault(BaseModel):
    kind: str
    until: datetime


# Users --------------------------------------------------------------------------------------------

Codes = Annotated[list[str], Field(max_length=2000)]


class NewUser(Sent):
    """A missing text is an empty one, and the form says so under its field."""

    document_type: str = one_of("", *DocumentType.values, default="")
    document_number: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    username: str = ""
    password: str | None = Field(
        None, description="Sin ella se genera una, que la respuesta muestra."
    )
    valid_from: str = Field("", description="Un día: 2026-12-31.")
    valid_until: str = Field("", description="Un día: 2026-12-31.")
    options: Codes = []
    roles: Codes = []


class UserFilters(BaseModel):
    """Those of the list. ``after`` is what the ``next`` of a page holds."""

    text: str = ""
    state: str = one_of("", *User.State.values, default="")
    option: str = Field("", description="Un código, o «ninguno».")
    role: str = Field("", description="Un código, o «ninguno».")
    after: list[str] = []


class Person(BaseModel):
    """What a row of the list and the page of a user both say."""

    username: str
    document_type: str
    document_number: str
    first_name: str
    last_name: str
    email: str
    state: str
    valid_from: date | None
    valid_until: date | None


class UserRow(Person):
    """A user as the list shows it."""

    model_config = ConfigDict(from_attributes=True)

    option_count: int
    role_count: int
    last_login: datetime | None


class UserPage(BaseModel):
    users: list[UserRow]
    total: int = Field(
        description="Cuántos hay en todas las páginas; desde 10 001 ya no se cuenta."
    )
    next: str | None = Field(description="La dirección de la página que sigue.")


class Grant(BaseModel):
    code: str
    granted_at: datetime
    effective_at: datetime = Field(description="Desde cuándo rige, en el reloj de la empresa.")
    valid_from: date | None
    valid_until: date | None


class UserDetail(Person):
    last_login: datetime | None
    locked_until: datetime | None
    must_change_password: bool
    options: list[Grant]
    roles: list[Grant]


class CreatedUser(UserDetail):
    password: str | None = Field(description="La que se generó; nula si se envió una.")


class Grants(Sent):
    """All the codes that the user shall have, and those that the program saw."""

    codes: Codes
    seen: Codes = Field(description="Los que había al leer: si ya son otros, 409 y nada cambia.")


class Assigned(BaseModel):
    codes: list[str]
    added: list[str]
    removed: list[str]


class NewState(Sent):
    change: str = one_of(*StateChange.values)


class State(BaseModel):
    username: str
    state: str
    changed: bool = Field(description="Falso si ya estaba así.")


class NewPassword(Sent):
    password: str | None = Field(None, description="Sin ella se genera una.")


class TemporaryPassword(BaseModel):
    """The user changes it at the next sign-in."""

    username: str
    password: str | None = Field(description="La que se generó; nula si se envió una.")


class ReasonAgainst(BaseModel):
    code: str
    sentence: str
    remedy: str


class Access(BaseModel):
    permitted: bool
    reasons: list[ReasonAgainst]


# What is expected, and the catalogue ------------------------------------------------------------


class Expectations(Sent):
    """A file of expectations as JSON (docs/testers.md, «Access as a file»)."""

    users: list[dict[str, Any]]


class Result(BaseModel):
    username: str
    kind: str
    code: str
    at: str
    ok: bool
    sentence: str


class Judgment(BaseModel):
    total: int
    ok: int
    different: int
    results: list[Result]


class CatalogRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    source: str = Field(description="De dónde se sabe.")


class CatalogRole(CatalogRow):
    operator_type: str
    permits: str


class CatalogOption(CatalogRow):
    profile: str
    parent: str | None = Field(description="Su carpeta.")
    is_folder: bool = Field(description="Una carpeta no se asigna.")
    operator_types: list[str] = Field(description="A quiénes se ofrece.")
    roles: list[str] = Field(description="Los que actúan en ella: basta uno.")


class Catalog(BaseModel):
    operator_types: list[CatalogRow]
    profiles: list[CatalogRow]
    roles: list[CatalogRole]
    options: list[CatalogOption]
