"""The examples of docs/testers.md, as a reader would run them on the practice data."""

import json
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


@pytest.mark.django_db
def test_the_calls_of_the_page_make_a_company_and_a_user_and_answer_as_the_page_says(
    settings, client
):
    settings.DEMO = True
    call_command("load_catalog")
    section = PAGE.partition("## The API")[2].partition("| Call |")[0]
    new_company, new_user = map(json.loads, re.findall(r"-d '(.*?)'", section, re.DOTALL))
    shown = re.search(r"```json\n(.*?)```", section, re.DOTALL)[1]
    company = client.post("/api/v1/companies", new_company, "application/json").json()
    assert company.keys() == json.loads(shown).keys()

    headers = {"Authorization": f"Bearer {company['token']}"}
    users, access = (
        path.replace("$RUC", company["ruc"])
        for path in re.findall(r"http://127.0.0.1:8000(/\S*?)[\" ]", section)
        if "$RUC" in path
    )
    made = client.post(users, new_user, "application/json", headers=headers)
    assert (made.status_code, made.json()["username"]) == (201, new_user["username"])
    answer = client.get(access, headers=headers).json()
    assert not answer["permitted"]
    assert answer["reasons"][0]["code"] == "option_not_granted"
    assert answer["reasons"][0]["remedy"] == "Modificar Perfiles"
