"""The examples of docs/testers.md, as a reader would run them on the practice data."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

PAGE = (Path(__file__).parents[2] / "docs" / "testers.md").read_text("utf-8")


@pytest.mark.django_db
def test_the_file_of_the_page_differs_as_the_page_says_until_it_is_corrected_as_the_page_says(
    settings, tmp_path, capsys
):
    settings.DEMO = True
    call_command("load_demo")
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (answer,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    (command,) = re.findall(r"manage\.py access (check .*)$", PAGE, re.MULTILINE)
    check = ["access", *command.replace("accesos.toml", str(tmp_path / "accesos.toml")).split()]
    assert len(example.splitlines()) == 10
    (tmp_path / "accesos.toml").write_text(example, "utf-8")
    capsys.readouterr()
    with pytest.raises(SystemExit, match="1"):
        call_command(*check, skip_checks=False)
    assert capsys.readouterr().out == answer

    (instead,) = re.findall(r"`(cannot = .*?)` instead of the last line", PAGE)
    lines = [*example.splitlines()[:-1], instead]
    (tmp_path / "accesos.toml").write_text("\n".join(lines), "utf-8")
    call_command(*check)
    assert capsys.readouterr().out.endswith("Distintas: 0.\n")
