"""The second factor: turned on with an app, asked for at both doors, each code once, and taken away."""

import logging
import re
import sys
from base64 import b32decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.views.debug import ExceptionReporter

from tests.conftest import PASSWORD, RUC, Telephone, acting, fail_to_sign_in, field_errors, soup
from tests.operators.test_admin import allow
from users import actions, second_factor
from users.models import AuditEntry, FailureCount, RecoveryCode, SecondFactor, Session, User
from users.seal import BrokenSealError
from users.unsent import owner_token

URL, CODE_URL, OWN = "/ingresar/", "/ingresar/codigo/", "/clave/segundo-factor/"
OFF, RECOVERY = f"{OWN}desactivar/", f"{OWN}codigos/"
STAFF_PASSWORD = "una-clave-larga-de-personal"
CODE_TITLE = "Código de ingreso"


class Door:
    """How an account comes in: its page, what it types there, and where it is then."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.staff = user.is_staff
        self.password = STAFF_PASSWORD if self.staff else PASSWORD
        self.url = "/admin/login/" if self.staff else URL
        self.home = "/admin/" if self.staff else "/"

    def give_clave(self, client, password=None, **fields):
        name = {} if self.staff else {"ruc": self.user.operator.ruc}
        name |= {"username": self.user.username, "password": password or self.password}
        return client.post(self.url, {**name, **fields}, follow=True)

    def enter(self, client, code):
        self.give_clave(client)
        return give_code(client, code)

    def is_inside(self, client) -> bool:
        return client.get(self.home).status_code == 200


def give_code(client, code, **fields):
    name = "code" if len(code) == 6 else "recovery_code"
    return client.post(CODE_URL, {name: code, **fields}, follow=True)


def title(response) -> str:
    return soup(response).h1.text


@pytest.fixture(params=["secondary", "principal", "staff"])
def door(request) -> Door:
    return Door(request.getfixturevalue(request.param))


@pytest.fixture
def telephone(door, clock) -> Telephone:
    return Telephone(door.user)


@pytest.fixture
def compared(monkeypatch) -> list[str]:
    """The codes that were compared with those of a secret."""
    seen, step_of = [], second_factor.step_of
    monkeypatch.setattr(
        second_factor,
        "step_of",
        lambda code, secret: seen.append(code) or step_of(code, secret),
    )
    return seen


# At the door --------------------------------------------------------------------------------------


def test_the_right_clave_alone_lets_nobody_in(client, door, telephone):
    response = door.give_clave(client)
    assert title(response) == CODE_TITLE
    assert response.wsgi_request.path == CODE_URL
    assert not door.is_inside(client)
    assert Session.objects.filter(user=door.user).count() == 0


def test_clave_and_code_do(client, door, telephone):
    response = door.enter(client, telephone.code())
    assert response.redirect_chain[-1][0] == door.home
    assert door.is_inside(client)
    assert "half_way" not in client.session


def test_whoever_has_none_enters_with_his_clave_as_ever(client, door):
    assert door.give_clave(client).redirect_chain[-1][0] == door.home
    assert client.get(CODE_URL).url == URL


@pytest.mark.parametrize("code", ["000000", "12345", "", "１２３４５６", "A" * 1000, "\x00"])
def test_a_wrong_code_does_not_and_says_what_to_do(client, door, telephone, code):
    response = door.enter(client, code)
    assert title(response) == CODE_TITLE
    assert soup(response).select_one(".error-summary a").text
    assert not door.is_inside(client)


def test_what_was_asked_for_is_where_one_is_led(client, door, telephone):
    wanted = "/admin/users/user/" if door.staff else "/sesiones/"
    asked = client.get(wanted, follow=True)
    page = soup(door.give_clave(client, next=soup(asked).select_one("[name=next]")["value"]))
    kept = page.select_one("[name=next]")["value"]
    assert kept == wanted
    refused = give_code(client, "000000", next=kept)
    assert soup(refused).select_one("[name=next]")["value"] == wanted
    assert give_code(client, telephone.code(), next=kept).wsgi_request.path == wanted


@pytest.mark.parametrize("next_url", ["https://otro.example/", "//otro.example", "javascript:x"])
def test_nobody_is_led_to_another_site(client, door, telephone, next_url):
    page = door.give_clave(client, next=next_url)
    assert "otro.example" not in page.content.decode()
    response = client.post(CODE_URL, {"code": telephone.code(), "next": next_url})
    assert response.url in ("/", "/admin/")


def test_a_wrong_clave_does_not_tell_whether_there_is_a_second_factor(client, door, clock):
    def answer() -> str:
        response = door.give_clave(Client(), "Otra20260")
        return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode())

    without = answer()
    Telephone(door.user)
    assert answer() == without


def test_a_form_that_was_kept_survives_the_code(client, principal, clock):
    telephone, door = Telephone(principal), Door(principal)
    sent = {"first_name": "Ana María", "account": owner_token(principal)}
    page = soup(client.post("/usuarios/nuevo/", sent))
    unsent = page.select_one("[name=unsent]")["value"]
    asked = door.give_clave(client, unsent=unsent)
    assert title(asked) == CODE_TITLE
    refused = give_code(client, "000000", unsent=soup(asked).select_one("[name=unsent]")["value"])
    again = soup(refused).select_one("[name=unsent]")["value"]
    response = give_code(client, telephone.code(), unsent=again)
    assert title(response) == "Continúe donde estaba"
    assert soup(response).select_one("[name=first_name]")["value"] == "Ana María"


def test_one_is_told_how_it_was_left(client, door, telephone, clock):
    door.enter(client, telephone.code())
    clock.advance(minutes=1)
    door.give_clave(Client(), "Otra20260")
    door.enter(Client(), "000000")
    clock.advance(minutes=1)
    response = door.enter(Client(), telephone.code())
    # The wrong clave; the right one, with which nobody came in; the wrong code.
    assert "Desde entonces hubo 3 intentos fallidos." in soup(response).text
    assert User.objects.get(pk=door.user.pk).failed_sign_ins == 0


def test_one_is_told_of_the_right_clave_without_a_code_and_not_of_ones_own(
    client, door, telephone, clock
):
    door.enter(client, telephone.code())
    door.give_clave(Client())
    assert User.objects.get(pk=door.user.pk).failed_sign_ins == 1
    for told in (True, False):
        clock.advance(minutes=1)
        page = soup(door.enter(Client(), telephone.code())).text
        assert "Su último ingreso: " in page
        assert ("Desde entonces hubo 1 intento fallido." in page) == told
        assert ("intento" in page) == told


def test_the_log_tells_who_is_in_from_who_has_given_the_clave_only(client, door, telephone, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    door.enter(client, "000000")
    give_code(client, telephone.code())
    lines = [record for record in caplog.records if record.name == "users.security"]
    assert [line.getMessage() for line in lines] == [
        "sign_in_half_way",
        "second_factor_failed",
        "second_factor_ok",
        "sign_in_ok",
    ]
    ruc = "" if door.staff else RUC
    for line in lines:
        assert line.facts == {
            "ruc": ruc,
            "username": door.user.username,
            "address": "127.0.0.1",
        }


def test_half_way_ends_when_somebody_else_signs_in_there(client, principal, secondary, clock):
    Telephone(principal)
    Door(principal).give_clave(client)
    Door(secondary).give_clave(client)
    assert "half_way" not in client.session
    assert client.get(CODE_URL).url == URL


# Each code once -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_thirty_seconds_off(client, door, telephone, clock, steps, right):
    clock.advance(minutes=5)
    door.enter(client, telephone.code(steps=steps))
    assert door.is_inside(client) == right


def test_a_code_is_taken_once_and_none_of_before_it(client, door, telephone, clock):
    clock.advance(minutes=5)
    code, before = telephone.code(), telephone.code(steps=-1)
    door.enter(client, code)
    for old in (code, before):
        assert "ya se usó" in soup(door.enter(Client(), old)).text
    clock.advance(seconds=30)
    other = Client()
    door.enter(other, telephone.code())
    assert door.is_inside(other)


def test_the_code_that_turned_it_on_does_not_open_the_door(client, door, clock):
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(clock.now)
    actions.turn_on_second_factor(actor=acting(door.user), secret=secret, code=code)
    door.enter(client, code)
    assert not door.is_inside(client)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_eight_with_the_same_code_at_once_one_comes_in(shared_database, principal, kind):
    telephone = Telephone(principal)
    code = telephone.code() if kind == "app" else telephone.recovery_codes[0]
    together = Barrier(8, timeout=60)

    def use(_) -> bool:
        together.wait()
        try:
            return actions.use_code(actor=acting(principal), code=code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))).count(True) == 1


def test_a_recovery_code_stands_in_for_the_app_once(client, door, telephone):
    code = telephone.recovery_codes[0]
    response = door.enter(client, code)
    assert door.is_inside(client)
    assert "le quedan 9" in soup(response).text
    entry = AuditEntry.objects.get(action="recovery_code.used")
    assert (entry.actor, entry.subject, entry.operator) == (
        door.user,
        door.user,
        door.user.operator,
    )
    assert (entry.before, entry.after) == ({"recovery_codes": 10}, {"recovery_codes": 9})
    again = Client()
    refused = door.enter(again, code)
    assert "no es correcto o ya se usó" in field_errors(refused)["recovery_code"]
    assert soup(refused).select_one("details[open]")
    assert not door.is_inside(again)


@pytest.mark.parametrize(("held", "said"), [(2, "le queda 1."), (1, "no le queda ninguno.")])
def test_the_last_recovery_codes_are_counted_in_words(client, secondary, clock, held, said):
    codes = Telephone(secondary).recovery_codes
    for code in codes[held:]:
        actions.use_code(actor=acting(secondary), code=code)
    response = Door(secondary).enter(client, codes[0])
    assert f"Ingresó con un código de recuperación; {said}" in soup(response).text


def test_a_recovery_code_is_read_as_people_write_it(client, door, telephone):
    code = second_factor.grouped(telephone.recovery_codes[3], " - ").lower()
    door.enter(client, f" {code} ")
    assert door.is_inside(client)


def test_that_of_another_account_is_worth_nothing(client, door, telephone, stranger):
    theirs = Telephone(stranger)
    for code in (theirs.code(), theirs.recovery_codes[0]):
        door.enter(client, code)
        assert not door.is_inside(client)
    assert RecoveryCode.objects.filter(factor=stranger.pk).count() == 10


# Guesses ------------------------------------------------------------------------------------------


def test_of_twenty_wrong_codes_five_are_compared(client, door, telephone, compared):
    said = [soup(door.enter(client, "000000")).text for _ in range(20)]
    assert len(compared) == 5
    assert [("Por seguridad" in text) for text in said] == [False] * 5 + [True] * 15


def test_the_right_code_is_not_even_looked_at_while_locked(client, door, telephone, compared):
    for _ in range(5):
        door.enter(client, "000000")
    compared.clear()
    for code in (telephone.code(), telephone.recovery_codes[0]):
        field = "code" if len(code) == 6 else "recovery_code"
        response = door.enter(client, code)
        assert field_errors(response)[field].startswith("Por seguridad, el acceso está bloqueado.")
        assert code not in response.content.decode()
    assert compared == []
    assert not door.is_inside(client)


def test_the_right_clave_forgives_no_code(client, door, telephone, compared):
    for _ in range(4):
        door.enter(Client(), "000000")
        door.give_clave(Client())
    for _ in range(3):
        door.enter(Client(), "000000")
    assert len(compared) == 5


def test_the_waits_grow_to_a_day_and_time_forgives_nothing(
    client, door, telephone, clock, compared
):
    waits = [60, 5 * 60, 15 * 60, 60 * 60, 24 * 60 * 60, 24 * 60 * 60]
    for seconds in waits:
        compared.clear()
        for _ in range(6):
            door.enter(Client(), "000000")
        assert len(compared) == 5
        clock.advance(seconds=seconds - 1)
        door.enter(Client(), "000000")
        assert len(compared) == 5
        clock.advance(seconds=1)
    clock.advance(days=30)
    door.give_clave(Client(), "Otra20260")  # what is old is cleared away with a sign-in
    Door(door.user).enter(client, telephone.code())
    assert door.is_inside(client)
    assert not FailureCount.objects.filter(key__startswith="code-").exists()


def test_what_is_no_code_is_no_guess(client, door, telephone, compared):
    for code in ("12345", "abcdef", "", "1234567"):
        door.enter(client, code)
    assert compared == []
    assert not FailureCount.objects.filter(key__startswith="code-").exists()


def test_a_browser_that_was_used_before_keeps_guesses_of_its_own(client, door, telephone, clock):
    door.enter(client, telephone.code())
    clock.advance(seconds=30)
    client.post("/salir/")
    for _ in range(6):
        door.enter(Client(), "000000")
    assert "Por seguridad" in soup(door.enter(Client(), telephone.code())).text
    door.enter(client, telephone.code())
    assert door.is_inside(client)


def test_the_principal_sees_the_lock_and_lifts_it(client, secondary, principal, client_of, clock):
    telephone, door = Telephone(secondary), Door(secondary)
    for _ in range(5):
        door.enter(Client(), "000000")
    desk = client_of(principal)
    assert "no puede ingresar hasta" in soup(desk.get("/usuarios/JPEREZ01/bloqueo/")).text
    desk.post("/usuarios/JPEREZ01/bloqueo/")
    door.enter(client, telephone.code())
    assert door.is_inside(client)


# Half-way -----------------------------------------------------------------------------------------


def test_five_minutes_are_given(client, door, telephone, clock):
    door.give_clave(client)
    clock.advance(minutes=5, seconds=-1)
    assert client.get(CODE_URL).status_code == 200
    clock.advance(seconds=1)
    response = client.post(CODE_URL, {"code": telephone.code(), "next": "/sesiones/"}, follow=True)
    assert response.redirect_chain == [(f"{door.url}?next=%2Fsesiones%2F", 302)]
    assert "Pasó el tiempo para escribir el código. Ingrese de nuevo." in soup(response).text
    assert not door.is_inside(client)


def test_a_form_that_was_kept_survives_the_end_of_that_time(client, principal, clock):
    Telephone(principal)
    sent = {"first_name": "Ana María", "account": owner_token(principal)}
    unsent = soup(client.post("/usuarios/nuevo/", sent)).select_one("[name=unsent]")["value"]
    Door(principal).give_clave(client, unsent=unsent)
    clock.advance(minutes=5)
    response = give_code(client, "000000", unsent=unsent)
    assert title(response) == "Ingreso"
    assert soup(response).select_one("[name=unsent]")


def test_what_one_began_another_does_not_finish(client, door, telephone, stranger):
    theirs = Telephone(stranger)
    door.give_clave(client)
    assert not door.is_inside(Client())
    Door(stranger).give_clave(client)
    give_code(client, telephone.code())
    assert client.get("/").status_code == 302
    give_code(client, theirs.code())
    assert client.get("/").context["user"] == stranger


def test_a_key_of_a_session_from_before_the_clave_is_worth_nothing(client, door, telephone):
    client.get(door.url)
    client.session["anything"] = 1
    planted = client.session.session_key
    door.give_clave(client)
    other = Client()
    other.cookies["sessionid"] = planted
    give_code(other, telephone.code())
    assert not door.is_inside(other)


def _another_clave(user):
    user.set_password("Distinta1")
    user.save()


def _another_state(user):
    user.state = User.State.SUSPENDED
    user.save()


@pytest.mark.parametrize(
    "change",
    [
        _another_clave,
        _another_state,
        lambda user: actions.turn_off_second_factor(actor=acting(user), user=user),
    ],
    ids=["another clave", "suspended", "turned off"],
)
def test_what_changes_meanwhile_makes_one_begin_again(client, door, telephone, change):
    door.give_clave(client)
    change(User.objects.get(pk=door.user.pk))
    response = client.post(CODE_URL, {"code": telephone.code()})
    assert response.url == door.url
    assert not door.is_inside(client)


# It stays with the account ------------------------------------------------------------------------


def test_a_reset_of_the_clave_does_not_take_it_away(client, secondary, principal, clock):
    telephone = Telephone(secondary)
    actions.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    door = Door(secondary)
    assert title(door.give_clave(client, "Temporal1")) == CODE_TITLE
    assert title(give_code(client, telephone.code())) == "Cambiar mi clave"


# One's own ----------------------------------------------------------------------------------------


class Page:
    """The page on which it is turned on, and the app that has read it."""

    def __init__(self, client) -> None:
        self.client = client
        page = soup(client.get(OWN))
        self.secret = page.find(id="secret").text.replace(" ", "")
        self.offer = page.select_one("[name=offer]")["value"]

    def send(self, clock, **fields):
        code = pyotp.TOTP(self.secret).at(clock.now)
        return self.client.post(OWN, {"code": code, "offer": self.offer, **fields})


@pytest.fixture
def own(door, client_of):
    return client_of(door.user)


def codes_on(response) -> list[str]:
    return [item.text.replace("-", "") for item in soup(response).select(".recovery-codes li")]


def test_it_is_turned_on_with_a_code_and_the_clave(client, door, own, clock):
    response = Page(own).send(clock, password=door.password)
    assert title(response) == "Sus códigos de recuperación"
    codes = codes_on(response)
    assert len(set(codes)) == 10
    assert all(len(b32decode(code)) == 10 for code in codes)
    entry = AuditEntry.objects.get(action="user.second_factor_on")
    assert (entry.actor, entry.subject) == (door.user, door.user)
    assert entry.operator == door.user.operator
    assert door.is_inside(own)
    door.enter(client, codes[0])
    assert door.is_inside(client)


def test_the_codes_can_be_kept_as_a_file(door, own, clock):
    response = Page(own).send(clock, password=door.password)
    link = soup(response).select_one("a[download]")
    assert link["href"].startswith("data:text/plain;charset=utf-8,")
    for code in codes_on(response):
        assert second_factor.grouped(code, "-") in link["href"]


def test_the_drawing_says_what_is_written_below(own, door, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        second_factor, "qr_code", lambda *args: drawn.append(args) or "data:image/svg+xml,"
    )
    page = Page(own)
    [(secret, name)] = drawn
    assert secret == page.secret
    assert name == (f"{RUC} {door.user}" if door.user.operator else "admin")


def test_the_drawing_is_an_image_that_needs_no_script_nor_style(own):
    source = soup(own.get(OWN)).select_one("img.qr-code")["src"]
    assert source.startswith("data:image/svg+xml")
    assert "style" not in source


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": "000000"}, {"code": actions.WRONG_CODE}),
        ({"code": "12"}, {"code": "Ingrese los 6 números que muestra la aplicación"}),
        ({"password": "Otra20260"}, {"password": "La clave actual no es correcta"}),
        ({"password": ""}, {"password": "Ingrese su clave"}),
    ],
)
def test_what_is_wrong_is_said_and_the_secret_stays_the_same(door, own, clock, fields, expected):
    page = Page(own)
    response = page.send(clock, **{"password": door.password, **fields})
    assert field_errors(response) == expected
    assert soup(response).find(id="secret").text.replace(" ", "") == page.secret
    assert not door.user.has_second_factor


@pytest.mark.parametrize("offer", ["", "inventada", "a:b:c", "\x00"])
def test_a_secret_of_ones_own_choice_is_not_taken(door, own, clock, offer):
    response = Page(own).send(clock, password=door.password, offer=offer)
    assert response.url == OWN
    assert not door.user.has_second_factor


def test_nor_one_that_was_shown_to_another(door, own, stranger, client_of, clock):
    offer = Page(client_of(stranger)).offer
    assert Page(own).send(clock, password=door.password, offer=offer).url == OWN
    assert not door.user.has_second_factor


def test_nor_one_of_half_an_hour_ago(door, own, settings, clock):
    page = Page(own)
    settings.SECOND_FACTOR_OFFER_AGE = timedelta(seconds=-1)
    assert page.send(clock, password=door.password).url == OWN
    assert not door.user.has_second_factor


def test_other_sessions_end_when_it_is_turned_on(door, own, client_of, clock):
    other = client_of(door.user)
    assert door.is_inside(other)
    response = Page(own).send(clock, password=door.password)
    assert "Se cerró su otra sesión." in soup(response).text
    assert not door.is_inside(other)
    assert door.is_inside(own)


def test_the_same_form_sent_twice_turns_it_on_once(door, own, clock):
    page = Page(own)
    page.send(clock, password=door.password)
    kept = SecondFactor.objects.values_list().get()
    assert page.send(clock, password=door.password).url == OWN
    assert "ya está activado" in soup(own.get(OWN)).text
    assert SecondFactor.objects.values_list().get() == kept
    with pytest.raises(ValidationError, match="ya está activado"):
        Telephone(door.user)


def test_its_page_shows_no_secret_once_it_is_on(door, telephone, own):
    page = own.get(OWN).content.decode()
    assert "Le quedan 10" in page
    for secret in (telephone.totp.secret, *telephone.recovery_codes):
        assert secret not in page.replace(" ", "").replace("-", "")


@pytest.mark.parametrize("url", [OFF, RECOVERY])
def test_what_is_done_to_it_asks_for_the_clave(door, telephone, own, url):
    before = list(RecoveryCode.objects.order_by("pk").values())
    response = own.post(url, {"password": "Otra20260"})
    assert field_errors(response) == {"password": "La clave actual no es correcta"}
    assert door.user.has_second_factor
    assert list(RecoveryCode.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("url", [OFF, RECOVERY])
def test_the_guesses_at_the_clave_there_are_counted(door, telephone, own, url):
    said = [own.post(url, {"password": "Otra20260"}).content.decode() for _ in range(6)]
    assert "La clave actual no es correcta" in said[4]
    assert "Por seguridad, el acceso está bloqueado." in said[5]


@pytest.mark.parametrize("url", [OFF, RECOVERY])
def test_without_one_there_is_nothing_to_do_it_to(door, own, url):
    assert own.get(url).url == OWN
    assert own.post(url, {"password": door.password}).url == OWN


def test_turned_off_the_clave_is_enough_again(client, door, telephone, own):
    own.post(OFF, {"password": door.password})
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject) == (door.user, door.user)
    assert not RecoveryCode.objects.exists()
    door.give_clave(client)
    assert door.is_inside(client)


def test_its_owner_turns_it_off_and_lifts_no_lock_but_that_of_his_codes(door, telephone):
    for _ in range(5):
        door.enter(Client(), "000000")
    fail_to_sign_in(door.user)
    counts = FailureCount.objects.order_by("key")
    others = counts.exclude(key__startswith="code-")
    before = list(others.values())
    assert len(before) < counts.count()
    actions.turn_off_second_factor(actor=acting(door.user), user=door.user)
    assert list(counts.values()) == before


def test_new_recovery_codes_void_the_old_ones(client, door, telephone, own):
    response = own.post(RECOVERY, {"password": door.password})
    entry = AuditEntry.objects.get(action="recovery_codes.made")
    assert (entry.subject, entry.after) == (door.user, {"recovery_codes": 10})
    door.enter(client, telephone.recovery_codes[0])
    assert not door.is_inside(client)
    door.enter(client, codes_on(response)[0])
    assert door.is_inside(client)


def test_mi_clave_leads_to_it(client_of, secondary, staff):
    page = soup(client_of(secondary).get("/clave/"))
    assert page.select_one(f'main a[href="{OWN}"]')
    for url, where in (("/admin/password_change/", "#content"), ("/admin/", "#user-tools")):
        page = soup(client_of(staff).get(url))
        assert page.select_one(f'{where} a[href="{OWN}"]')


def test_the_history_says_it_in_words(principal, client_of, clock):
    telephone = Telephone(principal)
    actions.use_code(actor=acting(principal), code=telephone.recovery_codes[0])
    actions.make_recovery_codes(actor=acting(principal))
    actions.turn_off_second_factor(actor=acting(principal), user=principal)
    text = soup(client_of(principal).get("/historial/")).text
    for words in (
        "Segundo factor activado",
        "Código de recuperación usado",
        "Códigos de recuperación: 10 → 9",
        "Códigos de recuperación nuevos",
        "Segundo factor desactivado",
    ):
        assert words in text


# Taken away by another ----------------------------------------------------------------------------


def test_a_principal_takes_it_from_a_secondary_user(client, secondary, principal, client_of, clock):
    Telephone(secondary)
    desk, url = client_of(principal), "/usuarios/JPEREZ01/segundo-factor/"
    assert soup(desk.get("/usuarios/JPEREZ01/")).select_one(f'a[href="{url}"]')
    answer = desk.post(url, {"subject": secondary.pk}, follow=True)
    assert "Se quitó el segundo factor de JPEREZ01." in soup(answer).text
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject, entry.operator) == (
        principal,
        secondary,
        principal.operator,
    )
    assert "ya no tenía segundo factor" in soup(desk.post(url, follow=True)).text
    assert not soup(desk.get("/usuarios/JPEREZ01/")).select_one(f'a[href="{url}"]')
    Door(secondary).give_clave(client)
    assert Door(secondary).is_inside(client)


@pytest.fixture
def clerk(db) -> User:
    """Staff that may act on operators' accounts, and is no superuser."""
    user = User.objects.create_user("clerk", password=STAFF_PASSWORD, is_staff=True)
    return allow(user, "view_user", "change_user")


