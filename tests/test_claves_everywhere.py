"""One password gets one verdict, whichever way it is set; and none is ever shown again."""

import csv
import getpass
import inspect
import io
import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

import profiles.forms
import users.actions
import users.forms
from operators.models import Operator
from profiles.load import actions as load_actions
from profiles.load import applying, files
from profiles.tables import rows
from tests.administration import ADMIN_PASSWORD, new_operator
from tests.conftest import PASSWORD, RUC, acting, person, soup
from tests.routes import FORMS, FORMS_OF_EVERYBODY, form_of, url
from tests.walking import modules_of, undone
from users.actions import accounts, operators, passwords
from users.admin import account_forms
from users.admin import operators as companies
from users.models import User
from users.signin.unsent import OWNER_FIELD, owner_token

LENGTH, DIGIT = "entre 8 y 12 caracteres", "al menos un número"

# Whether it is taken: 8 to 12 code points, at least one of them 0 to 9.
CLAVES = {
    "abcdef1": False,
    "abcdefg1": True,
    "abcdefghijk1": True,
    "abcdefghijkl1": False,
    "abcdefgh": False,
    "abcdefghijkl": False,
    "12345678": True,
    "00000000": True,
    "abcdefg٣": False,
    "abcdefg²": False,
    "abcdefg５": False,
    "abcdefgⅧ": False,
    " " * 7 + "1": True,
    "        ": False,
    " abcde1 ": True,
    "1" + " " * 12: False,
    "abc\tdef1": True,
    "ñññññññ1": True,
    "ñññññññññññ1": True,
    # Each letter and its tilde are one character.
    "n\u0303" * 6 + "1": False,
    "n\u0303" * 7 + "1": True,
    "n\u0303" * 11 + "1": True,
    "n\u0303" * 12 + "1": False,
    "😀😀😀😀😀😀😀1": True,
    "😀" * 12 + "1": False,
    "sunat2026": True,
    "JPEREZ01": True,
    "'; DROP--1": True,
    "a" * 1_000_000 + "1": False,
}


@pytest.fixture
def paths(unlimited_guesses, visitors, client_of, monkeypatch):
    """Each way to set the password of an operator's account; it answers whose password it set."""
    principal, secondary, staff = (visitors[who] for who in ("principal", "secondary", "staff"))
    web, office = client_of(principal), client_of(staff)

    def twice(clave: str, *names: str) -> dict:
        return dict.fromkeys(names or ("password1", "password2"), clave)

    def create(clave):
        web.post(url("users:create"), {**FORMS["users:create"], **twice(clave)})
        return User.objects.filter(username="INTRUSA1").first()

    def change_own(clave):
        # Signed in anew: the change before this one was taken back, and its session with it.
        form = {"current_password": PASSWORD, **twice(clave)}
        client_of(secondary).post(url("users:own_password"), form)
        return secondary

    def reset(clave):
        web.post(url("users:reset_password"), {"way": "type", **twice(clave)})
        return secondary

    def reset_in_the_administration(clave):
        address = f"/admin/users/user/{secondary.pk}/password/"
        office.post(address, twice(clave, "new_password1", "new_password2"))
        return secondary

    def open_an_operator(clave):
        form = new_operator(ruc="20999999035", **twice(clave))
        office.post("/admin/operators/operator/add/", form)
        return User.objects.filter(operator__ruc="20999999035").first()

    def command(clave):
        monkeypatch.setattr(getpass, "getpass", lambda prompt: clave)
        try:
            call_command("changepassword", "JPEREZ01", ruc=RUC, by="admin")
        except CommandError:
            return None
        return secondary

    def load(clave):
        text = io.StringIO()
        row = {
            "Usuario": "CARGADA1",
            "Tipo de documento": "DNI",
            "Número de documento": "90000099",
            "Nombres": "Ana",
            "Apellidos": "Ficticia",
            "Clave": clave,
        }
        csv.writer(text).writerows([row.keys(), row.values()])
        loading = {"actor": acting(principal)}
        try:
            sheet = files.read(io.BytesIO(text.getvalue().encode()))
            plan = load_actions.make_plan(
                operator=principal.operator, sheet=sheet, file_name="usuarios.csv", **loading
            )
            applying.start_applying(plan=plan, **loading)
        except (rows.FileError, applying.PlanWithErrorsError):
            return None
        plan.refresh_from_db()
        applying.keep_applying(plan=plan, seconds=60, **loading)
        return User.objects.get(username="CARGADA1")

    def action(function, **arguments):
        def call(clave):
            try:
                made = function(password=clave, **arguments)
            except ValidationError:
                return None
            if isinstance(made, Operator):
                return made.users.get()
            return made or secondary

        return call

    return {
        "users:create": create,
        "users:own_password": change_own,
        "users:reset_password": reset,
        "admin reset": reset_in_the_administration,
        "admin new operator": open_an_operator,
        "changepassword": command,
        "load": load,
        "create_secondary_user": action(
            accounts.create_secondary_user,
            actor=acting(principal),
            username="OTRAMAS1",
            **person(90000088),
        ),
        "create_operator": action(
            operators.create_operator,
            actor=acting(staff),
            ruc="20999999027",
            name="Otra Empresa",
            operator_types=["AGENTE_ADUANA"],
            username="TITULAR1",
            **person(90000089),
        ),
        "reset_password": action(passwords.reset_password, actor=acting(principal), user=secondary),
        "change_own_password": action(passwords.change_own_password, actor=acting(secondary)),
    }


