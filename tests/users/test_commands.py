"""Commands: changepassword for staff and for operators' accounts, and createsuperuser."""

import getpass

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting
from users.actions.accounts import create_secondary_user, eliminate_user, suspend_user
from users.models import AuditEntry, User

STAFF_PASSWORD = "una-clave-larga-de-personal"
NEW_STAFF_PASSWORD = "otra-clave-larga-de-personal"

pytestmark = pytest.mark.django_db


@pytest.fixture
def typed(monkeypatch):
    """typed(*passwords) answers the prompts in turn and returns the prompts that were shown."""

    def answer(*passwords: str) -> list[str]:
        waiting, prompts = list(passwords), []

        def getpass_(prompt):
            prompts.append(prompt)
            return waiting.pop(0)

        monkeypatch.setattr(getpass, "getpass", getpass_)
        return prompts

    return answer


@pytest.fixture(autouse=True)
def no_prompt(typed):
    """An unexpected prompt fails the test."""
    return typed()


def has(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


def by_the_server(action: str) -> AuditEntry:
    """The only entry of a command that names no account of staff."""
    entry = AuditEntry.objects.get(action=action)
    server = User.objects.server()
    assert (entry.actor, entry.channel, entry.operator) == (server, "command", None)
    return entry


def passwords() -> dict[int, str]:
    return dict(User.objects.values_list("pk", "password"))


# Staff ------------------------------------------------------------------------------------------


def test_changepassword_asks_twice_and_changes_a_staff_password(staff, typed, capsys):
    prompts = typed(NEW_STAFF_PASSWORD, NEW_STAFF_PASSWORD)
    call_command("changepassword", "admin")
    assert has(staff, NEW_STAFF_PASSWORD)
    assert prompts == ["Clave nueva de admin: ", "Otra vez la clave nueva: "]
    out, err = capsys.readouterr()
    assert (out, err) == ("Se cambió la clave de admin.\n", "")
    assert by_the_server("user.password_reset").subject == staff


def test_without_a_name_changepassword_takes_the_system_user(staff, typed, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "admin")
    typed(NEW_STAFF_PASSWORD, NEW_STAFF_PASSWORD)
    call_command("changepassword")
    assert has(staff, NEW_STAFF_PASSWORD)


def test_a_user_of_the_same_name_keeps_its_password(staff, principal, typed):
    staff_account = User.objects.create_superuser("TITULAR1", password=STAFF_PASSWORD)
    typed(NEW_STAFF_PASSWORD, NEW_STAFF_PASSWORD)
    call_command("changepassword", "TITULAR1")
    assert has(staff_account, NEW_STAFF_PASSWORD)
    assert has(principal, PASSWORD)


def test_without_ruc_changepassword_finds_only_staff(secondary):
    for username in ("TITULAR1", "JPEREZ01", "nadie", "ADMIN"):
        with pytest.raises(CommandError) as refused:
            call_command("changepassword", username)
        assert str(refused.value) == f"No hay personal con el usuario «{username}»."


def test_changepassword_does_not_find_eliminated_staff(staff):
    User.objects.filter(pk=staff.pk).update(state=User.State.ELIMINATED)
    with pytest.raises(CommandError, match="No hay personal con el usuario «admin»"):
        call_command("changepassword", "admin")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("corta-1", "12"),
        ("135792468135", "numér"),
        ("administrador", "común|similar|parecid"),
    ],
)
def test_a_staff_password_follows_the_rules_of_staff(staff, typed, capsys, password, sentence):
    User.objects.filter(pk=staff.pk).update(email="administrador@ejemplo.pe")
    typed(password, password, NEW_STAFF_PASSWORD, NEW_STAFF_PASSWORD)
    call_command("changepassword", "admin")
    assert has(staff, NEW_STAFF_PASSWORD)
    err = capsys.readouterr().err
    assert any(word in err for word in sentence.split("|"))


# Operators --------------------------------------------------------------------------------------


def change(username="JPEREZ01", ruc=RUC, by="admin"):
    call_command("changepassword", username, ruc=ruc, by=by)


@pytest.mark.parametrize(
    ("username", "ruc"),
    [("JPEREZ01", RUC), (" jperez01 ", "20 999999043"), ("TITULAR1", RUC)],
)
def test_the_change_of_a_users_password_by_staff_is_recorded(
    staff, secondary, typed, capsys, username, ruc
):
    user = User.objects.get(operator__ruc=RUC, username=username.strip().upper())
    typed("Distinta1", "Distinta1")
    change(username, ruc)
    assert has(user, "Distinta1")
    assert capsys.readouterr().out == f"Se cambió la clave de {user.username}.\n"
    entry = AuditEntry.objects.get(action="user.password_reset")
    assert (entry.actor, entry.subject, entry.operator) == (staff, user, user.operator)
    assert (entry.channel, entry.address) == ("command", None)
    assert (entry.before, entry.after) == ({}, {})


def test_a_user_of_the_same_name_in_another_operator_keeps_its_password(
    staff, secondary, stranger, typed
):
    stranger_user = create_secondary_user(
        actor=acting(stranger),
        username="JPEREZ01",
        password=PASSWORD,
        document_type="1",
        document_number="90000007",
        first_name="Juan",
        last_name="Ajeno",
    )
    typed("Distinta1", "Distinta1")
    change(ruc=OTHER_RUC)
    assert has(stranger_user, "Distinta1")
    assert has(secondary, PASSWORD)