def admin_page(user: User) -> str:
    return reverse("admin:users_user_second_factor", args=[user.pk])


def test_staff_takes_it_from_a_principal(client, principal, clerk, client_of, clock):
    telephone = Telephone(principal)
    for _ in range(5):
        Door(principal).enter(Client(), "000000")
    desk = client_of(clerk)
    page = soup(desk.get(f"/admin/users/user/{principal.pk}/change/"))
    assert page.select_one(f'a[href="{admin_page(principal)}"]')
    assert page.select_one(".field-second_factor_state .readonly").text == "Activado"
    assert "perdió su teléfono" in soup(desk.get(admin_page(principal))).text
    answer = desk.post(admin_page(principal), follow=True)
    assert "Se ha quitado el segundo factor de TITULAR1." in soup(answer).text
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject, entry.channel) == (clerk, principal, "admin")
    assert "ya no tenía" in soup(desk.post(admin_page(principal), follow=True)).text
    Door(principal).give_clave(client)
    assert Door(principal).is_inside(client)
    # And whoever turns it on anew begins without a lock.
    telephone = Telephone(principal)
    other = Client()
    Door(principal).enter(other, telephone.code())
    assert Door(principal).is_inside(other)


def test_from_staff_a_superuser_takes_it_and_nobody_else(staff, clerk, client_of, clock):
    Telephone(clerk)
    Telephone(staff)
    desk = client_of(clerk)
    assert desk.get(admin_page(staff)).status_code == 403
    assert desk.post(admin_page(staff)).status_code == 403
    assert staff.has_second_factor
    client_of(staff).post(admin_page(clerk))
    assert not clerk.has_second_factor
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject, entry.operator) == (staff, clerk, None)
    row = soup(client_of(staff).get("/admin/users/auditentry/")).select_one("#result_list tbody tr")
    assert "Segundo factor desactivado" in row.text


