"""A page of the menu: the identifiers of its options, and the rows of a catalogue that a saved one gives.

Of a page nothing is kept but the codes and the names of options: it also holds a name and a RUC.
"""

import re
from collections.abc import Iterable
from html import unescape
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
# The page is read by patterns that never search the rest of it in vain: html.parser takes hours for
# a file of MAX_BYTES that opens tags or comments and closes none.
UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"""(?:[^"'>]+|"[^"]*"|'[^']*')*""")
ATTRIBUTE = re.compile(r"""\s([\w-]+)\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"']+))""")
# Part of every identifier and of LABEL: a tag without it is not looked at.
SIGN = "ivel"
# What a row has to say and a menu does not.
PURPOSE = "Opción del menú propio."


def identifier(code: str) -> str:
    """Return the identifier of an option in the menu's document: ``nivel4_28_1_2_1_1``."""
    numbers = code.split(".")
    return f"nivel{min(len(numbers), 4)}_{'_'.join(numbers)}"


def _names_in(text: str) -> dict[str, str]:
    """Return the name of each option by its code: the first label after its identifier."""
    names: dict[str, str] = {}
    code = label = None
    for piece in UNREAD.sub("", text).split("<")[1:]:
        if label is None and SIGN not in piece:
            continue
        tag = TAG.match(piece)[0]
        if label is not None and tag.lower().startswith("/span"):
            name = " ".join(normalised("NFC", unescape("".join(label))).split())
            if name and name.isprintable():
                names.setdefault(code, name)
            code = label = None
            continue
        values = {
            found[1].lower(): unescape(found[found.lastindex]) for found in ATTRIBUTE.finditer(tag)
        }
        if found := IDENTIFIER.fullmatch(values.get("id", "")):
            code, label = found[1].replace("_", "."), None
        elif code and LABEL in values.get("class", "").split():
            label = []
        if label is not None:
            label.append(piece[len(tag) + 1 :])
    return names


def read_names(file: BinaryIO) -> dict[str, str]:
    """Return the name of each option of a saved page by its code. Raises CatalogError."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise CatalogError([Problem(TOO_BIG)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogError([Problem(NOT_UTF_8)]) from error
    names = _names_in(text)
    if not names:
        raise CatalogError([Problem(NO_MENU)])
    return names


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