def test_the_password_of_a_suspended_user_can_be_changed(principal, secondary, typed):
    suspend_user(actor=acting(principal), user=secondary)
    typed("Distinta1", "Distinta1")
    change()
    assert has(secondary, "Distinta1")


def test_an_unknown_usuario_ruc_or_staff_is_named_before_any_prompt(secondary, no_prompt):
    before = passwords()
    for arguments, sentence in [
        ({"username": "NADIE001"}, f"No hay un usuario «NADIE001» en un operador con RUC «{RUC}»."),
        ({"username": "admin"}, f"No hay un usuario «ADMIN» en un operador con RUC «{RUC}»."),
        (
            {"ruc": "20999999027"},
            "No hay un usuario «JPEREZ01» en un operador con RUC «20999999027».",
        ),
        ({"ruc": ""}, "No hay un usuario «JPEREZ01» en un operador con RUC «»."),
        ({"by": "nadie"}, "No hay personal con el usuario «nadie»."),
        ({"by": "TITULAR1"}, "No hay personal con el usuario «TITULAR1»."),
    ]:
        with pytest.raises(CommandError) as refused:
            change(**arguments)
        assert str(refused.value) == sentence
    assert no_prompt == []
    assert passwords() == before


def test_changepassword_does_not_find_an_eliminated_user(principal, secondary):
    eliminate_user(actor=acting(principal), user=secondary)
    with pytest.raises(CommandError, match="No hay un usuario «JPEREZ01»"):
        change()


def test_a_user_of_an_operator_needs_username_ruc_and_by(secondary):
    before = passwords()
    for missing in (["by"], ["ruc"], ["username"], ["username", "by"], ["username", "ruc"]):
        given = {"username": "JPEREZ01", "ruc": RUC, "by": "admin"} | dict.fromkeys(missing)
        username = given.pop("username")
        with pytest.raises(CommandError, match="indique su usuario, --ruc y --by"):
            call_command("changepassword", *([username] if username else []), **given)
    assert passwords() == before


# The prompts ------------------------------------------------------------------------------------


def test_after_two_mistakes_a_third_attempt_is_allowed(secondary, typed, capsys):
    prompts = typed("Distinta1", "Distinta2", "sinnumero", "sinnumero", "Distinta1", "Distinta1")
    change()
    assert has(secondary, "Distinta1")
    assert len(prompts) == 6
    assert capsys.readouterr().err == (
        "Las dos claves no son iguales.\nLa clave debe incluir al menos un número\n"
    )


@pytest.mark.parametrize(
    "pair", [("Distinta1", "Distinta2"), ("corta1", "corta1")], ids=["unequal", "against the rule"]
)
def test_after_three_mistakes_nothing_is_changed(secondary, typed, pair):
    prompts = typed(*pair * 4)
    before = passwords()
    with pytest.raises(CommandError) as refused:
        change()
    assert str(refused.value) == "No se cambió la clave de JPEREZ01: fueron 3 intentos."
    assert len(prompts) == 6
    assert passwords() == before
    assert not AuditEntry.objects.filter(action="user.password_reset").exists()


@pytest.mark.parametrize("answers", [[""], ["Distinta1", ""]], ids=["first", "second"])
def test_an_empty_answer_cancels(secondary, typed, answers):
    typed(*answers)
    before = passwords()
    with pytest.raises(CommandError, match="Cancelado: no se escribió ninguna clave"):
        change()
    assert passwords() == before


# createsuperuser --------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", STAFF_PASSWORD)


def test_createsuperuser_creates_staff_that_can_sign_in(environment, client):
    call_command("createsuperuser", "--noinput", username="jefa", email="jefa@ejemplo.pe")
    user = User.objects.get(username="jefa")
    assert (user.is_staff, user.is_superuser, user.operator) == (True, True, None)
    response = client.post(
        "/admin/login/?next=/admin/", {"username": "jefa", "password": STAFF_PASSWORD}
    )
    assert (response.status_code, response.url) == (302, "/admin/")
    entry = by_the_server("user.created")
    assert entry.subject == user
    assert entry.after["is_superuser"]
    assert STAFF_PASSWORD not in str(entry.after)


def test_the_account_of_the_server_never_signs_in(environment, client):
    server = User.objects.server()
    assert not server.has_usable_password()
    with pytest.raises(CommandError):
        call_command("changepassword", server.username)
    server.set_password(STAFF_PASSWORD)
    server.save()
    form = {"username": server.username, "password": STAFF_PASSWORD}
    assert client.post("/admin/login/", form).status_code == 200


@pytest.mark.parametrize("username", ["admin", "ADMIN"])
def test_createsuperuser_refuses_a_taken_name_in_a_sentence(environment, staff, username):
    with pytest.raises(CommandError, match="Ya existe personal con ese usuario"):
        call_command("createsuperuser", "--noinput", username=username, email="a@ejemplo.pe")
    assert User.objects.staff().get() == staff


def test_createsuperuser_accepts_the_name_of_a_user_of_an_operator(environment, principal):
    call_command("createsuperuser", "--noinput", username="TITULAR1", email="t@ejemplo.pe")
    assert User.objects.filter(username="TITULAR1").count() == 2
