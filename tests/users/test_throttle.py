"""How many guesses at a clave are heard, at both doors, and how long nobody is after that."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Lock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.logs import JsonFormatter
from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting, fail_to_sign_in, field_errors, soup
from users import actions, throttle
from users.models import AuditEntry, FailureCount, User

URL, STAFF_URL = "/ingresar/", "/admin/login/"
STAFF_PASSWORD = "una-clave-larga-de-personal"
GUESS = "Otra20260"
WRONG = "RUC, usuario o clave incorrectos."
LOCKED = (
    "Por seguridad, el acceso está bloqueado. Intente de nuevo en {} "
    "o pida al usuario principal que lo desbloquee."
)


def sign_in(client, password=GUESS, *, ruc=RUC, username="JPEREZ01", **extra):
    return client.post(URL, {"ruc": ruc, "username": username, "password": password}, **extra)


def staff_sign_in(client, password=GUESS, *, username="admin", **extra):
    return client.post(STAFF_URL, {"username": username, "password": password}, **extra)


def said(response) -> str:
    """What the operators' door says; empty to whoever was let in."""
    message = soup(response).find(id="spanMensajeError")
    return message.text if message else ""


def staff_said(response) -> str:
    note = soup(response).select_one(".errornote")
    return note.get_text(" ", strip=True) if note else ""


@pytest.fixture
def compared(monkeypatch) -> list[str]:
    """The claves that were compared with a stored one, or hashed for nobody."""
    seen, lock = [], Lock()
    check, make = User.check_password, User.set_password

    def seeing(function):
        def see(user, password):
            with lock:
                seen.append(password)
            return function(user, password)

        return see

    monkeypatch.setattr(User, "check_password", seeing(check))
    monkeypatch.setattr(User, "set_password", seeing(make))
    return seen


# The lock of an account ----------------------------------------------------------------------------


def test_five_failures_are_heard_and_the_sixth_guess_is_not(client, secondary, clock, compared):
    compared.clear()
    for _ in range(5):
        assert said(sign_in(client)) == WRONG
    assert said(sign_in(client)) == LOCKED.format("1 minuto")
    assert len(compared) == 5


def test_the_right_clave_is_not_even_looked_at_while_locked(client, secondary, clock, compared):
    fail_to_sign_in(secondary)
    compared.clear()
    wrong, right = sign_in(client), sign_in(client, PASSWORD)
    assert said(right) == LOCKED.format("1 minuto")
    assert right.status_code == wrong.status_code
    assert right.headers.keys() == wrong.headers.keys()
    assert right.cookies.keys() == wrong.cookies.keys()
    assert compared == []


def test_the_waits_grow_to_a_quarter_of_an_hour_and_no_further(client, secondary, clock):
    for minutes in (1, 5, 15, 15, 15):
        fail_to_sign_in(secondary)
        wait = "1 minuto" if minutes == 1 else f"{minutes} minutos"
        assert said(sign_in(client)) == LOCKED.format(wait)
        clock.advance(minutes=minutes, seconds=-1)
        assert said(sign_in(client)) == LOCKED.format("1 minuto")
        clock.advance(seconds=1)
    assert sign_in(client, PASSWORD).status_code == 302


def test_knocking_at_a_locked_door_does_not_keep_it_locked(client, secondary, clock):
    fail_to_sign_in(secondary)
    for _ in range(6):
        clock.advance(seconds=9)
        sign_in(client)
    clock.advance(seconds=6)
    assert said(sign_in(client)) == WRONG


def test_failures_are_forgotten_after_twelve_hours(client, secondary, clock):
    fail_to_sign_in(secondary, 4)
    clock.advance(hours=12)
    fail_to_sign_in(secondary, 4)
    assert said(sign_in(client)) == WRONG
    clock.advance(hours=11, minutes=59)
    fail_to_sign_in(secondary)
    # The tenth in a row, for which the wait is the second.
    assert said(sign_in(client)) == LOCKED.format("5 minutos")


def test_the_right_clave_wipes_them_out(client, secondary):
    fail_to_sign_in(secondary, 4)
    assert sign_in(client, PASSWORD).status_code == 302
    for _ in range(5):
        assert said(sign_in(Client())) == WRONG


