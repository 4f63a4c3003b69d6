"""The rules of an account: usuario, identity document, correo, names, days.

Each rule is stated once; ``User.full_clean`` applies them on every path.
"""

import re
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.formats import get_format

from operators.validators import normalised, plain_apostrophes

# Usuario ----------------------------------------------------------------------------------------


def normalise_username(value: str) -> str:
    """Strip the spaces around and convert to upper case, as the real portal does.

    Only ASCII is converted: ``"ſ".upper()`` is ``"S"``, and a look-alike must not become another
    person's usuario.
    """
    value = value.strip()
    return value.upper() if value.isascii() else value


SPANISH_LETTERS = "ÁÉÍÓÚÜÑáéíóúüñ"


def validate_username(value: str) -> None:
    """Raise ValidationError unless it has ``USERNAME_LENGTH`` ASCII letters or digits.

    The rule of an operator's usuario: docs/fidelity.md.
    """
    refuse_ruc_in_username(value)
    length = settings.USERNAME_LENGTH
    composed = normalised("NFC", value)
    if not composed.isascii() and re.fullmatch(
        rf"[A-Za-z0-9{SPANISH_LETTERS}]{{{length}}}", composed
    ):
        raise ValidationError("Use letras sin tilde ni ñ, y números", code="username_letters")
    if not re.fullmatch(rf"[A-Z0-9]{{{length}}}", value):
        raise ValidationError(
            f"El usuario debe tener {length} caracteres, solo letras y números",
            code="username_format",
        )


WITH_A_RUC = re.compile(r"\A(RUC)?(10|15|17|20)[0-9]{9}|(10|15|17|20)[0-9]{9}\Z", re.IGNORECASE)


def refuse_ruc_in_username(value: str) -> None:
    """Raise ValidationError for a usuario with a RUC before or after it, or for a RUC alone.

    Other services of the authority take both in one field: 20999999043TITULAR1.
    """
    plain = "".join(filter(str.isalnum, value))
    if len(plain) > settings.USERNAME_LENGTH and WITH_A_RUC.search(plain):
        raise ValidationError(
            "Escriba solo el usuario, sin el RUC: al ingresar, el RUC va en su propio campo",
            code="username_with_ruc",
        )


def validate_staff_username(value: str) -> None:
    """Raise ValidationError unless every character is on any keyboard: no look-alikes among staff."""
    if not re.fullmatch(r"[A-Za-z0-9.@+_-]+", value):
        raise ValidationError(
            "El usuario del personal solo puede tener letras sin tilde, números y . @ + - _",
            code="username_format",
        )


# Identity document ------------------------------------------------------------------------------


class DocumentType(models.TextChoices):
    """Identity documents of a person; the values are the authority's codes.

    Sources: Catálogo 06 of the electronic documents ("Reglas de validación", 26-08-2026; F and G
    since 2021, H since 2022). It lacks the card of the ministry of foreign affairs, which has its
    code of Tabla 3 of the T-REGISTRO, where it stands since 01-02-2019 (docs/fidelity.md).
    """

    DNI = "1", "DNI – Documento Nacional de Identidad"
    FOREIGNER_CARD = "4", "Carné de extranjería"
    PASSPORT = "7", "Pasaporte"
    DIPLOMATIC_CARD = "A", "Cédula diplomática de identidad"
    OTHER_COUNTRY = "B", "Documento de identidad de otro país"
    ANDEAN_CARD = "E", "TAM – Tarjeta Andina de Migración"
    STAY_PERMIT = "F", "PTP – Permiso Temporal de Permanencia"
    SAFE_CONDUCT = "G", "Salvoconducto"
    STAY_CARD = "H", "CPP – Carné de Permiso Temporal de Permanencia"
    FOREIGN_AFFAIRS_CARD = "22", "Carné de identidad de relaciones exteriores"

    @property
    def short_label(self) -> str:
        """The initials, if the label begins with them; else the label."""
        return self.label.partition(" – ")[0]

    @property
    def pattern(self) -> str:
        """The regular expression of its numbers; ``validate_document_number`` names the sources."""
        return "[0-9]{8}" if self == DocumentType.DNI else "[A-Z0-9]{1,15}"


def normalise_document_number(value: str) -> str:
    """Remove all spaces and convert ASCII letters to upper case."""
    value = "".join(value.split())
    return value.upper() if value.isascii() else value


def validate_document_number(document_type: str, value: str) -> None:
    """Raise ValidationError unless a DNI has 8 digits and any other type 1 to 15 letters or digits.

    Errors 2801 (DNI) and 2802 (types 4, 7, A, B, E) of the authority's catalogue of validations; no
    source states another rule for F, G, H and 22, so 2802 is assumed (docs/fidelity.md).
    """
    kind = DocumentType(document_type)
    if not re.fullmatch(kind.pattern, value):
        raise ValidationError(
            "El DNI debe tener 8 dígitos"
            if kind == DocumentType.DNI
            else "El número de documento debe tener hasta 15 caracteres, solo letras y números",
            code="document_format",
        )


# Clave ------------------------------------------------------------------------------------------


def normalise_password(value: str) -> str:
    """Return the password with composed accents, so that ñ is one character on every keyboard.

    Nothing else is changed: spaces and case are part of a password.
    """
    return normalised("NFC", value)


# Correo -----------------------------------------------------------------------------------------


def validate_correo(value: str) -> None:
    """Raise ValidationError unless it is an ASCII address: no look-alikes, no hidden characters."""
    try:
        if not value.isascii():
            raise ValidationError("not ASCII")
        validate_email(value)
    except ValidationError as error:
        raise ValidationError(
            "Ingrese un correo con el formato nombre@empresa.pe", code="invalid"
        ) from error


# Names ------------------------------------------------------------------------------------------

# Latin letters with their accents: Cyrillic and Greek look-alikes are refused.
LATIN_NAME = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ' .\-]+")


def normalise_person_name(value: str) -> str:
    """Return the name with composed accents, plain apostrophes and single spaces."""
    return " ".join(normalised("NFC", plain_apostrophes(value)).split())


def validate_person_name(value: str) -> None:
    """Raise ValidationError unless it has Latin letters, spaces, ' . - and at least one letter."""
    if not LATIN_NAME.fullmatch(value) or not any(letter.isalpha() for letter in value):
        raise ValidationError(
            "Los nombres solo pueden tener letras, espacios, guion, punto y apóstrofo",
            code="person_name",
        )


# Days and hours ---------------------------------------------------------------------------------


def parse_day(text: str) -> date | None:
    """Return the day that a text such as 31/12/2026 or 2026-12-31 names; None for an empty text.

    Raises ValidationError for a text that names no day.
    """
    if not text:
        return None
    for layout in get_format("DATE_INPUT_FORMATS"):
        try:
            return datetime.strptime(text.strip(), layout).date()
        except ValueError:
            continue
    raise ValidationError("Ingrese una fecha como 31/12/2026", code="invalid")


_UNITS = {"h": "hours", "d": "days"}


def parse_lead(text: str) -> timedelta:
    """Return how far ahead of an operator's clock a text such as 24h or 7d is.

    Raises ValidationError for any other text.
    """
    found = re.fullmatch(r"([0-9]{1,5})([hd])", text.strip().lower())
    if not found:
        raise ValidationError("Indique cuánto como 24h (horas) o 7d (días).", code="invalid")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
