"""The customer's design card and the rules of the house, read from the tree."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from django.urls import reverse

from profiles.views import wizard
from tests.conftest import SLOW, field_errors, person
from users.models import User

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("portal", "operators", "users", "profiles")
CARD = {
    "packages": {"django", "django-crispy-forms", "argon2-cffi"},
    "packages of the tests": {"pytest-django"},
    "top level": (
        "manage.py",
        *(f"{app}/" for app in PRODUCT),
        "templates/",
        "tests/",
        "pyproject.toml",
    ),
}


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def test_the_packages_of_the_card_are_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert CARD["packages"] <= names(project["project"]["dependencies"])
    assert CARD["packages of the tests"] <= names(project["dependency-groups"]["dev"])


def names(requirements: list[str]) -> set[str]:
    return {line.split(">")[0].split("[")[0] for line in requirements}


def test_the_top_level_of_the_card_is_there():
    missing = [
        name
        for name in CARD["top level"]
        if not ((ROOT / name).is_dir() if name.endswith("/") else (ROOT / name).is_file())
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("password", "is_taken"),
    {
        "abcdef1": False,
        "abcdefg1": True,
        "abcdefghijk1": True,
        "abcdefghijkl1": False,
        "abcdefghijk": False,
    }.items(),
)
def test_the_wizard_takes_a_password_of_8_to_12_characters_with_a_digit(
    password, is_taken, principal, client_of
):
    typed = {"username": "NUEVO001", "password1": password, "password2": password}
    first_step = reverse(wizard.CREATE.route)
    response = client_of(principal).post(first_step, {**person(90000099), **typed})
    assert User.objects.filter(username="NUEVO001").exists() == is_taken
    assert response.status_code == (302 if is_taken else 200)
    assert is_taken or field_errors(response).keys() == {"password1"}


def test_no_file_of_the_product_is_longer_than_400_lines():
    files = [path for path in python_files(*PRODUCT) if "migrations" not in path.parts]
    assert len(files) > 100
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


def test_no_test_module_imports_another():
    """What several test modules share stands in a module that is no test."""
    wrong = {}
    for path in python_files("tests"):
        names = imported_names(path.read_text("utf-8"))
        assert names or not path.name.startswith("test_"), path
        if tests := [name for name in names if re.search(r"(^|\.)test_", name)]:
            wrong[str(path.relative_to(ROOT))] = tests
    assert wrong == {}


def imported_names(source: str) -> list[str]:
    """Return each import with its module: ``tests.values.HOSTILE``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module or ''}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


def test_the_plugin_for_testers_and_the_product_import_nothing_of_each_other():
    """A tester's environment has the plugin, pytest, httpx, perhaps Playwright, and no product."""
    plugin = ROOT / "portal" / "testing"
    modules = {path.stem for path in plugin.glob("*.py")}
    assert modules == {"pytest_comunidad", "comunidad_pages"}
    needed = {"httpx", "playwright", "pytest", *sys.stdlib_module_names}
    for path in python_files(*PRODUCT):
        names = imported_names(path.read_text("utf-8"))
        if path.is_relative_to(plugin):
            assert {name.split(".")[0] for name in names} <= needed, path
        else:
            assert not [
                name
                for name in names
                if name.startswith("portal.testing") or name.split(".")[0] in modules
            ], path


def test_every_lock_of_a_row_lets_foreign_keys_look_at_it():
    """``no_key``: else an action that records its entry waits for another that changes its operator."""
    locks = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in python_files(*PRODUCT)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "select_for_update"
    ]
    assert len(locks) > 10
    assert [name for name, arguments in locks if "no_key" not in arguments] == []


def test_every_migration_reads_and_writes_the_database_that_it_migrates():
    """A portal that moves to PostgreSQL migrates the new database beside the old one."""
    found = [
        path.name
        for path in python_files(*PRODUCT)
        if path.parent.name == "migrations"
        for line in path.read_text("utf-8").splitlines()
        if ".objects." in line and not re.search(r"\.objects\.using\((alias|schema_editor)", line)
    ]
    assert found == []


def test_every_place_that_is_slow_exists():
    """Else a file that was renamed would be among the quick tests."""
    assert [place for place in SLOW if not (ROOT / "tests" / place).exists()] == []


# Forms that no Form class stands behind: a button of the frame, and Django's own administration.
DRAWN_OTHERWISE = {"components/account_menu.html"}


def test_crispy_draws_the_forms():
    templates = ROOT / "templates"
    by_hand = {
        str(path.relative_to(templates))
        for path in templates.rglob("*.html")
        if "<form" in path.read_text("utf-8") and path.parts[-2] != "forms"
    }
    drawn = [path for path in templates.rglob("*.html") if "{% crispy " in path.read_text("utf-8")]
    assert len(drawn) > 20
    assert {name for name in by_hand if not name.startswith("admin/")} == DRAWN_OTHERWISE
