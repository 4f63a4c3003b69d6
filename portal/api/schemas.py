"""What the calls take and answer, for the document of the API.

What is taken is of the right type here, and right for the forms, which say so under its field.
"""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Sent(BaseModel):
    """The body of a call: of exactly these fields, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


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
