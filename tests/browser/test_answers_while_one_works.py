"""What a screen of the guide answers before anything is sent."""

from playwright.sync_api import expect

from profiles.actions.grants import assign_options
from tests.conftest import acting


def test_the_rule_of_a_new_clave_ticks_while_one_types(desk):
    desk.goto("/usuarios/nuevo/")
    clave = desk.get_by_label("Clave", exact=True)
    rules, met = desk.locator(".clave-rule li"), desk.locator(".clave-rule li.met")
    expect(rules).to_have_count(3)
    for typed, ticked in (("", 0), ("abc", 0), ("abc1", 1), (" abcdef1", 2), ("ñ" * 11 + "1", 2)):
        clave.fill(typed)
        expect(met).to_have_count(ticked)
        expect(desk.get_by_text("se acepta, y es parte de la clave").first).to_be_visible(
            visible=typed.startswith(" ")
        )
    desk.get_by_label("Reingrese la clave", exact=True).fill("ñ" * 11 + "1")
    expect(met).to_have_count(3)


def test_a_clave_is_generated_shown_and_copied(desk):
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.goto("/usuarios/nuevo/")
    desk.get_by_role("button", name="Generar").click()
    expect(desk.locator(".clave-rule li.met")).to_have_count(3)
    clave = desk.get_by_label("Clave", exact=True)
    expect(clave).to_have_attribute("type", "text")
    desk.get_by_role("button", name="Copiar").click()
    expect(desk.get_by_text("Copiada")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == clave.input_value()


def test_what_still_needs_a_role_follows_the_marks(desk, principal, secondary):
    codes = ["90.1.1.1.1", "90.1.2.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    desk.goto("/usuarios/JPEREZ01/roles/")
    waiting = desk.locator("#waiting-list > li:visible")
    expect(waiting).to_have_count(2)
    desk.get_by_role("checkbox", name="Consulta de despacho").check()
    expect(waiting).to_have_count(1)
    expect(desk.locator("#waiting-status")).to_have_text("1 opción todavía necesita un rol")
    desk.get_by_role("link", name="Marcar los mínimos").click()
    expect(desk.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(waiting).to_have_count(0)
    expect(desk.get_by_text("Ninguna: cada opción tiene su rol.")).to_be_visible()
