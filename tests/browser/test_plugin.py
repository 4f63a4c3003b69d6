"""The recipes of docs/testers.md, from the wheel of the plugin in an environment of their own."""

import re
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from tests import environments
from tests.environments import PIP, VARIABLES, run, succeed
from tests.places import ROOT

PAGE = (ROOT / "docs" / "testers.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE, re.DOTALL)
RECIPES = {name: recipe for recipe, name in BLOCKS}
PLUGIN = ROOT / "portal" / "testing"


@pytest.fixture
def environment(tmp_path) -> Path:
    """The Python of an environment that has the wheel, and nothing of the project."""
    succeed(*PIP, "wheel", "--no-deps", "--wheel-dir", tmp_path, PLUGIN)
    (wheel,) = tmp_path.glob("*.whl")
    return environments.environment(tmp_path / "environment", f"{wheel}[browser]")


@pytest.fixture
def recipes(tmp_path, browser_type_launch_args) -> Path:
    """A folder with the recipes, and the browser of this machine."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    for name, recipe in RECIPES.items():
        (folder / name).write_text(recipe, "utf-8")
    with (folder / "conftest.py").open("a", encoding="utf-8") as conftest:
        fixture = f"def browser_type_launch_args():\n    return {browser_type_launch_args!r}\n"
        conftest.write(f'\n\n@pytest.fixture(scope="session")\n{fixture}')
    return folder


def test_the_recipes_pass_from_the_wheel_in_an_empty_environment(
    environment, recipes, live_server, tmp_path
):
    """And fail as the page says: in the words of the portal."""
    assert RECIPES.keys() == {"test_access.py", "test_token.py", "conftest.py", "test_screens.py"}
    names = ["django", "portal", "users", "pytest_comunidad"]
    found = f"import importlib.util as u; print(*filter(u.find_spec, {names}))"
    assert succeed(environment, "-I", "-c", found).split() == ["pytest_comunidad"]

    def pytest_says(*arguments: str) -> str:
        done = run(environment, "-m", "pytest", *arguments, cwd=recipes, env=VARIABLES)
        return done.stdout + done.stderr

    said = pytest_says(f"--portal-dir={ROOT}", "test_access.py")
    assert "1 passed" in said, said

    # More companies than an address may create would take long: what is set there is a setting.
    (lifted,) = re.findall(
        r"(PRACTICE_\w+) = ", (PLUGIN / "pytest_comunidad.py").read_text("utf-8")
    )
    assert hasattr(settings, lifted)

    call_command("load_catalog", verbosity=0)
    at_an_address = f"--portal-url={live_server.url}"
    said = pytest_says(at_an_address)
    assert "3 passed" in said, said

    access = recipes / "test_access.py"
    kept = [line for line in RECIPES[access.name].splitlines() if '"PUT"' not in line]
    access.write_text("\n".join(kept), "utf-8")
    (sentence,) = re.findall(r"in the words of the portal: `(.+?)`", PAGE)
    assert f"Failed: {sentence}" in pytest_says(at_an_address, access.name)

    broken = tmp_path / "checkout"
    (broken / ".venv" / "bin").mkdir(parents=True)
    (broken / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (broken / "manage.py").write_text("raise SystemExit('No se puede iniciar: una razón')", "utf-8")
    said = pytest_says(f"--portal-dir={broken}", access.name)
    assert f"The portal in {broken} does not start:\nNo se puede iniciar: una razón" in said
    assert "Name one portal: --portal-url=URL or --portal-dir=CHECKOUT." in pytest_says()
