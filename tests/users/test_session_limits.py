"""When a session ends: after twenty minutes without activity, after eight hours in any case."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.conftest import PASSWORD, RUC, soup
from users.models import Session

FORM = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}


@pytest.fixture
def inside(client, principal, clock):
    client.post("/ingresar/", FORM)
    return client


def is_inside(client) -> bool:
    return client.get("/").status_code == 200


def test_a_session_ends_after_twenty_minutes_without_activity(inside, clock):
    clock.advance(minutes=19, seconds=59)
    assert is_inside(inside)
    clock.advance(minutes=20)
    assert not is_inside(inside)


def test_a_session_ends_after_eight_hours_despite_activity(inside, clock):
    for _ in range(8 * 4):
        assert is_inside(inside)
        clock.advance(minutes=14, seconds=59)
    clock.advance(seconds=31)
    assert is_inside(inside)
    clock.advance(seconds=1)
    assert not is_inside(inside)


@pytest.mark.parametrize("path", ["/ingresar/", "/admin/login/", "/salir/", "/no-hay/"])
@pytest.mark.parametrize("late", [{"minutes": 20}, {"hours": 8}], ids=["idle", "absolute"])
def test_no_request_revives_an_ended_session(inside, clock, path, late):
    clock.advance(**late)
    inside.get(path)
    assert not is_inside(inside)


def test_the_sign_in_page_does_not_extend_the_absolute_end(inside, clock):
    for _ in range(8 * 6):
        inside.get("/ingresar/")
        clock.advance(minutes=10)
    assert not is_inside(inside)


def test_signing_in_again_starts_another_session(inside, clock):
    clock.advance(minutes=15)
    old = inside.cookies["sessionid"].value
    inside.post("/ingresar/", FORM)
    assert inside.cookies["sessionid"].value != old
    assert not Session.objects.filter(pk=old).exists()
    assert Session.objects.get().started_at == clock.now


def test_a_session_cookie_is_worthless_after_sign_out(inside):
    kept = inside.cookies["sessionid"].value
    inside.post("/salir/")
    inside.cookies["sessionid"] = kept
    assert not is_inside(inside)


def shown(client) -> str:
    return soup(client.get("/")).select_one(".session-end").text


def at(clock, **later) -> str:
    return timezone.localtime(clock.now + timedelta(**later)).strftime("%H:%M")


def test_every_page_shows_the_end_of_the_session(inside, clock):
    end = at(clock, hours=8)
    assert shown(inside) == (
        f"Su sesión dura hasta las {end}; sin actividad termina a las {at(clock, minutes=20)}."
    )
    for _ in range(31):
        clock.advance(minutes=15)
        inside.get("/")
    assert shown(inside) == f"Su sesión dura hasta las {end}."


def test_the_session_ends_when_the_page_said(inside, clock):
    """Activity is saved once a minute, and the page takes that into account."""
    clock.advance(minutes=5)
    inside.get("/")
    clock.advance(seconds=59)
    page = soup(inside.get("/"))
    left = int(page.select_one("[data-session-end]")["data-idle-seconds"])
    assert left == 20 * 60 - 59
    assert at(clock, seconds=left) in page.select_one(".session-end").text
    clock.advance(seconds=left - 1)
    assert Session.objects.get().expire_date > clock.now
    clock.advance(seconds=1)
    assert not is_inside(inside)


def test_the_notice_before_the_end_is_in_the_page(inside, clock):
    clock.advance(minutes=10)
    notice = soup(inside.get("/")).select_one("[data-session-end]")
    assert notice.has_attr("hidden")
    assert notice["data-idle-seconds"] == str(20 * 60)
    assert notice["data-seconds-left"] == str(8 * 60 * 60 - 10 * 60)
    assert notice.a["href"] == "/"


def test_the_administration_shows_the_end_of_the_session(client, staff, clock):
    client.force_login(staff, backend="users.signin.backends.StaffBackend")
    page = soup(client.get("/admin/"))
    assert at(clock, hours=8) in page.select_one(".session-end").text


@pytest.mark.parametrize("path", ["/ingresar/", "/admin/login/"])
def test_the_sign_in_pages_show_no_end_of_a_session(client, db, path):
    page = soup(client.get(path))
    assert not page.select(".session-end, [data-session-end], script[src*=session_end]")
