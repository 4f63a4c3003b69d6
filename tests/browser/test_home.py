"""Inicio and the page of one user: they fit the window, and the menu answers as one types."""

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import LATER, LEAF


def test_the_home_of_a_principal_fits_a_window(desk, grant, make_secondary):
    grant([LEAF])
    for number in range(30):
        make_secondary(f"USUARI{number:02}", 90000100 + number)
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/")
    assert desk.evaluate("document.documentElement.scrollHeight") <= 900
    assert desk.locator("h1").bounding_box()["y"] <= 130
    desk.set_viewport_size({"width": 360, "height": 800})
    assert desk.locator("h1").bounding_box()["y"] <= 180


@pytest.mark.parametrize("path", ["/", f"{LATER}/acceso/"])
def test_the_menu_answers_as_one_types(desk, grant, path):
    grant([LEAF])
    desk.goto(path)
    search = desk.get_by_role("searchbox")
    search.press_sequentially("canal")
    leaf = desk.get_by_role("link", name="Consulta de canal")
    expect(leaf).to_be_visible()
    expect(desk.get_by_role("status").filter(has_text="Coincide 1 opción")).to_have_count(1)
    expect(search).to_be_focused()
    search.fill("nada de nada")
    expect(leaf).to_have_count(0)


def test_on_a_phone_the_actions_come_before_the_lists(desk, grant):
    grant([LEAF, "11.9.1.1.1"])
    desk.set_viewport_size({"width": 360, "height": 800})
    desk.goto(f"{LATER}/")
    tops = [
        desk.locator(selector).bounding_box()["y"]
        for selector in ("h1", ".title-buttons", ".chain", ".user-actions", "#can-title")
    ]
    assert tops == sorted(tops)
    assert tops[0] <= 180
