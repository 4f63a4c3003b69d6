"""The administration in a browser: every list fits its window, and no rule of axe is broken."""

import pytest
from django.utils import timezone

from operators.models import Classroom
from profiles.actions.grants import assign_options, assign_roles
from tests.conftest import acting

LISTS = [
    "users/user/",
    "users/auditentry/",
    "operators/classroom/",
    "operators/operator/",
    "operators/operatortype/",
    "profiles/option/",
    "profiles/optiongrant/",
    "profiles/profile/",
    "profiles/role/",
    "profiles/rolegrant/",
]
# Best practices, which the tags of WCAG leave out, and what Django's own pages broke.
RULES = (
    "region",
    "heading-order",
    "label-title-only",
    "landmark-unique",
    "landmark-one-main",
    "page-has-heading-one",
    "scrollable-region-focusable",
    "aria-prohibited-attr",
    "link-in-text-block",
)
LONGEST = "Maximiliano Ñahuinlla Huarancca de la Concepción Inmaculada Imaginario"


@pytest.fixture
def page(page_of, staff, secondary, principal, operator):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=["90.1.1.1.1", "11.9.1.1.1"], seen=[])
    assign_roles(actor=actor, user=secondary, codes=["NSIGAD.AGENTEADUANA.CONSULTA"], seen=[])
    type(secondary).objects.filter(pk=secondary.pk).update(
        first_name=LONGEST, last_name="x" * 74, document_type="4"
    )
    room = Classroom.objects.create(name=LONGEST, practice_until=timezone.localdate())
    type(operator).objects.filter(pk=operator.pk).update(
        name=LONGEST * 2, classroom=room, trainee=LONGEST
    )
    return page_of(staff)


@pytest.mark.parametrize("width", [360, 1280])
def test_every_list_of_the_administration_fits_its_window(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = {}
    for address in LISTS:
        page.goto(f"/admin/{address}")
        for selector in (".results", "html"):
            measured = "box => [box.scrollWidth, box.clientWidth]"
            needs, has = page.locator(selector).evaluate(measured)
            if needs > has:
                too_wide[address, selector] = needs, has
    assert too_wide == {}


def test_the_pages_of_the_administration_break_no_rule(page, axe, secondary, operator):
    for address in (
        "",
        *LISTS,
        f"users/user/{secondary.pk}/change/",
        f"operators/operator/{operator.pk}/change/",
        f"operators/operator/{operator.pk}/estado/",
        "operators/operator/add/",
        "operators/classroom/add/",
        f"operators/classroom/{Classroom.objects.get().pk}/tablero/",
        f"operators/classroom/{Classroom.objects.get().pk}/cerrar/",
        "profiles/option/90.1.1.1.1/change/",
        "profiles/option/importar/",
        "auth/group/add/",
    ):
        page.goto(f"/admin/{address}")
        axe(page)
        axe(page, *RULES)


def test_the_sign_in_of_staff_breaks_no_rule(page, axe):
    page.context.clear_cookies()
    page.goto("/admin/login/")
    axe(page)
    axe(page, *RULES)


def test_the_start_page_begins_with_what_staff_does(page):
    page.goto("/admin/")
    assert page.locator(".task strong").all_inner_texts() == [
        "Crear empresa",
        "Abrir un aula",
        "Buscar un usuario",
        "Catálogo",
        "Movimientos",
    ]
    assert page.get_by_role("link", name="Grupos").count() == 0
    page.get_by_label("Buscar un usuario").fill("JPEREZ01")
    page.keyboard.press("Enter")
    page.wait_for_url("**/users/user/?q=JPEREZ01")
    assert page.locator("#result_list tbody tr").count() == 1


def test_the_slips_of_an_aula_are_read_on_every_screen_and_printed_eight_to_a_page(page, axe):
    page.goto("/admin/operators/classroom/add/")
    page.get_by_label("Nombre del aula").fill("Turno mañana")
    page.get_by_label("Agente de aduana").check()
    page.get_by_label("Cuántas empresas").fill("9")
    page.get_by_label("Nombres de los alumnos").fill(f"Ana Ruiz\n{LONGEST}\n{'x' * 100}")
    once = "form => form.addEventListener('submit', sent => sent.preventDefault(), {once: true})"
    page.locator("#content-main form").evaluate(once)
    page.get_by_role("button", name="Abrir un aula").click()
    page.get_by_role("button", name="Un momento…").click()
    page.locator(".slip").first.wait_for()
    assert page.locator(".slip").count() == 9
    axe(page)
    axe(page, *RULES)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The paper inside its margins, of 12 mm.
    page.set_viewport_size({"width": 703, "height": 1032})
    page.emulate_media(media="print")
    boxes = [slip.bounding_box() for slip in page.locator(".slip").all()]
    assert len({round(box["x"]) for box in boxes}) == 2
    assert boxes[0]["y"] < 20
    assert boxes[6]["y"] + boxes[6]["height"] - boxes[0]["y"] < 1032
