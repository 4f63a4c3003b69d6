"""What the text of a cell means."""

import re
from functools import lru_cache

from profiles.tables.titles import bare
from users.lists.search import fold
from users.models import User
from users.validators import DocumentType, normalise_document_number, parse_day

DNI_LENGTH = 8
OF_MIGRACIONES = (DocumentType.FOREIGNER_CARD, DocumentType.STAY_PERMIT, DocumentType.STAY_CARD)
# What offices write for a type besides its code and its label. The official words are those of
# Catálogo 06 and of Tabla 3 of the T-REGISTRO, the numbers codes of the latter (docs/fidelity.md).
_OTHER_WORDS = {
    DocumentType.DNI: "Doc. Nacional de Identidad, Documento Nacional de Identidad, L.E. / DNI, DNI electrónico, DNIe",
    DocumentType.FOREIGNER_CARD: "CE, Carné ext., Carnet ext., Carnet de extranjería, Carné extranjería, Carnet extranjería, C. de extranjería, C. extranjería, C. ext., Carné extranj., Carnet extranj.",
    DocumentType.PASSPORT: "PAS, PASS, Pasap.",
    DocumentType.DIPLOMATIC_CARD: "CDI, Céd. diplomática, Céd. diplomática de identidad, Cédula diplomática",
    DocumentType.OTHER_COUNTRY: "24, Doc. ident. país residencia no D, Doc. de identidad extranjero, Documento de identidad extranjero, Doc. id. extr., Doc. de identidad de otro país",
    DocumentType.ANDEAN_CARD: "Tarjeta Andina, Tarjeta Andina de Migración",
    DocumentType.STAY_PERMIT: "23, Perm. temp. permanencia, Permiso Temporal de Permanencia, Permiso Temporal de Permanencia PTP, Carné PTP, Carnet PTP",
    DocumentType.SAFE_CONDUCT: "Salvo conducto",
    DocumentType.STAY_CARD: "26, Carné permiso temp. perman. CPP, Carné CPP, Carnet CPP, Carné de permiso temp. de permanencia, Carné de permiso temporal de permanencia, Carnet de permiso temporal de permanencia",
    DocumentType.FOREIGN_AFFAIRS_CARD: "Carné de identidad RREE, Carné de RREE, Carné ident. RREE, C. ident. RREE, Carné de relaciones exteriores, Carnet de identidad de relaciones exteriores, Carné de identidad relaciones exteriores",
}  # fmt: skip


_WORDS = {
    kind: [kind.label, kind.short_label, *_OTHER_WORDS[kind].split(", ")] for kind in DocumentType
}
_DOCUMENT_TYPES = {
    bare(f"{code}{word}"): kind.value
    for kind, words in _WORDS.items()
    # The code may stand before the word: «01 - DNI».
    for code in ("", kind.value, f"0{kind.value}")
    for word in ("", *words)
    if code or word
}
_STATES = {fold(word): state.value for state in User.State for word in (state.label, state.value)}
_SEPARATORS = str.maketrans(",;|", "   ")


# What may follow a type: «DNI N°», and the decimal that a program gives to the code 1.
_AFTER_A_TYPE = re.compile(r"(?:\sn(?:[°º]|ro|[uú]m)?\.?|(?<=[0-9])\.0)\Z", re.IGNORECASE)


def document_type(text: str) -> str:
    """Return the DocumentType that the text names, by its code or by a name; empty for none.

    Two names of one type may stand together: «Carné de extranjería (CE)».
    """
    text = _AFTER_A_TYPE.sub("", text.strip())
    names = [text] if bare(text) in _DOCUMENT_TYPES else text.split("(")
    kinds = {_DOCUMENT_TYPES.get(bare(name), "") for name in names}
    return kinds.pop() if len(kinds) == 1 else ""


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


def lacks_digits(number: str, kind: str) -> bool:
    """Return whether it is shorter than the numbers that Migraciones gives: 9 digits (fidelity.md).

    Another number may be right, so this only warns: a CSV file does not show that zeros were lost.
    """
    return kind in OF_MIGRACIONES and bool(re.fullmatch(r"[0-9]{5,8}", number))


def state(text: str) -> str:
    """Return the state that the text names; empty for none."""
    return _STATES.get(fold(text.strip()), "")


def codes(text: str) -> set[str]:
    return set(text.translate(_SEPARATORS).split())


# The same days stand in most rows of a file.
day = lru_cache(maxsize=1024)(parse_day)
