"""What the documents name exists: paths, tests, make targets, commands, links, floors.

A path counts from the root of the repository, from the folder of its document or, as
docs/cartilla.md says, from tests/.
"""

import re
import tomllib
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / ".env.example"])
# What looks like a path: a folder of the repository before a slash, a slash at the end, or a name
# with the ending of a file.
FOLDERS = sorted(
    path.name for place in (ROOT, ROOT / "tests") for path in place.iterdir() if path.is_dir()
)
PATH = re.compile(
    rf"`(?P<path>(?:{'|'.join(map(re.escape, FOLDERS))})(?:/[\w.-]+)+/?"
    r"|(?:[\w.-]+/)+"
    r"|(?:[\w.-]+/)*(?:[\w-]*\.(?:css|example|html|js|json|md|po|py|service|svg|toml|txt|yaml)"
    r"|\.env\.example|Dockerfile))(?:::(?P<test>\w+))?`"
)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MAKE = re.compile(r"(?<![\w/-])make ([a-z][a-z-]*)")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
# Made on the machine that installs, or named for what they are not.
NOT_OURS = re.compile(r"^(?:staticfiles|screenshots|\.venv)/")


def resolved(name: str, document: Path) -> list[Path]:
    folders = (ROOT, document.parent, ROOT / "tests")
    return [path for folder in folders if (path := folder / name).exists()]


def has_test(paths: list[Path], test: str) -> bool:
    definition = re.compile(rf"^ *def {test}\(", re.MULTILINE)
    return any(definition.search(path.read_text("utf-8")) for path in paths if path.is_file())


def missing_paths(text: str, document: Path) -> list[str]:
    return [
        name[0]
        for name in PATH.finditer(text)
        if not NOT_OURS.match(name["path"])
        and not (
            (paths := resolved(name["path"], document))
            and (not name["test"] or has_test(paths, name["test"]))
        )
    ]


def missing_commands(text: str) -> list[str]:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    code = "\n".join(CODE.findall(text))
    return [
        *(f"make {name}" for name in MAKE.findall(code) if name not in targets),
        *(f"manage.py {name}" for name in COMMAND.findall(text) if name not in get_commands()),
    ]


def anchors(text: str) -> set[str]:
    """Return the anchors of the titles of a page, as its host makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(text: str, document: Path) -> list[str]:
    broken = []
    for path, anchor in LINK.findall(text):
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(f"{path}#{anchor}" if anchor else path)
    return broken


def wrong_in(text: str, document: Path) -> list[str]:
    return missing_paths(text, document) + missing_commands(text) + broken_links(text, document)


def test_what_the_documents_name_exists():
    wrong = {
        str(document.relative_to(ROOT)): wrong_in(document.read_text("utf-8"), document)
        for document in DOCUMENTS
    }
    assert len(wrong) > 70
    assert {document: names for document, names in wrong.items() if names} == {}


def test_a_missing_file_test_command_or_link_is_found():
    here = Path(__file__)
    right = (
        "`manage.py` `.env.example` `users/views` `users/views/` `guessable.txt` `own/project` "
        "`portal/test_documents.py::test_a_missing_file_test_command_or_link_is_found`"
    )
    wrong = [
        "`users/nada.py`",
        "`nada.md`",
        "`nada/`",
        "`users/nada`",
        "`tests/portal/test_documents.py::test_nada`",
    ]
    assert (
        missing_paths(f"{right} {' '.join(wrong)}", ROOT / "users" / "signin" / "nada.md") == wrong
    )
    commands = "make nothing of it: `make demo` `A=1 make nada`\n```\nmake nil\n```\nmanage.py nada"
    assert missing_commands(commands) == ["make nada", "make nil", "manage.py nada"]
    linked = "[a](../../README.md#start) [b](../../README.md#nada) [c](nada.md)"
    assert broken_links(linked, here) == ["../../README.md#nada", "nada.md"]


def test_the_page_on_the_architecture_states_the_floors_that_are_checked():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = [
        " > ".join(contract["layers"])
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    assert len(layers) == 3
    assert [each for each in layers if each not in page] == []


def test_each_check_of_the_security_page_is_listed_once_with_its_proof():
    page = (ROOT / "docs" / "seguridad.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z]{3}-\d\d) \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    codes = [code for code, _, _ in rows]
    assert len(codes) == len(set(codes)) == 102
    assert all("::test_" in shown or "`make " in shown for _, _, shown in rows)