PATHS = [
    *("users:create", "users:own_password", "users:reset_password"),
    *("admin reset", "admin new operator", "changepassword", "load"),
    *("create_secondary_user", "create_operator", "reset_password", "change_own_password"),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_clave_gets_the_same_verdict_on_every_path(path, paths):
    """And it then opens the door as it was typed, no blank less, and as another keyboard types it."""
    wrong = []
    for clave, is_taken in CLAVES.items():
        with undone():
            holder = paths[path](clave)
            stored = holder and User.objects.get(pk=holder.pk)
            keyboards = [clave, *(unicodedata.normalize(form, clave) for form in ("NFC", "NFD"))]
            works = bool(stored) and all(map(stored.check_password, keyboards))
            near = [clave.strip(), clave.upper(), clave.swapcase(), f"{clave} ", clave[:-1]]
            loose = bool(stored) and any(
                stored.check_password(other) for other in near if other not in keyboards
            )
        if (works, loose) != (is_taken, False):
            wrong.append((clave[:20], works, loose))
    assert wrong == []


@pytest.fixture
def paths_that_refuse(settings, paths):
    settings.REFUSE_GUESSABLE_CLAVES = True
    return paths


@pytest.mark.parametrize("path", PATHS)
def test_one_that_others_would_try_first_is_refused_on_every_path_where_that_is_wanted(
    path, paths_that_refuse
):
    set_clave = paths_that_refuse[path]
    with undone():
        holder = set_clave("Zorzal77QX")
        assert User.objects.get(pk=holder.pk).check_password("Zorzal77QX")
    decomposed = unicodedata.normalize("NFD", "contraseña1")
    guessable = ["sunat2026", "Aduana-01", "ruc202626", "contraseña1", decomposed]
    for clave in (*guessable, holder.username, holder.document_number):
        with undone():
            holder = set_clave(clave)
            assert not holder or not User.objects.get(pk=holder.pk).check_password(clave), clave


GUESSABLE = "La clave es fácil de adivinar: use otra"
UNSEEN = "La clave empieza o termina con un espacio, o tiene otro carácter que no se ve"
ADVICE = {
    "sunat2026": GUESSABLE,
    " Zorzal77": UNSEEN,
    "Zorzal77\t": UNSEEN,
    "\u00a0Zorzal77": UNSEEN,
    "Zor\u00a0zal77": UNSEEN,
    "Zorzal77\u200b": UNSEEN,
    "Zorzal 77": "",
    "Zorzal77": "",
}


@pytest.mark.parametrize("clave", ADVICE)
def test_a_page_that_sets_a_password_says_what_is_odd_about_it(
    clave, unlimited_guesses, visitors, client_of
):
    twice = dict.fromkeys(("password1", "password2"), clave)
    new = dict.fromkeys(("new_password1", "new_password2"), clave)
    secondary = visitors["secondary"]
    for who, address, form in [
        ("principal", url("users:create"), {**FORMS["users:create"], **twice}),
        ("principal", url("users:reset_password"), {"way": "type", **twice}),
        ("colleague", url("users:own_password"), {"current_password": PASSWORD, **twice}),
        ("staff", f"/admin/users/user/{secondary.pk}/password/", new),
        ("staff", "/admin/operators/operator/add/", new_operator(ruc="20999999035", **twice)),
    ]:
        response = client_of(visitors[who]).post(address, form, follow=True)
        assert response.redirect_chain, address
        said = soup(response).text
        for sentence in (GUESSABLE, UNSEEN):
            assert (sentence in said) == (sentence == ADVICE[clave]), address


def test_a_page_that_sets_a_password_of_staff_says_what_is_odd_about_it(
    unlimited_guesses, visitors, client_of
):
    clave = "una-clave-larga "
    new = dict.fromkeys(("new_password1", "new_password2"), clave)
    twice = dict.fromkeys(("password1", "password2"), clave)
    colleague = User.objects.create_user("colega", is_staff=True)
    for address, form in [
        ("/admin/users/user/add/", {"username": "nueva.persona", **twice}),
        (f"/admin/users/user/{colleague.pk}/password/", new),
        ("/admin/password_change/", {"old_password": ADMIN_PASSWORD, **new}),
    ]:
        response = client_of(visitors["staff"]).post(address, form, follow=True)
        assert response.redirect_chain, address
        assert UNSEEN in soup(response).text, address


def test_a_command_that_sets_a_password_says_what_is_odd_about_it(visitors, monkeypatch, capsys):
    for clave in ("sunat2026", " Zorzal77"):
        monkeypatch.setattr(getpass, "getpass", lambda prompt, clave=clave: clave)
        call_command("changepassword", "JPEREZ01", ruc=RUC, by="admin")
        assert ADVICE[clave] in capsys.readouterr().err


def setting_fields(form) -> set[str]:
    """The fields of a form where a new password is typed."""
    return {
        name
        for name, field in form.base_fields.items()
        if isinstance(field.widget, forms.PasswordInput)
        and field.widget.attrs.get("autocomplete") == "new-password"
    }


# Where each form that sets a password is tried above; the staff's follow rules of their own.
FORMS_THAT_SET_ONE = {
    "SecondaryUserForm": "users:create",
    "OwnPasswordForm": "users:own_password",
    "ResetPasswordForm": "users:reset_password",
    "admin ResetPasswordForm": "admin reset",
    "NewOperatorForm": "admin new operator",
    "StaffCreationForm": "staff",
    "StaffOwnPasswordForm": "staff",
}
# Parts of actions.
PARTS = {accounts.create_account, accounts.prepare_account, operators.prepare_principal}
MODULES = [*modules_of(users.forms), account_forms, companies, *modules_of(profiles.forms)]
BASES = {"NewAccountForm", "NewPasswordForm", "TwiceTypedForm"}


def test_every_form_and_action_that_sets_a_clave_is_tried():
    found = {
        ("admin " if module is account_forms and name == "ResetPasswordForm" else "") + name
        for module in MODULES
        for name, form in inspect.getmembers(module, inspect.isclass)
        if issubclass(form, forms.BaseForm)
        and form.__module__ == module.__name__
        and setting_fields(form)
    }
    assert found - BASES == FORMS_THAT_SET_ONE.keys()
    setting = {
        name
        for module in modules_of(users.actions)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if "password" in inspect.signature(function).parameters
        and not name.startswith("_")
        and function.__module__ == module.__name__
        and function not in PARTS
    }
    assert {*PATHS} == setting | {*FORMS_THAT_SET_ONE.values(), "changepassword", "load"} - {
        "staff"
    }


# Shown again --------------------------------------------------------------------------------------

TYPED = "Zorzal77QX"


def clave_forms(visitors) -> dict[str, tuple[str, dict]]:
    """Every page where a password is typed: who, and what goes with it."""
    secondary = visitors["secondary"]
    colleague = User.objects.create_user("colega", is_staff=True)
    new = dict.fromkeys(("new_password1", "new_password2"), TYPED)
    twice = dict.fromkeys(("password1", "password2"), TYPED)
    sign_in = FORMS_OF_EVERYBODY["users:sign_in"] | {"password": TYPED}
    return {
        url("users:sign_in"): (None, sign_in),
        url("sol:login_menu"): (None, sign_in),
        url("users:create"): ("principal", FORMS["users:create"] | twice),
        url("users:own_password"): ("secondary", {"current_password": TYPED, **twice}),
        url("users:reset_password"): ("principal", {"way": "type", **twice}),
        "/admin/login/": (None, {"username": "admin", "password": TYPED}),
        "/admin/operators/operator/add/": ("staff", new_operator(**twice)),
        f"/admin/users/user/{secondary.pk}/password/": ("staff", new),
        f"/admin/users/user/{colleague.pk}/password/": ("staff", new),
        "/admin/users/user/add/": ("staff", {"username": "nueva.persona", **twice}),
        "/admin/password_change/": ("staff", {"old_password": TYPED, **new}),
    }


def test_no_page_ever_writes_a_clave_back(visitors, client_of):
    """Whichever field is wrong, or missing; with or without a token."""
    shown = []
    for address, (who, good) in clave_forms(visitors).items():
        client = client_of(who and visitors[who])
        page = soup(client.get(address))
        secrets = page.select("main [type=password], #content [type=password]")
        assert secrets, address
        for control in secrets:
            assert control.get("autocomplete") in ("current-password", "new-password"), address
            assert not control.get("value"), address
            assert not {"maxlength", "onpaste", "readonly"} & control.attrs.keys(), address
        wrongs = [{field: wrong} for field in good for wrong in ("", "\x00", "x", "9" * 300)]
        for wrong in [*wrongs, {"username": ""}, dict.fromkeys(good, TYPED)]:
            with undone():
                response = client.post(address, {**good, **wrong}, follow=True)
            typed_elsewhere = wrong.keys() - {c["name"] for c in secrets}
            if TYPED.encode() in response.content and TYPED not in {
                wrong[name] for name in typed_elsewhere
            }:
                shown.append((address, wrong))
            client = client_of(who and visitors[who])
        client.handler.enforce_csrf_checks = True
        refused = client.post(address, good, headers={"origin": "http://testserver"})
        assert refused.status_code == 403
        assert TYPED.encode() not in refused.content
    assert shown == []


def test_a_clave_sent_after_the_session_ended_is_not_kept(visitors, client_of):
    token = owner_token(visitors["principal"])
    for name in ("users:create", "users:reset_password"):
        form = {**form_of(name), "way": "type", "password1": TYPED, "password2": TYPED}
        response = client_of(None).post(url(name), {**form, OWNER_FIELD: token})
        assert response.status_code == 401
        assert TYPED.encode() not in response.content
