"""What the documents name in backticks is there: files, and tests in them.

A path counts from the root of the repository or, as docs/cartilla.md says, from tests/. What is
still to be written is named with «(prevista)» behind it, and only until it is there.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
NAMED = re.compile(
    r"`(?P<path>(?:[\w.-]+/)*(?:Dockerfile|[\w.-]+\."
    r"(?:css|example|html|js|md|py|service|toml|txt|yaml)))"
    r"(?:::(?P<test>\w+))?`(?P<planned> \(prevista\))?"
)


def is_there(path: str, test: str | None) -> bool:
    files = [folder / path for folder in (ROOT, ROOT / "tests") if (folder / path).is_file()]
    definition = re.compile(rf"^ *def {test}\(", re.MULTILINE)
    return any(not test or definition.search(file.read_text("utf-8")) for file in files)


def wrong_in(text: str) -> list[str]:
    return [
        name[0] for name in NAMED.finditer(text) if is_there(*name.group(1, 2)) == bool(name[3])
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_files_and_tests_that_a_document_names_exist(document):
    assert wrong_in(document.read_text("utf-8")) == []


def test_each_check_of_the_security_page_is_listed_once_with_its_proof():
    page = (ROOT / "docs" / "seguridad.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z]{3}-\d\d) \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    codes = [code for code, _, _ in rows]
    assert len(codes) == len(set(codes)) == 92
    assert all("::test_" in shown or "`make " in shown for _, _, shown in rows)


def test_a_missing_file_or_test_in_a_document_is_found():
    right = [
        "`manage.py`",
        "`portal/test_documents.py::test_the_files_and_tests_that_a_document_names_exist`",
    ]
    wrong = ["`users/nada.py`", "`tests/portal/test_documents.py::test_nada`", "`nada.md`"]
    assert wrong_in(" ".join(right + wrong)) == wrong
    planned = [f"{name} (prevista)" for name in right + wrong]
    assert wrong_in(" ".join(planned)) == planned[: len(right)]
