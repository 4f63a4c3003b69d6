"""The customer's design card and the rules of the house, read from the tree."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("portal", "operators", "users", "profiles")
CARD = {
    "packages": ("django", "django-crispy-forms", "argon2-cffi", "pytest-django"),
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
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {line.split(">")[0].split("[")[0] for line in named}
    assert set(CARD["packages"]) <= names


def test_the_top_level_of_the_card_is_there():
    missing = [
        name
        for name in CARD["top level"]
        if not ((ROOT / name).is_dir() if name.endswith("/") else (ROOT / name).is_file())
    ]
    assert missing == []


def test_no_file_of_the_product_is_longer_than_400_lines():
    files = [path for path in python_files(*PRODUCT) if "migrations" not in path.parts]
    assert len(files) > 100
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


def test_no_test_module_imports_another():
    """What several test modules share stands in a module that is no test."""
    wrong = []
    for path in python_files("tests"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            module = getattr(node, "module", None) or ""
            if isinstance(node, ast.ImportFrom) and ".test_" in f".{module}":
                wrong.append(f"{path.relative_to(ROOT)}: {module}")
    assert wrong == []


# Forms that no Form class stands behind: a button of the frame, and Django's own administration.
DRAWN_OTHERWISE = {"base.html"}


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
