"""The notice shortly before a session ends."""

import pytest
from playwright.sync_api import expect

from users.models import Session

MINUTE = 60 * 1000


@pytest.fixture
def desk(page_of, principal):
    page = page_of(principal)
    page.clock.install()
    page.goto("/usuarios/nuevo/")
    return page


def notice(page):
    return page.locator("[data-session-end]")


def test_two_minutes_before_it_is_said_and_one_click_goes_on_with_the_form_as_it_is(desk, settings):
    desk.get_by_label("Nombres").fill("Carmen")
    expect(notice(desk)).to_be_hidden()
    desk.clock.fast_forward(18 * MINUTE)
    expect(notice(desk)).to_contain_text("Su sesión está por terminar.")
    until_when = desk.locator(".session-end")
    at_first = until_when.text_content()
    settings.SESSION_COOKIE_AGE += 5 * 60
    with desk.expect_response(lambda response: response.status == 200):
        notice(desk).get_by_role("link", name="Seguir").click()
    expect(notice(desk)).to_be_hidden()
    expect(until_when).not_to_have_text(at_first)
    expect(desk.get_by_label("Nombres")).to_have_value("Carmen")
    desk.clock.fast_forward(18 * MINUTE)
    expect(notice(desk)).to_be_visible()


def test_whose_session_has_ended_meanwhile_is_led_to_the_sign_in_page(desk):
    desk.clock.fast_forward(18 * MINUTE)
    Session.objects.all().delete()
    with desk.expect_navigation(url="**/ingresar/**"):
        notice(desk).get_by_role("link", name="Seguir").click()


def test_at_the_end_of_the_working_day_no_click_goes_on(desk):
    for _ in range(27):
        desk.clock.fast_forward(18 * MINUTE)
        if (link := notice(desk).get_by_role("link", name="Seguir")).is_hidden():
            break
        with desk.expect_response(lambda response: response.status == 200):
            link.click()
        expect(notice(desk)).to_be_hidden()
    expect(notice(desk)).to_be_visible()
    expect(link).to_be_hidden()
