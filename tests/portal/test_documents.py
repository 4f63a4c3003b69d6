"""What the Markdown files name exists: paths, tests, make targets, commands, links.

A path counts from the root of the repository, from the folder of its document or, as
docs/cartilla.md says, from tests/.
"""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PATH = re.compile(
    r"`(?P<path>(?:[\w.-]+/)+(?:[\w.-]+\.\w+)?|[\w-]+\."
    r"(?:css|html|js|md|py|service|toml|yaml)|Dockerfile)(?:::(?P<test>\w+))?`"
)
MAKE = re.compile(r"(?:^|`)(?:\S+=\S+ |\.ci/with-postgres )*make ([a-z-]+)", re.MULTILINE)
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
# Made on the machine that installs, or named for what they are not.
NOT_OURS = re.compile(r"^(?:staticfiles|screenshots|\.venv|etc|var|opt|run|srv|usr|home)/")


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
    return [
        *(f"make {name}" for name in MAKE.findall(text) if name not in targets),
        *(f"manage.py {name}" for name in COMMAND.findall(text) if name not in get_commands()),
    ]


def anchors(text: str) -> set[str]:
    """The anchors of the titles of a page, as its host makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(text: str, document: Path) -> list[str]:
    broken = []
    for path, anchor in LINK.findall(text):
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(f"{path}#{anchor}" if anchor else path)
    return broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_and_tests_that_a_document_names_exist(document):
    text = document.read_text("utf-8")
    wrong = missing_paths(text, document) + missing_commands(text) + broken_links(text, document)
    assert wrong == []


def test_a_missing_file_test_or_command_is_found():
    here = Path(__file__)
    right = "`manage.py` `portal/test_documents.py::test_a_missing_file_test_or_command_is_found`"
    wrong = ["`users/nada.py`", "`nada/`", "`tests/portal/test_documents.py::test_nada`"]
    assert missing_paths(f"{right} {' '.join(wrong)}", here) == wrong
    assert missing_commands("`make demo` `make nada`\nmanage.py nada") == [
        "make nada",
        "manage.py nada",
    ]
    linked = "[a](../../README.md#start) [b](../../README.md#nada) [c](nada.md)"
    assert broken_links(linked, here) == ["../../README.md#nada", "nada.md"]


def test_each_check_of_the_security_page_is_listed_once_with_its_proof():
    page = (ROOT / "docs" / "seguridad.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z]{3}-\d\d) \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    codes = [code for code, _, _ in rows]
    assert len(codes) == len(set(codes)) == 92
    assert all("::test_" in shown or "`make " in shown for _, _, shown in rows)