@pytest.mark.parametrize(
    "spelling", ["jperez01", "JPEREZ01 ", "\tJPerez01", "ＪＰＥＲＥＺ０１", " " * 300 + "JPEREZ01"]
)
def test_all_spellings_of_a_name_share_one_count(client, secondary, spelling):
    for _ in range(5):
        sign_in(client, username=spelling)
    assert said(sign_in(client, PASSWORD)).startswith("Por seguridad")
    assert FailureCount.objects.filter(key__startswith="account:").count() == 1


def test_a_name_of_any_length_makes_a_row_of_bounded_length(client, secondary):
    sign_in(client, username="A" * 1024 * 1024)
    longest = max(len(row.key) for row in FailureCount.objects.all())
    assert longest <= FailureCount._meta.get_field("key").max_length


def test_a_lock_is_of_one_account_only(client, secondary, stranger, make_secondary):
    make_secondary("COLEGA01", 90000050)
    fail_to_sign_in(secondary)
    assert sign_in(Client(), PASSWORD, username="COLEGA01").status_code == 302
    assert sign_in(Client(), PASSWORD, ruc=OTHER_RUC, username="TITULAR1").status_code == 302


@pytest.mark.parametrize("username", ["", "   "])
def test_an_empty_name_locks_nobody(client, secondary, staff, username):
    for _ in range(60):
        sign_in(client, username=username)
        staff_sign_in(client, username=username)
    assert not FailureCount.objects.exists()
    assert sign_in(client, PASSWORD).status_code == 302


# Nothing tells a name that exists from one that does not --------------------------------------------


KINDS = {
    "wrong clave": {},
    "right clave": {"password": PASSWORD},
    "unknown usuario": {"username": "NADIE001"},
    "unknown RUC": {"ruc": "20000000109"},
    "suspended": {"username": "SUSPEN01"},
    "eliminated": {"username": "ELIMIN01"},
    "closed operator": {"ruc": OTHER_RUC, "username": "AJENO001"},
}


@pytest.fixture
def inactive(principal, make_secondary, strangers_secondary):
    actions.suspend_user(actor=acting(principal), user=make_secondary("SUSPEN01", 90000021))
    actions.eliminate_user(actor=acting(principal), user=make_secondary("ELIMIN01", 90000022))
    strangers_secondary.operator.is_active = False
    strangers_secondary.operator.save()


@pytest.mark.usefixtures("secondary", "inactive")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "right clave"])
def test_every_kind_of_name_locks_at_the_same_count_with_the_same_words(
    client, clock, compared, kind
):
    compared.clear()
    answers, statements = guesses_at(client, **KINDS[kind])
    assert answers == [WRONG] * 5 + [LOCKED.format("1 minuto")]
    assert len(compared) == 5
    # Nor does the work behind the answer tell one from another, once the counts are there.
    _, reference = guesses_at(client, username="TITULAR1")
    assert statements[1:] == reference[1:]


def guesses_at(client, **sent) -> tuple[list[str], list[list[str]]]:
    """What six wrong guesses are answered, and the statements that each of them costs."""
    answers, statements = [], []
    for _ in range(6):
        with CaptureQueriesContext(connection) as captured:
            answers.append(said(sign_in(client, **sent)))
        statements.append([" ".join(query["sql"].split()[:2]) for query in captured])
    return answers, [[re.sub(r'"s\d+_x\d+"', "", each) for each in some] for some in statements]


@pytest.mark.usefixtures("secondary", "inactive")
@pytest.mark.parametrize("kind", KINDS)
def test_a_locked_name_gets_the_same_answer_whatever_it_is(client, clock, settings, kind):
    settings.DEMO = False
    sent = {"ruc": RUC, "username": "JPEREZ01", **KINDS[kind]}
    for _ in range(5):
        sign_in(client, **{**KINDS[kind], "password": GUESS})
    response = sign_in(client, **KINDS[kind])
    for _ in range(5):
        sign_in(client, username="OTRO0001")
    reference = sign_in(client, username="OTRO0001")

    def page(answer, ruc, username):
        found = soup(answer)
        found.find(attrs={"name": "csrfmiddlewaretoken"}).decompose()
        return str(found).replace(ruc, "").replace(username, "")

    assert said(response) == LOCKED.format("1 minuto")
    assert page(response, sent["ruc"], sent["username"]) == page(reference, RUC, "OTRO0001")
    assert response.headers.keys() == reference.headers.keys()
    assert response.cookies.keys() == reference.cookies.keys()