def test_ones_own_is_not_taken_away_without_the_clave(staff, client_of, clock):
    Telephone(staff)
    desk = client_of(staff)
    for response in (desk.get(admin_page(staff)), desk.post(admin_page(staff))):
        assert response.url == OWN
    assert staff.has_second_factor


def test_nobody_else_takes_it_away(principal, secondary, make_secondary, stranger, clerk, clock):
    colleague = make_secondary("COLEGA01", 90000050)
    for user in (principal, secondary, clerk):
        Telephone(user)
    for actor, user in [
        (secondary, principal),
        (colleague, secondary),
        (stranger, secondary),
        (stranger, principal),
        (principal, clerk),
        (User.objects.create_user("otro", is_staff=True), clerk),
    ]:
        with pytest.raises(PermissionDenied):
            actions.turn_off_second_factor(actor=acting(actor), user=user)
    assert SecondFactor.objects.count() == 3


def test_the_command_takes_it_from_the_last_superuser(staff, principal, capsys, clock):
    Telephone(staff)
    Telephone(principal)
    call_command("second_factor", off="admin")
    call_command("second_factor", off="titular1", ruc=RUC, by="admin")
    assert not SecondFactor.objects.exists()
    call_command("second_factor", off="admin")
    assert capsys.readouterr().out.splitlines() == [
        "Se quitó el segundo factor de admin.",
        "Se quitó el segundo factor de TITULAR1.",
        "admin no tenía segundo factor.",
    ]
    entries = AuditEntry.objects.filter(action="user.second_factor_off")
    assert {(entry.actor, entry.subject) for entry in entries} == {
        (staff, staff),
        (staff, principal),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"off": "nadie"},
        {"off": "TITULAR1", "ruc": RUC},
        {"off": "NADIE001", "ruc": RUC, "by": "admin"},
        {"off": "TITULAR1", "ruc": RUC, "by": "nadie"},
        {"off": "admin", "by": "admin"},
        {"off": "admin", "reseal": True},
        {},
    ],
)
def test_the_command_says_what_it_does_not_understand(principal, arguments):
    with pytest.raises(CommandError):
        call_command("second_factor", **arguments)


