"""Secrets and codes: how they are stored, and that no page, log or report shows them."""

import logging
import sys

import pyotp
import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.test import Client
from django.views.debug import ExceptionReporter

from tests.conftest import acting
from tests.users.second_factor.conftest import (
    CODE_URL,
    OFF,
    OWN,
    RECOVERY,
    Page,
    codes_on,
    give_code,
)
from users.actions import signing_in
from users.models import Session
from users.seal import BrokenSealError
from users.signin import second_factor

# Stored and shown -------------------------------------------------------------------------------------


def every_value() -> str:
    """Every column of every row, sessions decoded."""
    rows = [
        repr(row)
        for model in apps.get_models(include_auto_created=True)
        for row in model._base_manager.values_list()
    ]
    return "\n".join([*rows, *(repr(session.get_decoded()) for session in Session.objects.all())])


def test_no_secret_or_code_is_stored_logged_or_shown(client, account, own, clock, caplog):
    caplog.set_level(logging.DEBUG)
    page = Page(own)
    shown = page.send(clock, password=account.password)
    codes, secret = codes_on(shown), page.secret
    clock.advance(seconds=60)
    app_code = pyotp.TOTP(secret).at(clock.now)
    account.enter(client, "123456")
    account.enter(client, codes[1])
    client.post("/salir/")
    account.enter(client, app_code)
    assert account.is_inside(client)
    urls = [OWN, OFF, RECOVERY, account.home, "/clave/"]
    urls += ["/admin/users/auditentry/", f"/admin/users/user/{account.user.pk}/change/"]
    pages = "".join(client.get(url, follow=True).content.decode() for url in urls)
    grouped = [second_factor.grouped(code, "-") for code in codes]
    for where in (every_value(), caplog.text, pages):
        for text in (secret, second_factor.grouped(secret), *codes, *grouped, app_code, "123456"):
            assert text not in where
    facts = [r.facts for r in caplog.records if r.getMessage().startswith("second_factor_")]
    assert [each["username"] for each in facts] == [account.user.username] * 3


@pytest.fixture
def reports():
    """The error reports that administrators receive."""
    told = []

    def read(request, **kwargs):
        reporter = ExceptionReporter(request, *sys.exc_info(), is_email=True)
        told.append(reporter.get_traceback_text() + reporter.get_traceback_html())

    got_request_exception.connect(read)
    yield told
    got_request_exception.disconnect(read)


@pytest.mark.parametrize("fails", ["step_of", "recovery_digest", "unseal"])
def test_an_error_report_shows_no_code(account, telephone, monkeypatch, reports, fails):
    def fail(*args):
        raise RuntimeError(fails)

    monkeypatch.setattr(second_factor, fails, fail)
    client = Client(raise_request_exception=False)
    account.give_password(client)
    used = {"step_of": telephone.code()}.get(fails, telephone.recovery_codes[0])
    assert give_code(client, used).status_code == 500
    [report] = reports
    assert f"RuntimeError at {CODE_URL}" in report
    for secret in (used, telephone.totp.secret):
        assert secret not in report


def test_a_secret_can_be_sealed_again_with_a_new_key(client, account, telephone, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "b" * 50, [settings.SECRET_KEY]
    assert signing_in.use_code(actor=acting(account.user), code=telephone.code())
    call_command("second_factor", reseal=True)
    settings.SECRET_KEY_FALLBACKS = []
    assert signing_in.use_code(actor=acting(account.user), code=telephone.recovery_codes[0])


def test_a_secret_cannot_be_read_without_its_key(account, telephone, settings):
    settings.SECRET_KEY = "b" * 50
    with pytest.raises(BrokenSealError):
        signing_in.use_code(actor=acting(account.user), code=telephone.code())