def test_a_ruc_with_a_wrong_check_digit_is_refused_without_looking_anything_up(client, secondary):
    with CaptureQueriesContext(connection) as captured:
        sign_in(client, PASSWORD, ruc="20999999044")
    assert len(captured) == 0
    assert not FailureCount.objects.exists()


# What many accounts share --------------------------------------------------------------------------


def test_one_clave_on_many_accounts_from_one_address_is_stopped(client, operator, clock):
    for number in range(25):
        ruc = RUC if number % 2 else OTHER_RUC
        assert said(sign_in(client, PASSWORD, ruc=ruc, username=f"NADIE{number:03}")) == WRONG
    assert said(sign_in(client, PASSWORD, username="NADIE999")).startswith("Por seguridad")
    assert said(sign_in(client, username="NADIE999", REMOTE_ADDR="192.0.2.9")) == WRONG
    # A twenty-fifth of a minute later one more is heard.
    clock.advance(seconds=2.4)
    assert said(sign_in(client, username="NADIE998")) == WRONG
    assert said(sign_in(client, username="NADIE997")).startswith("Por seguridad")
    clock.advance(minutes=1)
    assert said(sign_in(client, username="NADIE996")) == WRONG


def test_one_clave_on_many_accounts_of_a_ruc_from_many_addresses_is_stopped(
    client, secondary, stranger, clock
):
    def from_somewhere(number, **sent):
        return sign_in(
            client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}", **sent
        )

    assert {said(from_somewhere(number)) for number in range(50)} == {WRONG}
    assert said(from_somewhere(50)) == LOCKED.format("2 minutos")
    assert said(sign_in(client, PASSWORD, REMOTE_ADDR="192.0.2.99")).startswith("Por seguridad")
    assert said(from_somewhere(51, ruc=OTHER_RUC)) == WRONG
    clock.advance(seconds=72)
    assert sign_in(client, PASSWORD, REMOTE_ADDR="192.0.2.99").status_code == 302


def test_whoever_signs_in_uses_up_nothing_of_what_is_shared(secondary, clock):
    for _ in range(30):
        assert sign_in(Client(), PASSWORD).status_code == 302
    assert set(FailureCount.objects.values_list("failures", flat=True)) == {0}


def test_an_ipv6_network_is_one_address(client, operator):
    for number in range(25):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"2001:db8::{number:x}")
    assert said(sign_in(client, REMOTE_ADDR="2001:db8::ffff:1")).startswith("Por seguridad")
    assert said(sign_in(client, REMOTE_ADDR="2001:db8:0:1::1")) == WRONG


@pytest.mark.parametrize(
    "disguise",
    [
        {"HTTP_X_FORWARDED_FOR": "198.51.100.{}"},
        {"HTTP_FORWARDED": "for=198.51.100.{}"},
        {"HTTP_X_REAL_IP": "198.51.100.{}"},
        {"HTTP_USER_AGENT": "Navegador {}"},
        {"HTTP_HOST": "127.0.0.1:80{}"},
        {"HTTP_COOKIE": "device=inventado{}.prueba"},
    ],
    ids=lambda disguise: next(iter(disguise)),
)
def test_a_disguise_does_not_make_a_stranger_somebody_else(client, secondary, disguise, settings):
    settings.ALLOWED_HOSTS = ["*"]

    def disguised(number):
        return {header: value.format(number) for header, value in disguise.items()}

    for number in range(10, 15):
        sign_in(client, **disguised(number))
    assert said(sign_in(client, **disguised(16))).startswith("Por seguridad")
    for number in range(20, 40):
        sign_in(client, username=f"NADIE{number:03}", **disguised(number))
    assert said(sign_in(client, username="NADIE999", **disguised(41))).startswith("Por seguridad")


