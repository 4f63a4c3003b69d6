"""manage.py access: compare the access of a company with a file, and write the file."""

import json

import pytest
from django.core.management import CommandError, call_command

from profiles.actions.grants import assign_options
from tests.conftest import OTHER_RUC, RUC, acting
from users.models import AuditEntry

FREE, NEEDS_ROLE = "11.9.1.1.1", "90.1.2.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def user(principal, make_secondary):
    """LSOLIS01 has an option, and not its role."""
    user = make_secondary("LSOLIS01", 90000003)
    assign_options(actor=acting(principal), user=user, codes=[NEEDS_ROLE], seen=[])
    return user


@pytest.fixture
def run(capsys, settings):
    """run(*arguments) runs the command as a real installation would; returns its code and output."""
    settings.DEMO = False

    def access(*arguments: str) -> tuple[int, str]:
        code = 0
        try:
            call_command("access", *map(str, arguments))
        except SystemExit as stop:
            code = stop.code
        return code, capsys.readouterr().out

    return access


@pytest.fixture
def file(tmp_path):
    return tmp_path / "accesos.toml"


def test_the_command_writes_a_file_that_it_then_finds_right(user, run, file):
    entries = AuditEntry.objects.count()
    code, text = run("write", "--ruc", RUC)
    file.write_text(text)
    assert code == 0
    assert run("check", file, "--ruc", RUC) == (0, "Comprobaciones: 6. Bien: 6. Distintas: 0.\n")
    assert AuditEntry.objects.count() == entries


def test_the_command_prints_each_difference_and_ends_with_1(user, run, file):
    file.write_text(f'[[users]]\nusername = "LSOLIS01"\nroles = ["{ROLE}"]\ncannot = ["{FREE}"]')
    code, text = run("check", file, "--ruc", RUC)
    assert code == 1
    assert text.splitlines() == [
        "LSOLIS01: falta el rol NSIGAD.AGENTEADUANA.DESPACHO «Despachador».",
        "Comprobaciones: 3. Bien: 2. Distintas: 1.",
    ]


def test_the_command_prints_every_result_as_json(user, run, file):
    file.write_text(f'[[users]]\nusername = "LSOLIS01"\ncannot = [{{option = "{NEEDS_ROLE}"}}]')
    code, text = run("check", file, "--ruc", RUC, "--json")
    assert code == 0
    assert json.loads(text) == {
        "counts": {"total": 2, "ok": 2, "different": 0},
        "results": [
            {
                "item": {"username": "LSOLIS01", "kind": "user", "code": "", "at": ""},
                "ok": True,
                "sentence": "LSOLIS01: existe.",
            },
            {
                "item": {"username": "LSOLIS01", "kind": "cannot", "code": NEEDS_ROLE, "at": ""},
                "ok": True,
                "sentence": f"LSOLIS01: no puede {NEEDS_ROLE} «Consulta de canal»: role_missing.",
            },
        ],
    }


def test_the_command_ends_with_2_when_there_is_nothing_to_compare(operator, file, run):
    file.write_text('[[users]]\nusername = "A"\nstate = 1\nclave = 2')
    for arguments, problems in (
        ([file, "--ruc", RUC], "users[0].state (A): Debe ser un texto."),
        ([file.with_name("nada"), "--ruc", RUC], "No se pudo leer"),
        ([file.parent, "--ruc", RUC], "No se pudo leer"),
        ([file, "--ruc", OTHER_RUC], f"No hay un operador con RUC «{OTHER_RUC}»."),
    ):
        with pytest.raises(CommandError) as refused:
            run("check", *arguments)
        assert problems in str(refused.value)
        assert refused.value.returncode == 2
