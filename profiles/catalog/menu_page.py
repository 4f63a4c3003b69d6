"""A page of the menu: the identifiers of its options, and the rows of a catalogue that a saved one gives.

Of a page nothing is kept but the codes and the names of options: it also holds a name and a RUC.
"""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import BinaryIO

from operators.validators import normalised
from profiles.catalog.reading import Catalog, CatalogError, Problem

# A saved menu of some hundred options has half a megabyte.
MAX_BYTES = 5 * 1024**2
TOO_BIG = f"La página pesa más de {MAX_BYTES // 1024**2} MB: no es un menú guardado."
NOT_UTF_8 = "La página no está en UTF-8. Ábrala en el navegador y guárdela otra vez desde ahí."
NO_MENU = (
    "No es una página del menú: no tiene opciones con identificadores como nivel4_28_1_2_1_1. "
    "Ábrala con el menú a la vista y guárdela como «página web, solo HTML»."
)
# Level 4 has codes of five numbers; the levels above it have as many numbers as their level says.
IDENTIFIER = re.compile(r"nivel[1-4]_([0-9]{1,6}(?:_[0-9]{1,6}){0,5})")
NUMBERS_OF_A_LEAF = 5
LABEL = "spanNivelDescripcion"
# What a row has to say and a menu does not.
PURPOSE = "Opción del menú propio."


def identifier(code: str) -> str:
    """Return the identifier of an option in the menu's document: ``nivel4_28_1_2_1_1``."""
    numbers = code.split(".")
    return f"nivel{min(len(numbers), 4)}_{'_'.join(numbers)}"


class _MenuParser(HTMLParser):
    """Collects the name of each option: the first label after the element with its identifier."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.code: str | None = None
        self.label: list[str] | None = None

    def handle_starttag(self, tag, attrs) -> None:
        values = dict(attrs)
        if found := IDENTIFIER.fullmatch(values.get("id") or ""):
            self.code = found[1].replace("_", ".")
        elif tag == "span" and self.code and LABEL in (values.get("class") or "").split():
            self.label = []

    def handle_data(self, data) -> None:
        if self.label is not None:
            self.label.append(data)

    def handle_endtag(self, tag) -> None:
        if tag != "span" or self.label is None:
            return
        name = " ".join(normalised("NFC", "".join(self.label)).split())
        if name and name.isprintable():
            self.names.setdefault(self.code, name)
        self.code = self.label = None


def read_names(file: BinaryIO) -> dict[str, str]:
    """Return the name of each option of a saved page by its code. Raises CatalogError."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise CatalogError([Problem(TOO_BIG)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogError([Problem(NOT_UTF_8)]) from error
    parser = _MenuParser()
    parser.feed(text)
    parser.close()
    if not parser.names:
        raise CatalogError([Problem(NO_MENU)])
    return parser.names


def rows_of(
    names: dict[str, str], *, known: Catalog, operator_types: Iterable[str], source: str
) -> dict[str, list[dict]]:
    """Return the rows of these options, and of the profiles that ``known`` lacks for them.

    A menu tells the code, the name and the folder of an option. The rest is that of the known
    option; a new one is offered to ``operator_types`` and asks for no role.
    """
    known_rows = {row["code"]: row for row in known.options}
    # The first number of a code stands for a part of the menu, which here is in one profile.
    profiles = {code.partition(".")[0]: row["profile"] for code, row in known_rows.items()}
    new_profiles, options = [], []
    for code, name in names.items():
        number = code.partition(".")[0]
        if number not in profiles:
            profiles[number] = f"MENU{number}"
            new_profiles.append({"code": profiles[number], "name": name, "source": source})
        row = {"code": code, "profile": profiles[number], "name": name, "source": source}
        if parent := _folder_of(code, names):
            row["parent"] = parent
        if code in known_rows:
            rest = {"purpose", "operator_types", "roles"} & known_rows[code].keys()
            row |= {column: known_rows[code][column] for column in rest}
        elif len(code.split(".")) >= NUMBERS_OF_A_LEAF:
            row |= {"purpose": PURPOSE, "operator_types": [*operator_types], "roles": []}
        options.append(row)
    return {"profiles": new_profiles, "options": options}


def _folder_of(code: str, names: dict[str, str]) -> str | None:
    """Return the nearest option of the menu whose code begins this one."""
    while "." in code:
        code = code.rpartition(".")[0]
        if code in names:
            return code
    return None