# A browser that the owner used before ---------------------------------------------------------------


@pytest.fixture
def known_browser(secondary) -> Client:
    browser = Client()
    sign_in(browser, PASSWORD)
    browser.post("/salir/")
    return browser


def test_no_stranger_keeps_the_owner_out_of_a_browser_that_he_used(
    client, secondary, known_browser, clock
):
    fail_to_sign_in(secondary)
    for number in range(50):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    for number in range(25):
        sign_in(client, ruc=OTHER_RUC, username=f"NADIE{number:03}")
    assert said(sign_in(client, PASSWORD)).startswith("Por seguridad")
    assert sign_in(known_browser, PASSWORD).status_code == 302


def test_its_allowance_is_five_more_and_not_without_end(secondary, known_browser, clock):
    heard = [said(sign_in(known_browser)) for _ in range(12)]
    assert heard == [WRONG] * 10 + [LOCKED.format("1 minuto")] * 2


def test_what_is_guessed_there_does_not_lock_the_account_elsewhere(client, known_browser):
    for _ in range(5):
        sign_in(known_browser)
    assert sign_in(client, PASSWORD).status_code == 302


def test_a_browser_is_known_to_the_account_that_used_it_only(
    secondary, make_secondary, known_browser
):
    colleague = make_secondary("COLEGA01", 90000050)
    fail_to_sign_in(colleague)
    assert said(sign_in(known_browser, PASSWORD, username="COLEGA01")).startswith("Por seguridad")


def test_a_shared_machine_is_known_to_the_last_eight(secondary, make_secondary, known_browser):
    others = [make_secondary(f"COLEGA{number:02}", 90000050 + number) for number in range(8)]
    for user in others[:7]:
        sign_in(known_browser, PASSWORD, username=user.username)
    fail_to_sign_in(secondary)
    assert sign_in(known_browser, PASSWORD).status_code == 302
    sign_in(known_browser, PASSWORD, username=others[7].username)
    fail_to_sign_in(others[0])
    refused = sign_in(known_browser, PASSWORD, username=others[0].username)
    assert said(refused).startswith("Por seguridad")


def test_another_clave_makes_every_browser_a_stranger(principal, secondary, known_browser):
    actions.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    fail_to_sign_in(secondary)
    assert said(sign_in(known_browser, "Temporal1")).startswith("Por seguridad")


def test_the_browser_in_which_the_owner_changed_it_stays_known(secondary, known_browser):
    sign_in(known_browser, PASSWORD)
    known_browser.post(
        "/clave/",
        {"current_password": PASSWORD, "password1": "Distinta2027", "password2": "Distinta2027"},
    )
    known_browser.post("/salir/")
    fail_to_sign_in(secondary)
    assert sign_in(known_browser, "Distinta2027").status_code == 302


def test_the_cookie_is_no_script_s_business_and_says_nothing_of_whose_it_is(client, secondary):
    cookie = sign_in(client, PASSWORD).cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 180 * 24 * 60 * 60
    assert not any(word in cookie.value for word in (RUC, "JPEREZ01", secondary.password))


@pytest.mark.parametrize("value", ["", ".", "a.b", "x" * 4000, ".".join("abcdefghijkl"), "ñ.ñ"])
def test_an_invented_cookie_is_none(client, secondary, value):
    fail_to_sign_in(secondary)
    client.cookies["device"] = value
    assert said(sign_in(client, PASSWORD)).startswith("Por seguridad")


