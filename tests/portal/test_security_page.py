"""docs/seguridad.md promises nothing that no test shows."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "seguridad.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]{3}-\d\d) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)


def test_every_test_that_the_page_names_exists():
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 50
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (TESTS / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_check_stands_there_once_with_what_shows_it():
    codes = [code for code, _, _ in ROWS]
    assert len(codes) == len(set(codes)) > 40
    assert all("::test_" in shown or "`make " in shown for _, _, shown in ROWS)
