"""`make demo`: what a person who tries the portal for the first time reads in the terminal."""

import os
import runpy
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]


def make_demo(port: object, *variables: str) -> subprocess.CompletedProcess:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [shutil.which("make"), "demo", f"PORT={port}", *variables],
        cwd=ROOT,
        env={**environment, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_make_demo_refuses_an_unusable_port_in_spanish_before_anything_runs():
    with socket.create_server(("127.0.0.1", 0)) as other_program:
        for port in (other_program.getsockname()[1], 70000, "ocho"):
            result = make_demo(port)
            assert result.returncode != 0, port
            assert result.stdout == "", port
            assert result.stderr.splitlines()[0] == (
                f"El puerto {port} está ocupado o no se puede usar. Elija otro: make demo PORT=8123"
            )


def test_make_demo_refuses_an_address_that_the_machine_does_not_have():
    with socket.create_server(("127.0.0.1", 0)) as briefly:
        port = briefly.getsockname()[1]
    # Of the addresses that stand in documents only.
    for host in ("192.0.2.1", "aula.invalid"):
        result = make_demo(port, f"HOST={host}")
        assert result.returncode != 0, host
        assert result.stdout == "", host
        assert result.stderr.splitlines()[0] == (
            f"Esta máquina no tiene la dirección {host}. Las que tiene: hostname -I"
        )


def test_ctrl_c_ends_a_command_with_a_sentence(monkeypatch):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("django.core.management.execute_from_command_line", interrupt)
    with pytest.raises(SystemExit, match="Interrumpido"):
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")


@pytest.mark.django_db
def test_the_demo_server_prints_its_address_and_no_english_line(monkeypatch, capsys):
    def run(address, port, handler, *, on_bind, **options):
        on_bind(port)

    runserver = "django.core.management.commands.runserver"
    monkeypatch.setattr(f"{runserver}.run", run)
    # Making the handler would set Django up, and its log, anew.
    monkeypatch.setattr(f"{runserver}.Command.get_handler", lambda *args, **options: None)
    call_command("serve_demo", "127.0.0.1:8123", use_reloader=False, skip_checks=True)
    assert capsys.readouterr().out == "Portal: http://127.0.0.1:8123/  (Ctrl+C lo detiene)\n"