# All at once ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("right", [None, 0, 39], ids=["all wrong", "right first", "right last"])
def test_of_forty_guesses_at_once_five_are_compared(shared_database, secondary, compared, right):
    compared.clear()
    together = Barrier(40, timeout=60)

    def attempt(number):
        client = Client()
        together.wait()
        try:
            # Each from an address of its own: a botnet.
            password = PASSWORD if number == right else GUESS
            return sign_in(client, password, REMOTE_ADDR=f"192.0.2.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(40) as pool:
        responses = list(pool.map(attempt, range(40)))
    entered = [response for response in responses if response.status_code == 302]
    refused = [response for response in responses if response.status_code == 200]
    assert len(entered) + len(refused) == 40
    assert len(entered) == compared.count(PASSWORD) <= 1
    if not entered:
        assert len(compared) == 5
        assert [said(response) for response in refused].count(WRONG) == 5
    else:
        # Whoever knows the clave begins the count anew for the guesses after him.
        assert len(compared) <= 10


# The staff door -------------------------------------------------------------------------------------


STAFF_LOCKED = (
    "Por seguridad, el acceso está bloqueado. Intente de nuevo en 1 minuto "
    "o pida a otro miembro del personal que lo desbloquee."
)


@pytest.mark.parametrize("username", ["admin", "ADMIN", "nadie"])
def test_the_staff_door_locks_in_the_same_way_in_its_own_words(client, staff, clock, username):
    for _ in range(5):
        assert "bloqueado" not in staff_said(staff_sign_in(client, username=username))
    assert staff_said(staff_sign_in(client, STAFF_PASSWORD, username=username)) == STAFF_LOCKED
    clock.advance(minutes=1)
    assert staff_sign_in(client, STAFF_PASSWORD).status_code == 302


def test_staff_and_a_user_of_the_same_name_have_counts_of_their_own(client, staff, secondary):
    User.objects.create_superuser("JPEREZ01", password=STAFF_PASSWORD)
    fail_to_sign_in(secondary)
    response = staff_sign_in(client, STAFF_PASSWORD, username="JPEREZ01")
    assert response.status_code == 302


def test_both_doors_count_what_comes_from_one_address_together(client, staff, operator, clock):
    for number in range(25):
        staff_sign_in(client, username=f"nadie{number}")
    assert said(sign_in(client)).startswith("Por seguridad")


def test_staff_in_a_browser_that_it_used_is_not_kept_out_either(client, staff):
    staff_sign_in(client, STAFF_PASSWORD)
    client.post("/admin/logout/")
    fail_to_sign_in(staff)
    assert staff_said(staff_sign_in(Client(), STAFF_PASSWORD)) == STAFF_LOCKED
    assert staff_sign_in(client, STAFF_PASSWORD).status_code == 302


# Wherever else a clave can be guessed ----------------------------------------------------------------


def test_the_present_clave_is_asked_for_five_times(client_of, secondary, clock, compared):
    inside = client_of(secondary)
    form = {"password1": "Distinta2027", "password2": "Distinta2027"}
    compared.clear()
    for _ in range(5):
        response = inside.post("/clave/", {**form, "current_password": GUESS})
        assert field_errors(response) == {"current_password": "La clave actual no es correcta"}
    response = inside.post("/clave/", {**form, "current_password": PASSWORD})
    assert field_errors(response) == {"current_password": LOCKED.format("1 minuto")}
    assert len(compared) == 5
    assert inside.get("/").status_code == 200
    clock.advance(minutes=1)
    assert inside.post("/clave/", {**form, "current_password": PASSWORD}).status_code == 302


def test_so_is_that_of_staff(client_of, staff, clock):
    inside = client_of(staff)
    form = {"new_password1": "otra-clave-muy-larga", "new_password2": "otra-clave-muy-larga"}
    for _ in range(5):
        inside.post("/admin/password_change/", {**form, "old_password": "otra"})
    response = inside.post("/admin/password_change/", {**form, "old_password": STAFF_PASSWORD})
    assert STAFF_LOCKED in soup(response).text
    clock.advance(minutes=1)
    response = inside.post("/admin/password_change/", {**form, "old_password": STAFF_PASSWORD})
    assert response.url == "/admin/password_change/done/"
    staff.refresh_from_db()
    assert staff.check_password("otra-clave-muy-larga")


# Who may lift a lock, and sees it --------------------------------------------------------------------


def test_the_principal_sees_the_lock_and_lifts_it(client, client_of, principal, secondary, clock):
    fail_to_sign_in(secondary)
    desk = client_of(principal)
    state = soup(desk.get("/usuarios/")).select_one("[data-label=Estado]")
    assert state.get_text(strip=True) == "Bloqueado"
    page = soup(desk.get("/usuarios/JPEREZ01/"))
    until = timezone.localtime(clock.now + timedelta(minutes=1)).strftime("%H:%M")
    facts = {term.text: term.find_next("dd").text for term in page.select("dt")}
    assert facts["Intentos fallidos desde entonces"] == f"5 · bloqueado hasta las {until}"
    cure = page.select_one("[data-reason=locked] a")
    assert (cure.text, cure["href"]) == ("Desbloquear", "/usuarios/JPEREZ01/bloqueo/")
    assert until in soup(desk.get(cure["href"])).text
    response = desk.post(cure["href"], {"subject": secondary.pk}, follow=True)
    assert "Se desbloqueó a JPEREZ01. Ya puede ingresar." in soup(response).text
    entry = AuditEntry.objects.get(action="user.unlocked")
    assert (entry.actor, entry.subject) == (principal, secondary)
    assert sign_in(client, PASSWORD).status_code == 302


def test_there_may_be_nothing_to_lift(client_of, principal, secondary):
    desk = client_of(principal)
    assert "JPEREZ01 no está bloqueado." in soup(desk.get("/usuarios/JPEREZ01/bloqueo/")).text
    response = desk.post("/usuarios/JPEREZ01/bloqueo/", follow=True)
    assert "JPEREZ01 ya no estaba bloqueado." in soup(response).text
    assert not AuditEntry.objects.filter(action="user.unlocked").exists()


def test_lifting_reaches_the_browsers_of_the_account_and_its_ruc(
    client, principal, secondary, known_browser, clock
):
    for _ in range(10):
        sign_in(known_browser)
    for number in range(45):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    assert said(sign_in(known_browser, PASSWORD)).startswith("Por seguridad")
    assert said(sign_in(client, username="OTRO0001")).startswith("Por seguridad")
    assert actions.unlock_user(actor=acting(principal), user=secondary)
    assert sign_in(known_browser, PASSWORD).status_code == 302
    assert said(sign_in(client, username="OTRO0001")) == WRONG


def test_resetting_the_clave_lifts_it_too(client, principal, secondary):
    fail_to_sign_in(secondary)
    actions.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    assert sign_in(client, "Temporal1").status_code == 302


def test_staff_lifts_the_lock_of_anybody(client, principal, staff):
    other = User.objects.create_superuser("otra", password=STAFF_PASSWORD)
    for user in (principal, other):
        fail_to_sign_in(user)
        assert actions.unlock_user(actor=acting(staff), user=user)
    assert sign_in(client, PASSWORD, username="TITULAR1").status_code == 302
    assert staff_sign_in(Client(), STAFF_PASSWORD, username="otra").status_code == 302


def test_staff_lifts_locks_in_the_administration_too(client_of, principal, staff, clock):
    other = User.objects.create_superuser("otra", password=STAFF_PASSWORD)
    for user in (principal, other):
        fail_to_sign_in(user)
    desk = client_of(staff)
    until = timezone.localtime(clock.now + timedelta(minutes=1))
    for user in (principal, other):
        page = soup(desk.get(f"/admin/users/user/{user.pk}/change/"))
        assert f"{until:%H:%M}" in page.select_one(".field-locked_until").text
    response = desk.post(
        "/admin/users/user/",
        {"action": "unlock", "_selected_action": [principal.pk, other.pk, staff.pk]},
        follow=True,
    )
    told = soup(response).select_one(".messagelist").text
    assert "Se ha desbloqueado a 2 usuarios." in told
    assert "Sin cambios: 1. Solo se desbloquea a quien está bloqueado" in told
    assert throttle.locks_of([principal, other]) == {}
    assert AuditEntry.objects.get(action="user.unlocked").subject == principal


def test_a_session_that_stands_goes_on_during_a_lock(client_of, secondary):
    inside = client_of(secondary)
    fail_to_sign_in(secondary)
    assert inside.get("/").status_code == 200


# What is told and what is logged ----------------------------------------------------------------------


def notices(response) -> list[str]:
    return [notice.get_text(strip=True) for notice in soup(response).select(".notice")]


@pytest.mark.parametrize(
    ("failures", "sentence"),
    [
        (0, ""),
        (1, " Desde entonces hubo 1 intento fallido."),
        (7, " Desde entonces hubo 7 intentos fallidos."),
    ],
)
def test_whoever_enters_is_told_once_how_it_was_left(client, secondary, clock, failures, sentence):
    assert notices(sign_in(client, PASSWORD, follow=True)) == []
    at = timezone.localtime(clock.now)
    client.post("/salir/")
    for _ in range(failures):
        clock.advance(minutes=20)
        fail_to_sign_in(secondary, 1)
    clock.advance(minutes=20)
    (notice,) = notices(sign_in(client, PASSWORD, follow=True))
    assert notice.startswith("Su último ingreso: ")
    assert f"{at:%H:%M}." in notice
    assert notice.endswith(f".{sentence}") if sentence else "intento" not in notice
    assert notices(client.get("/")) == []
    secondary.refresh_from_db()
    assert secondary.failed_sign_ins == 0


def test_what_was_to_be_told_to_one_is_not_told_to_the_next(client, secondary):
    sign_in(client, PASSWORD)
    sign_in(client, PASSWORD)
    client.post("/salir/")
    assert notices(client.get(URL)) == []


def test_staff_is_told_too(client, staff):
    staff_sign_in(client, STAFF_PASSWORD)
    fail_to_sign_in(staff, 2)
    response = staff_sign_in(client, STAFF_PASSWORD, follow=True)
    message = soup(response).select_one(".messagelist").text
    assert "Su último ingreso: " in message
    assert "Desde entonces hubo 2 intentos fallidos." in message


def test_each_attempt_leaves_one_line_without_a_clave(client, secondary, caplog, clock):
    caplog.set_level(logging.INFO, logger="users.security")
    sign_in(client)
    sign_in(client, username="NADIE001")
    sign_in(client, PASSWORD)
    fail_to_sign_in(secondary)
    sign_in(Client(), PASSWORD)
    throttle.lift(secondary)
    lines = [record for record in caplog.records if record.name == "users.security"]
    assert [line.getMessage() for line in lines] == [
        "sign_in_failed",
        "sign_in_failed",
        "sign_in_ok",
        *["sign_in_failed"] * 5,
        "sign_in_locked",
        "unlocked",
    ]
    known = {"ruc": RUC, "username": "JPEREZ01", "address": "127.0.0.1"}
    assert lines[0].facts == known
    # It may be a clave typed into the wrong field.
    assert lines[1].facts == {"address": "127.0.0.1"}
    said = "".join(JsonFormatter().format(line) for line in lines)
    assert not any(word in said for word in (PASSWORD, GUESS, "NADIE001"))


@pytest.mark.parametrize("username", ["A\r\nsign_in_ok {}", "A\u2028B", "\x00", "A\x1b[2J"])
def test_nothing_that_is_typed_begins_a_second_line(client, secondary, caplog, username):
    staff_sign_in(client, username=username)
    sign_in(client, username=username)
    for record in caplog.records:
        if record.name == "users.security":
            assert JsonFormatter().format(record).isprintable()


def test_a_failed_attempt_is_no_entry_of_the_history(client, secondary):
    before = AuditEntry.objects.count()
    for _ in range(7):
        sign_in(client)
    assert AuditEntry.objects.count() == before


# The table does not grow for ever -----------------------------------------------------------------------


def test_what_no_rule_remembers_is_taken_away(client, secondary, clock):
    for number in range(20):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    clock.advance(hours=11)
    sign_in(client, username="RECIENTE")
    clock.advance(hours=1, seconds=1)
    sign_in(client, PASSWORD)
    accounts = FailureCount.objects.filter(key__startswith="account:")
    assert [row.key for row in accounts] == [str(throttle.account_key(RUC, "RECIENTE"))]


def test_what_failed_on_our_side_is_no_failure_of_his(secondary):
    with (
        pytest.raises(ZeroDivisionError),
        throttle.guess(None, ruc=RUC, username="JPEREZ01", user=secondary),
    ):
        raise ZeroDivisionError
    secondary.refresh_from_db()
    assert secondary.failed_sign_ins == 0
    assert {row.failures for row in FailureCount.objects.all()} == {0}
