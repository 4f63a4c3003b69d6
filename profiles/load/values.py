"""What the text of a cell means."""

import re
from functools import lru_cache

from users.lists.search import fold
from users.models import User
from users.validators import DocumentType, normalise_document_number, parse_day

DNI_LENGTH = 8
_DOCUMENT_TYPES = {
    fold(word): kind.value
    for kind in DocumentType
    for word in (kind.value, kind.label, kind.short_label, kind.label.partition(" ")[0])
}
_STATES = {fold(word): state.value for state in User.State for word in (state.label, state.value)}
_SEPARATORS = str.maketrans(",;|", "   ")


def document_type(text: str) -> str:
    """Return the DocumentType that the text names, by its code or by a name; empty for none."""
    return _DOCUMENT_TYPES.get(fold(text), "")


def document_number(text: str, kind: str) -> tuple[str, str]:
    """Return the number as it is stored, and the sentence of what was corrected in it.

    A DNI of seven digits lost its leading zero where a spreadsheet read it as a number.
    """
    number = normalise_document_number(text)
    if kind == DocumentType.DNI and re.fullmatch(rf"[0-9]{{{DNI_LENGTH - 1}}}", number):
        return f"0{number}", "Se le devolvió el cero inicial"
    return number, ""


def probable_document_number(text: str, kind: str) -> str:
    """Return the DNI that was probably meant, where two or three zeros are missing; else empty."""
    number = normalise_document_number(text)
    is_short = kind == DocumentType.DNI and re.fullmatch(r"[0-9]{5,6}", number)
    return number.zfill(DNI_LENGTH) if is_short else ""


def state(text: str) -> str:
    """Return the state that the text names; empty for none."""
    return _STATES.get(fold(text.strip()), "")


def codes(text: str) -> set[str]:
    return set(text.translate(_SEPARATORS).split())


# The same days stand in most rows of a file.
day = lru_cache(maxsize=1024)(parse_day)