# Required of staff --------------------------------------------------------------------------------


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR_REQUIRED = True


def test_staff_without_one_is_led_to_turn_it_on_and_nowhere_else(client, staff, required, clock):
    door = Door(staff)
    assert door.give_clave(client).redirect_chain[-1][0] == OWN
    for url in ("/admin/", "/admin/users/user/", "/", OFF, "/admin/password_change/"):
        assert client.get(url).url == OWN
    page = client.get(OWN)
    assert "Actívelo para continuar" in soup(page).text
    assert not soup(page).select(".site-nav")
    Page(client).send(clock, password=STAFF_PASSWORD)
    assert door.is_inside(client)


@pytest.mark.parametrize("url", ["/salir/", "/admin/logout/"])
def test_the_way_out_stays_open(staff, required, client_of, url):
    desk = client_of(staff)
    assert desk.post(url).status_code in (200, 302)
    assert "_auth_user_id" not in desk.session


def test_of_operators_accounts_it_is_not_required(principal, required, client_of):
    assert client_of(principal).get("/").status_code == 200


# What is kept -------------------------------------------------------------------------------------


def every_value() -> str:
    """Every column of every row, sessions decoded."""
    rows = [
        repr(row)
        for model in apps.get_models(include_auto_created=True)
        for row in model._base_manager.values_list()
    ]
    return "\n".join([*rows, *(repr(session.get_decoded()) for session in Session.objects.all())])


