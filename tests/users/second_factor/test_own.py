"""The own second factor: turned on with an app, new recovery codes, turned off; required of staff."""

from base64 import b32decode
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.conftest import RUC, Telephone, acting, fail_to_sign_in, field_errors, soup
from tests.users.second_factor.conftest import (
    OFF,
    OWN,
    RECOVERY,
    STAFF_PASSWORD,
    Page,
    SigningIn,
    codes_on,
    title,
)
from users.actions import signing_in
from users.models import AuditEntry, FailureCount, RecoveryCode, SecondFactor
from users.signin import second_factor


def test_the_second_factor_is_turned_on_with_a_code_and_the_password(client, account, own, clock):
    response = Page(own).send(clock, password=account.password)
    assert title(response) == "Sus códigos de recuperación"
    codes = codes_on(response)
    assert len(set(codes)) == 10
    assert all(len(b32decode(code)) == 10 for code in codes)
    entry = AuditEntry.objects.get(action="user.second_factor_on")
    assert (entry.actor, entry.subject) == (account.user, account.user)
    assert entry.operator == account.user.operator
    assert account.is_inside(own)
    account.enter(client, codes[0])
    assert account.is_inside(client)


def test_the_recovery_codes_can_be_downloaded(account, own, clock):
    response = Page(own).send(clock, password=account.password)
    link = soup(response).select_one("a[download]")
    assert link["href"].startswith("data:text/plain;charset=utf-8,")
    for code in codes_on(response):
        assert second_factor.grouped(code, "-") in link["href"]


def test_the_qr_code_holds_the_secret_and_the_name_of_the_account(own, account, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        second_factor, "qr_code", lambda *args: drawn.append(args) or "data:image/svg+xml,"
    )
    page = Page(own)
    [(secret, name)] = drawn
    assert secret == page.secret
    assert name == (f"{RUC} {account.user}" if account.user.operator else "admin")


def test_the_qr_code_needs_no_script_and_no_style(own):
    source = soup(own.get(OWN)).select_one("img.qr-code")["src"]
    assert source.startswith("data:image/svg+xml")
    assert "style" not in source


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": "000000"}, {"code": signing_in.WRONG_CODE}),
        ({"code": "12"}, {"code": "Ingrese los 6 números que muestra la aplicación"}),
        ({"password": "Otra20260"}, {"password": "La clave actual no es correcta"}),
        ({"password": ""}, {"password": "Ingrese su clave"}),
    ],
)
def test_an_error_is_shown_and_the_secret_stays_the_same(account, own, clock, fields, expected):
    page = Page(own)
    response = page.send(clock, **{"password": account.password, **fields})
    assert field_errors(response) == expected
    assert soup(response).find(id="secret").text.replace(" ", "") == page.secret
    assert not account.user.has_second_factor


@pytest.mark.parametrize("offer", ["", "inventada", "a:b:c", "\x00"])
def test_a_forged_secret_is_refused(account, own, clock, offer):
    response = Page(own).send(clock, password=account.password, offer=offer)
    assert response.url == OWN
    assert not account.user.has_second_factor


def test_a_secret_offered_to_another_account_is_refused(account, own, stranger, client_of, clock):
    offer = Page(client_of(stranger)).offer
    assert Page(own).send(clock, password=account.password, offer=offer).url == OWN
    assert not account.user.has_second_factor


def test_an_expired_offer_of_a_secret_is_refused(account, own, settings, clock):
    page = Page(own)
    settings.SECOND_FACTOR_OFFER_AGE = timedelta(seconds=-1)
    assert page.send(clock, password=account.password).url == OWN
    assert not account.user.has_second_factor


def test_turning_the_second_factor_on_closes_other_sessions(account, own, client_of, clock):
    other = client_of(account.user)
    assert account.is_inside(other)
    response = Page(own).send(clock, password=account.password)
    assert "Se cerró su otra sesión." in soup(response).text
    assert not account.is_inside(other)
    assert account.is_inside(own)


def test_the_same_form_sent_twice_turns_the_second_factor_on_once(account, own, clock):
    page = Page(own)
    page.send(clock, password=account.password)
    kept = SecondFactor.objects.values_list().get()
    assert page.send(clock, password=account.password).url == OWN
    assert "ya está activado" in soup(own.get(OWN)).text
    assert SecondFactor.objects.values_list().get() == kept
    with pytest.raises(ValidationError, match="ya está activado"):
        Telephone(account.user)


