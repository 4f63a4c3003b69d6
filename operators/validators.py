"""The rules of a RUC, of a company's name, and of apostrophes and accents in any text."""

import secrets
import unicodedata

from django.core.exceptions import ValidationError
from stdnum import exceptions
from stdnum.pe import ruc as stdnum_ruc


def normalise_ruc(value: str) -> str:
    """Remove the spaces that people type or paste into a RUC."""
    return "".join(value.split())


# Keyboards and telephones write an apostrophe in all these ways.
_APOSTROPHES = dict.fromkeys(map(ord, "’‘‛´`ʼʻ′＇"), "'")


def plain_apostrophes(text: str) -> str:
    """Return the text with each kind of apostrophe as the ASCII one: D’Angelo is D'Angelo.

    Names are stored so, and searches look for them so.
    """
    return text.translate(_APOSTROPHES)


# No valid value is longer.
LONGEST_NORMALISED = 1000


def normalised(form: str, text: str) -> str:
    """Return the text in a Unicode normal form (NFC, NFD, NFKC); a longer text as it is.

    Many combining characters in a row take quadratic time: 64,000 of them take 12 seconds.
    """
    return text if len(text) > LONGEST_NORMALISED else unicodedata.normalize(form, text)


def validate_printable(value: str) -> None:
    """Raise ValidationError for control, direction and invisible characters."""
    if not value.isprintable():
        raise ValidationError(
            "Hay caracteres que no se ven. Escríbalo de nuevo", code="unprintable"
        )


def validate_ruc(value: str) -> None:
    """Raise ValidationError unless it has 11 digits, a known prefix and a valid check digit.

    Prefixes 10 (natural person), 15, 17 and 20 (company); weights 5,4,3,2,7,6,5,4,3,2 modulo 11:
    python-stdnum, which agrees with the authority's own script (docs/fidelity.md).
    """
    # stdnum also accepts full-width and other Unicode digits; a RUC is stored in ASCII.
    if not (value.isascii() and value.isdigit()):
        raise ValidationError("El RUC debe tener 11 dígitos", code="format")
    try:
        stdnum_ruc.validate(value)
    except exceptions.InvalidLength as error:
        raise ValidationError("El RUC debe tener 11 dígitos", code="length") from error
    except exceptions.InvalidComponent as error:
        raise ValidationError("El RUC debe empezar con 10, 15, 17 o 20", code="prefix") from error
    except exceptions.InvalidChecksum as error:
        raise ValidationError(
            "Revise el RUC: el último dígito no corresponde", code="check_digit"
        ) from error


# Of practice companies: a series that no company has.
PRACTICE_RUC = "20999[0-9]{6}"
# The last hundred numbers of the series are not drawn: companies of demo.toml have some of them.
DRAWN_NUMBERS = 99_900


def draw_practice_ruc() -> str:
    """Return a random RUC for a practice company, which another one may have already."""
    number = f"20999{secrets.randbelow(DRAWN_NUMBERS):05}"
    return number + stdnum_ruc.calc_check_digit(number)