def test_no_secret_and_no_code_is_kept_told_or_shown(client, door, own, clock, caplog):
    caplog.set_level(logging.DEBUG)
    page = Page(own)
    shown = page.send(clock, password=door.password)
    codes, secret = codes_on(shown), page.secret
    clock.advance(seconds=60)
    app_code = pyotp.TOTP(secret).at(clock.now)
    door.enter(client, "123456")
    door.enter(client, codes[1])
    client.post("/salir/")
    door.enter(client, app_code)
    assert door.is_inside(client)
    urls = [OWN, OFF, RECOVERY, door.home, "/clave/"]
    urls += ["/admin/users/auditentry/", f"/admin/users/user/{door.user.pk}/change/"]
    pages = "".join(client.get(url, follow=True).content.decode() for url in urls)
    grouped = [second_factor.grouped(code, "-") for code in codes]
    for where in (every_value(), caplog.text, pages):
        for text in (secret, second_factor.grouped(secret), *codes, *grouped, app_code, "123456"):
            assert text not in where
    facts = [r.facts for r in caplog.records if r.getMessage().startswith("second_factor_")]
    assert [each["username"] for each in facts] == [door.user.username] * 3


@pytest.fixture
def reports():
    """What whoever mends a failure would read of it."""
    told = []

    def read(request, **kwargs):
        reporter = ExceptionReporter(request, *sys.exc_info(), is_email=True)
        told.append(reporter.get_traceback_text() + reporter.get_traceback_html())

    got_request_exception.connect(read)
    yield told
    got_request_exception.disconnect(read)


