"""A walk through every screen, with hostile text in every row that they show: nothing on any of them
breaks the content security policy, and none of that text runs.

What a browser refuses it says on the console, and ``page_faults`` fails the test that hears it.
"""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from tests.browser.browsing import follow
from tests.routes import FORMS_OF_ROBOTS, MATRIX, url


@pytest.fixture
def walk_of(page_of, page_faults):
    """walk_of(user) is a page in that user's browser; a dialog that opens in it is a fault."""

    def hear(dialog):
        page_faults.append(f"{dialog.page.url}: a dialog says {dialog.message}")
        dialog.dismiss()

    def make(user):
        page = page_of(user)
        page.on("dialog", hear)
        return page

    return make


def test_what_breaks_the_policy_is_heard(page, page_faults, principal):
    """Or the walks below would prove nothing."""
    page.goto("/ingresar/")
    for broken in [
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')",
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')",
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))",
    ]:
        page.evaluate(broken)
        page.wait_for_timeout(100)
        assert any("Content Security Policy" in fault for fault in page_faults), broken
        page_faults.clear()


def test_a_dialog_is_heard_too(walk_of, page_faults, principal):
    walk_of(principal).evaluate("alert(1)")
    assert [fault for fault in page_faults if "a dialog says 1" in fault]
    page_faults.clear()


def test_the_portal(walk_of, principal, infested):
    desk = walk_of(principal)
    visited = 0
    of_programs = {*FORMS_OF_ROBOTS, *(name for name in MATRIX if name.startswith("api:"))}
    without_a_page = {"users:sign_out", "users:close_sessions", *of_programs}
    for name in [name for name in MATRIX if name not in without_a_page]:
        response = desk.goto(url(name))
        assert response.status == 200
        assert "'unsafe-inline'" not in response.header_value("content-security-policy")
        visited += 1
    assert visited == len(MATRIX) - len(without_a_page)
    desk.goto("/no-existe/")


def test_the_menu_of_a_secondary_user(walk_of, secondary, infested):
    desk = walk_of(secondary)
    desk.goto("/")
    assert "q7x" in desk.content()


def test_the_sign_in_page(page, principal):
    page.goto("/ingresar/")
    follow(page.get_by_role("button", name="Ingresar"))


def admin_addresses():
    """The list, and the pages to add, change, delete and look back, of everything registered."""
    for model, model_admin in admin.site._registry.items():
        info = (model._meta.app_label, model._meta.model_name)
        yield reverse("admin:{}_{}_changelist".format(*info))
        yield reverse("admin:{}_{}_add".format(*info))
        some = model._default_manager.first()
        if some is not None:
            for action in ("change", "delete", "history"):
                yield reverse("admin:{}_{}_{}".format(*info, action), args=[some.pk])
        for pattern in model_admin.get_urls():
            if pattern.name and pattern.name.startswith("_".join(info)):
                try:
                    yield reverse(f"admin:{pattern.name}")
                except NoReverseMatch:
                    if some is not None and pattern.pattern.converters:
                        (argument,) = pattern.pattern.converters
                        yield reverse(f"admin:{pattern.name}", kwargs={argument: some.pk})


def test_the_administration(walk_of, staff, infested):
    desk = walk_of(staff)
    opened = 0
    for address in ["/admin/", "/admin/password_change/", *dict.fromkeys(admin_addresses())]:
        response = desk.request.get(address)
        if response.headers.get("content-type", "").startswith("text/html"):
            opened += desk.goto(address).status == 200
    assert opened > 30, opened
    # A window of its own, and one that chooses among many.
    desk.goto(reverse("admin:profiles_option_changelist"))
    desk.goto(f"{reverse('admin:profiles_option_add')}?_popup=1")


def test_the_door_of_the_administration(page, staff):
    page.goto("/admin/login/")
    page.get_by_label("Usuario").fill("admin")
    page.get_by_label("Contraseña").fill("equivocada")
    follow(page.locator("[type=submit]"))
