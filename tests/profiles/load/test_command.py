"""manage.py users: plan, apply and export from the terminal."""

import csv
import errno
import io
import stat
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.http import Http404
from django.utils import timezone

from profiles.management.commands import users
from profiles.models import LoadPlan
from tests.conftest import RUC
from tests.profiles.load.conftest import as_csv, new_user, table
from users.models import User


@pytest.fixture
def file(tmp_path):
    def write(*people):
        path = tmp_path / "usuarios.csv"
        path.write_bytes(as_csv(*table(*people)))
        return path

    return write


def run(*arguments, ruc=RUC) -> str:
    out = io.StringIO()
    command, *rest = map(str, arguments)
    call_command("users", command, "--ruc", ruc, *rest, stdout=out)
    return out.getvalue()


def test_a_file_is_planned_applied_and_exported(operator, file, tmp_path, capfd):
    said = run("plan", file(new_user(1), new_user(2, Clave="")))
    assert "Nuevo: 2" in said
    assert not User.objects.filter(username="NUEVO001").exists()
    plan, claves = LoadPlan.objects.get(), tmp_path / "claves.csv"
    said = run("apply", plan.pk, "--claves", claves)
    assert "Creados: 2" in said
    (row,) = csv.DictReader(io.StringIO(claves.read_text("utf-8-sig")), delimiter=";")
    assert stat.S_IMODE(claves.stat().st_mode) == 0o600
    assert User.objects.get(username="NUEVO002").check_password(row["Clave temporal"])
    run("export", "--output", tmp_path / "salida.csv")
    assert "Sin cambios: 2" in run("plan", tmp_path / "salida.csv")
    run("export")
    assert "NUEVO001" in capfd.readouterr().out


def test_an_export_that_fails_leaves_no_part_of_itself(operator, tmp_path, monkeypatch):
    def full(rows, file):
        file.write(b"part")
        raise OSError(errno.ENOSPC, "No space left on device")

    output = tmp_path / "salida.csv"
    monkeypatch.setitem(users.KINDS, "csv", (full, ""))
    with pytest.raises(CommandError, match="No space left"):
        run("export", "--output", output)
    assert not output.exists()
    output.write_text("anterior")
    with pytest.raises(CommandError, match="File exists"):
        run("export", "--output", output)
    assert output.read_text() == "anterior"


def test_the_errors_of_a_file_are_listed_and_the_plan_is_not_applied(operator, file, capsys):
    out = io.StringIO()
    with pytest.raises(CommandError, match="Corrija el archivo"):
        call_command("users", "plan", "--ruc", RUC, str(file(new_user(1, Nombres=""))), stdout=out)
    assert "fila 2, Nombres: Ingrese los nombres." in out.getvalue()
    with pytest.raises(CommandError, match="Corrija el archivo"):
        run("apply", LoadPlan.objects.get().pk)


def test_notes_and_notices_are_listed_and_corrections_can_be_accepted(operator, tmp_path):
    people = table(new_user(1) | {"Número de documento": "12345"})
    path = tmp_path / "usuarios.csv"
    path.write_bytes(as_csv(["PADRÓN"], *people))
    said = run("plan", "--accept", path)
    assert "Nuevo: 1" in said
    assert "Los títulos están en la fila 2" in said
    assert "fila 3, Número de documento «12345»: Se aceptó la corrección: 00012345." in said


def test_a_plan_is_applied_again_without_a_change(operator, file):
    run("plan", file(new_user(1)))
    plan = LoadPlan.objects.get().pk
    run("apply", plan)
    assert "Creados: 1" in run("apply", plan)
    assert User.objects.filter(username="NUEVO001").count() == 1


def test_the_entries_name_the_staff_account_that_loads(operator, file, staff):
    User.objects.create_superuser("otra", password="una-clave-larga-de-personal")
    path = file(new_user(1))
    with pytest.raises(CommandError, match="--by"):
        run("plan", path)
    run("plan", path, "--by", "otra")
    run("apply", LoadPlan.objects.get().pk, "--by", "otra")
    assert User.objects.get(username="NUEVO001").creation.actor.username == "otra"


def test_a_plan_overtaken_by_a_change_is_refused(make_secondary, file):
    run("plan", file(new_user(1)))
    make_secondary("NUEVO001", 90000077)
    with pytest.raises(CommandError, match="Los datos cambiaron"):
        run("apply", LoadPlan.objects.get().pk)


@pytest.fixture
def with_claves(operator, file):
    run("plan", file(new_user(1, Clave="")))
    return LoadPlan.objects.get()


def test_a_full_disk_loses_no_password(with_claves, tmp_path, monkeypatch):
    def full(rows):
        yield "Usuario,"
        raise OSError(errno.ENOSPC, "No queda espacio")

    with monkeypatch.context() as patched:
        patched.setattr(users, "csv_lines", full)
        with pytest.raises(CommandError, match="No queda espacio"):
            run("apply", with_claves.pk, "--claves", tmp_path / "claves.csv")
    assert "Claves generadas: 1" in run(
        "apply", with_claves.pk, "--claves", tmp_path / "claves.csv"
    )


def test_passwords_that_cannot_be_read_are_reported(with_claves, tmp_path, settings):
    run("apply", with_claves.pk, "--claves", tmp_path / "una.csv")
    with_claves.rows.update(sealed="rota")
    with pytest.raises(CommandError, match="ya no se pueden leer"):
        run("apply", with_claves.pk, "--claves", tmp_path / "otra.csv")
    assert not (tmp_path / "otra.csv").exists()


def test_a_plan_that_is_discarded_or_too_old_is_reported(with_claves, tmp_path, monkeypatch):
    def discarded(*, actor, plan):
        raise Http404("No LoadPlan matches the given query.")

    with monkeypatch.context() as patched:
        patched.setattr(users.applying, "hand_over", discarded)
        with pytest.raises(CommandError, match="ya no está"):
            run("apply", with_claves.pk, "--claves", tmp_path / "claves.csv")
    LoadPlan.objects.update(applied_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(CommandError, match="demasiado antiguo"):
        run("apply", with_claves.pk, "--claves", tmp_path / "claves.csv")


def test_a_missing_or_wrong_argument_is_reported(operator, stranger, file, tmp_path):
    path = file(new_user(1, Clave=""))
    with pytest.raises(CommandError, match="No hay un operador"):
        run("plan", path, ruc="20999999027")
    (tmp_path / "mal.csv").write_text("Sueldo\n1")
    with pytest.raises(CommandError, match="títulos"):
        run("plan", tmp_path / "mal.csv")
    with pytest.raises(CommandError, match="no-hay"):
        run("plan", tmp_path / "no-hay.csv")
    run("plan", path)
    plan = LoadPlan.objects.get().pk
    with pytest.raises(CommandError, match="--claves"):
        run("apply", plan)
    with pytest.raises(CommandError, match="ya existe"):
        run("apply", plan, "--claves", path)
    with pytest.raises(CommandError, match="no tiene un plan"):
        run("apply", plan, ruc=stranger.operator.ruc)