@pytest.mark.parametrize("fails", ["step_of", "recovery_digest", "unseal"])
def test_the_report_of_a_failure_tells_no_code(door, telephone, monkeypatch, reports, fails):
    def fail(*args):
        raise RuntimeError(fails)

    monkeypatch.setattr(second_factor, fails, fail)
    client = Client(raise_request_exception=False)
    door.give_clave(client)
    used = {"step_of": telephone.code()}.get(fails, telephone.recovery_codes[0])
    assert give_code(client, used).status_code == 500
    [report] = reports
    assert f"RuntimeError at {CODE_URL}" in report
    for secret in (used, telephone.totp.secret):
        assert secret not in report


def test_a_secret_outlives_a_new_key_while_the_former_one_is_kept(
    client, door, telephone, settings
):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "b" * 50, [settings.SECRET_KEY]
    assert actions.use_code(actor=acting(door.user), code=telephone.code())
    call_command("second_factor", reseal=True)
    settings.SECRET_KEY_FALLBACKS = []
    assert actions.use_code(actor=acting(door.user), code=telephone.recovery_codes[0])


def test_without_its_key_a_secret_is_not_read(door, telephone, settings):
    settings.SECRET_KEY = "b" * 50
    with pytest.raises(BrokenSealError):
        actions.use_code(actor=acting(door.user), code=telephone.code())
