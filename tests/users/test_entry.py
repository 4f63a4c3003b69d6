"""Every way to sign in completes the sign-in (``users.signin.entry``)."""

import logging

import pytest
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client

from tests.conftest import PASSWORD, RUC, Telephone
from users.models import User
from users.signin import pending
from users.signin.devices import DeviceMiddleware
from users.signin.sessions import ORIGIN

STAFF_PASSWORD = "una-clave-larga-de-personal"


def give_password(client: Client, user: User):
    if user.is_staff:
        form = {"username": user.username, "password": STAFF_PASSWORD}
        return client.post("/admin/login/", form)
    form = {"ruc": RUC, "username": user.username, "password": PASSWORD}
    return client.post("/ingresar/", form)


@pytest.mark.parametrize("who", ["principal", "secondary", "staff"])
@pytest.mark.parametrize("with_code", [False, True], ids=["password", "password and code"])
def test_signing_in_on_a_page_completes_the_sign_in(request, db, client, caplog, who, with_code):
    caplog.set_level(logging.INFO, logger="users.security")
    user = request.getfixturevalue(who)
    telephone = Telephone(user) if with_code else None
    User.objects.filter(pk=user.pk).update(failed_sign_ins=3)
    response = give_password(client, user)
    if telephone:
        assert pending.KEY in client.session
        assert ORIGIN not in client.session
        assert User.objects.get(pk=user.pk).failed_sign_ins == 4
        response = client.post("/ingresar/codigo/", {"code": telephone.code()})
    assert response.status_code == 302
    assert pending.KEY not in client.session
    assert client.session[ORIGIN]["address"] == "127.0.0.1"
    assert User.objects.get(pk=user.pk).failed_sign_ins == 0
    assert settings.DEVICE_COOKIE_NAME in response.cookies
    assert [record.getMessage() for record in caplog.records].count("sign_in_ok") == 1


def test_djangos_own_login_completes_the_sign_in(rf, client, principal):
    User.objects.filter(pk=principal.pk).update(failed_sign_ins=3)
    request = rf.get("/")
    request.session, request.user = client.session, AnonymousUser()
    request.session[pending.KEY] = {"user": principal.pk}

    def sign_in(request) -> HttpResponse:
        login(request, principal, backend="users.signin.backends.OperatorBackend")
        return HttpResponse()

    response = DeviceMiddleware(sign_in)(request)
    assert pending.KEY not in request.session
    assert request.session[ORIGIN]["address"] == "127.0.0.1"
    assert User.objects.get(pk=principal.pk).failed_sign_ins == 0
    assert settings.DEVICE_COOKIE_NAME in response.cookies