def test_the_page_of_an_active_second_factor_shows_no_secret(account, telephone, own):
    page = own.get(OWN).content.decode()
    assert "Le quedan 10" in page
    for secret in (telephone.totp.secret, *telephone.recovery_codes):
        assert secret not in page.replace(" ", "").replace("-", "")


@pytest.mark.parametrize("url", [OFF, RECOVERY])
def test_changing_the_second_factor_needs_the_password(account, telephone, own, url):
    before = list(RecoveryCode.objects.order_by("pk").values())
    response = own.post(url, {"password": "Otra20260"})
    assert field_errors(response) == {"password": "La clave actual no es correcta"}
    assert account.user.has_second_factor
    assert list(RecoveryCode.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("url", [OFF, RECOVERY])
def test_wrong_passwords_on_those_pages_are_counted(account, telephone, own, url):
    said = [own.post(url, {"password": "Otra20260"}).content.decode() for _ in range(6)]
    assert "La clave actual no es correcta" in said[4]
    assert "Por seguridad, el acceso está bloqueado." in said[5]


@pytest.mark.parametrize("url", [OFF, RECOVERY])
def test_the_pages_redirect_without_a_second_factor(account, own, url):
    assert own.get(url).url == OWN
    assert own.post(url, {"password": account.password}).url == OWN


def test_after_turning_it_off_the_password_alone_signs_in(client, account, telephone, own):
    own.post(OFF, {"password": account.password})
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject) == (account.user, account.user)
    assert not RecoveryCode.objects.exists()
    account.give_password(client)
    assert account.is_inside(client)


def test_turning_it_off_deletes_only_the_counters_of_codes(account, telephone):
    for _ in range(5):
        account.enter(Client(), "000000")
    fail_to_sign_in(account.user)
    counts = FailureCount.objects.order_by("key")
    others = counts.exclude(key__startswith="code-")
    before = list(others.values())
    assert len(before) < counts.count()
    signing_in.turn_off_second_factor(actor=acting(account.user), user=account.user)
    assert list(counts.values()) == before


def test_new_recovery_codes_void_the_former_ones(client, account, telephone, own):
    response = own.post(RECOVERY, {"password": account.password})
    entry = AuditEntry.objects.get(action="recovery_codes.made")
    assert (entry.subject, entry.after) == (account.user, {"recovery_codes": 10})
    account.enter(client, telephone.recovery_codes[0])
    assert not account.is_inside(client)
    account.enter(client, codes_on(response)[0])
    assert account.is_inside(client)


def test_the_password_pages_link_to_the_second_factor(client_of, secondary, staff):
    page = soup(client_of(secondary).get("/clave/"))
    assert page.select_one(f'main a[href="{OWN}"]')
    for url, where in (("/admin/password_change/", "#content"), ("/admin/", "#user-tools")):
        page = soup(client_of(staff).get(url))
        assert page.select_one(f'{where} a[href="{OWN}"]')


def test_the_history_describes_changes_of_the_second_factor(principal, client_of, clock):
    telephone = Telephone(principal)
    signing_in.use_code(actor=acting(principal), code=telephone.recovery_codes[0])
    signing_in.make_recovery_codes(actor=acting(principal))
    signing_in.turn_off_second_factor(actor=acting(principal), user=principal)
    text = soup(client_of(principal).get("/historial/")).text
    for words in (
        "Segundo factor activado",
        "Código de recuperación usado",
        "Códigos de recuperación: 10 → 9",
        "Códigos de recuperación nuevos",
        "Segundo factor desactivado",
    ):
        assert words in text


# Required of staff --------------------------------------------------------------------------------


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR_REQUIRED = True


def test_staff_must_turn_it_on_before_any_other_page(client, staff, required, clock):
    account = SigningIn(staff)
    assert account.give_password(client).redirect_chain[-1][0] == OWN
    for url in ("/admin/", "/admin/users/user/", "/", OFF, "/admin/password_change/"):
        assert client.get(url).url == OWN
    page = client.get(OWN)
    assert "Actívelo para continuar" in soup(page).text
    assert not soup(page).select(".site-nav")
    Page(client).send(clock, password=STAFF_PASSWORD)
    assert account.is_inside(client)


@pytest.mark.parametrize("url", ["/salir/", "/admin/logout/"])
def test_sign_out_works_before_it_is_turned_on(staff, required, client_of, url):
    desk = client_of(staff)
    assert desk.post(url).status_code in (200, 302)
    assert "_auth_user_id" not in desk.session


def test_the_second_factor_is_not_required_of_operators(principal, required, client_of):
    assert client_of(principal).get("/").status_code == 200
