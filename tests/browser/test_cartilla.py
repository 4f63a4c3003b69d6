"""The guide being simulated, followed sentence by sentence: docs/cartilla.md maps each to here."""

import re

import pytest
from comunidad_pages import CreateUser, SignIn, UserList
from django.core.management import call_command
from playwright.sync_api import expect

from portal import demo
from tests.browser.browsing import follow
from users.models import AuditEntry, User

# The practice operator of two types: its tree and its roles have a part for each.
RUC = "20000000001"
PRINCIPAL = demo.data()["principal"]
USERNAME = "RQUISPE1"
CLAVE = "Ensayo2026"
PROFILE = "Mis Trámites Aduaneros"
# By type of operator, as the guide says: two of the carrier, one of the customs agent.
GRANTED = {
    "90.1.1.1.1": "Transmisión del manifiesto de carga",
    "90.1.1.2.4": "Nota de tarja",
    "90.4.1.1.1": "DAM 10: Importación para el consumo",
}
PERMITTED = "90.1.1.1.1"
ROLE = "NSIGAD.TRANSPORTISTA.TRANSMISOR"
WITHOUT_ROLE = "90.4.1.1.1"
NOT_GRANTED = "90.1.1.1.2"
SAVED = "El Usuario Secundario y sus Opciones han sido registrados satisfactoriamente."
ROLES_ASSIGNED = "Se ha asignado los roles correctamente al usuario"


@pytest.fixture
def _demo(db, settings):
    settings.DEMO = True
    call_command("load_demo", verbosity=0)


@pytest.fixture(params=["javascript", "no javascript"])
def visitor(request, new_context, axe, shot):
    """A page, and look(name): photograph the screen and check it as it stands."""
    scripts = request.param == "javascript"
    page = new_context(java_script_enabled=scripts).new_page()

    def look(name):
        shot(page, name if scripts else f"{name}-sin-js")
        for width in (320, 360):
            page.set_viewport_size({"width": width, "height": 720})
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, f"{name} is {needed} px wide on a screen of {width}"
        page.set_viewport_size({"width": 1280, "height": 720})
        if scripts:
            axe(page)

    page.look = look
    return page


@pytest.mark.usefixtures("_demo")
def test_the_guide_from_the_first_sentence_to_the_last(visitor):
    page = visitor
    sign_in(page, PRINCIPAL["username"], PRINCIPAL["password"])
    generate_the_user(page)
    assign_profiles(page)
    assign_roles(page)
    the_record_has_one_entry_for_each_thing_done()
    use_what_was_granted(page)


def sign_in(page, username, password, *, ruc=RUC):
    """1. The portal, and in it RUC, usuario and password."""
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/ingresar/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Ingreso")
    page.look("01-ingreso")
    for label in ("RUC", "Usuario", "Clave"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    SignIn(page).sign_in(ruc, username, password)
    expect(page.get_by_role("heading", level=1)).to_have_text("Comunidad del Operador")


def generate_the_user(page):
    """2 to 4. Administración Usuario, Crear Usuario, the person's data, Siguiente."""
    page.look("02-comunidad-del-operador")
    follow(page.get_by_role("navigation").get_by_role("link", name="Administración Usuario"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Administración Usuario")
    page.look("03-administracion-usuario")
    form = UserList(page).create_user()
    fill_in_the_person(form)
    page.look("04-datos-del-usuario")
    form.submit()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"Se ha generado el usuario secundario {USERNAME}."
    )
    user = User.objects.filter(username=USERNAME).latest("pk")
    assert (user.is_principal, user.state) == (False, "active")
    expect(page.get_by_role("heading", name="Importante: Asignar Perfiles")).to_be_visible()
    page.look("05-usuario-generado")


def fill_in_the_person(form, *, clave=CLAVE):
    """The fields stand in the order in which the guide names them."""
    labels = form.page.locator("main form .form-label").all_text_contents()
    assert labels == [
        "Tipo de documento de identidad",
        "Número de documento",
        "Nombres",
        "Apellidos",
        "Correo electrónico (opcional)",
        "Usuario secundario",
        "Clave",
        "Reingrese la clave",
        # Not in the guide: Paso 2 may begin with marks.
        "Empezar con una plantilla (opcional)",
    ]
    form.fill(
        document_type="DNI – Documento Nacional de Identidad",
        document_number="90000077",
        first_name="Rocío",
        last_name="Quispe Imaginaria",
        email="rocio.quispe@ejemplo.pe",
        username=USERNAME.lower(),
        password=clave,
    )


def assign_profiles(page):
    """Importante. Asignar Perfiles, the profile, its options, Siguiente, Grabar."""
    screen = CreateUser(page).assign_profiles()
    expect(page.locator("[name=option]")).to_have_count(0)
    page.look("06-asignar-perfiles")
    screen.choose(PROFILE)
    # All its options, of both types of operator, and none is marked for anybody.
    for group in ("Operaciones del transportista", "Despacho aduanero de ingreso"):
        expect(page.get_by_role("group", name=group)).to_be_visible()
    expect(page.locator("[name=option]:checked")).to_have_count(0)
    page.look("07-opciones-del-perfil")
    for name in GRANTED.values():
        expect(page.get_by_role("checkbox", name=name, exact=True)).to_be_visible()
    screen.check(*GRANTED)
    page.look("08-opciones-marcadas")

    screen.summarise()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"Resumen de opciones asignadas al usuario {USERNAME}"
    )
    granted = page.get_by_role("region", name="3 opciones").locator(".leaf")
    assert set(granted.all_inner_texts()) == set(GRANTED.values())
    assert not options_of_the_user(), "nothing is granted before Grabar"
    page.look("09-resumen")

    screen.save()
    expect(page.get_by_role("heading", level=1)).to_have_text(SAVED)
    assert options_of_the_user() == set(GRANTED)
    page.look("10-opciones-registradas")


def options_of_the_user():
    return set(User.objects.get(username=USERNAME).option_grants.values_list("option", flat=True))


def assign_roles(page):
    """Mark the user in the list, Asignar Roles, mark, Asignar."""
    follow(page.get_by_role("link", name="Ir a Administración Usuario"))
    expect(page.get_by_role("radio", name=re.compile(f"^Seleccionar a {USERNAME}"))).to_be_visible()
    users = UserList(page).mark(USERNAME)
    page.look("11-usuario-marcado")
    screen = users.assign_roles()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Asignar Roles a {USERNAME}")
    page.look("12-asignar-roles")
    screen.check(ROLE).assign()
    expect(page.get_by_role("heading", level=1)).to_have_text(ROLES_ASSIGNED)
    user = User.objects.get(username=USERNAME)
    assert set(user.role_grants.values_list("role", flat=True)) == {ROLE}
    page.look("13-roles-asignados")


def the_record_has_one_entry_for_each_thing_done():
    entries = AuditEntry.objects.filter(subject__username=USERNAME).order_by("pk")
    assert [(entry.action, entry.actor.username) for entry in entries] == [
        (action, PRINCIPAL["username"])
        for action in ("user.created", "options.assigned", "roles.assigned")
    ]


def use_what_was_granted(page):
    """What it was all for: the new user enters, and can do that and nothing else."""
    follow(page.get_by_role("button", name=f"Salir y probar como {USERNAME}"))
    page.get_by_label("Clave", exact=True).fill(CLAVE)
    follow(page.get_by_role("button", name="Ingresar"))
    menu = page.get_by_role("region", name="Su menú").get_by_role("list").get_by_role("link")
    entries = {(link.get_attribute("href"), link.inner_text()) for link in menu.all()}
    assert entries == {(f"/opciones/{code}/", name) for code, name in GRANTED.items()}
    expect(page.get_by_role("link", name="Administración Usuario")).to_have_count(0)
    page.look("14-menu-del-usuario-secundario")

    follow(page.get_by_role("link", name=GRANTED[PERMITTED]))
    expect(page.get_by_role("heading", level=1)).to_have_text(GRANTED[PERMITTED])
    expect(page.get_by_text("usted tiene acceso")).to_be_visible()
    expect(page.locator("[data-reason]")).to_have_count(0)
    page.look("15-opcion-permitida")

    page.goto("/")
    follow(page.get_by_role("link", name=GRANTED[WITHOUT_ROLE]))
    refused_for(page, "role_missing", "Usted no tiene asignado el rol esperado.")
    page.look("16-opcion-sin-rol")

    page.goto(f"/opciones/{NOT_GRANTED}/")
    refused_for(page, "option_not_granted", "Esta opción no está entre las que tiene asignadas.")
    page.look("17-opcion-no-asignada")


def refused_for(page, reason, sentence):
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    reasons = page.locator("[data-reason]").all()
    assert [each.get_attribute("data-reason") for each in reasons] == [reason]
    expect(page.get_by_text("usted tiene acceso")).to_have_count(0)


@pytest.mark.usefixtures("_demo")
def test_every_participant_that_the_guide_names_can_follow_it(new_context):
    """Section 3: each type of operator enters, and is offered options and roles of its own."""
    participants = {
        "20999999019": "Transportista o su representante en el país",
        "20999999027": "Agente de carga internacional",
        "20999999043": "Agente de aduana",
        "20999999035": "Depósito temporal",
        "20999999051": "Proveedor de software",
    }
    offered = {}
    for ruc, operator_type in participants.items():
        page = new_context().new_page()
        page.look = lambda name: None
        sign_in(page, PRINCIPAL["username"], PRINCIPAL["password"], ruc=ruc)
        expect(page.locator(".company")).to_contain_text(operator_type)
        generate_the_user(page)
        CreateUser(page).assign_profiles().choose(PROFILE)
        options = page.locator("[name=option]")
        offered[ruc] = frozenset(option.get_attribute("value") for option in options.all())
        page.goto(f"/usuarios/{USERNAME}/roles/")
        expect(page.get_by_role("group", name=operator_type)).to_be_visible()
    for options in offered.values():
        others = frozenset().union(*(each for each in offered.values() if each is not options))
        assert options - others, "a type that is offered nothing of its own"


@pytest.mark.usefixtures("_demo")
@pytest.mark.parametrize(
    ("clave", "sentence"),
    [
        ("Corta01", "La clave debe tener entre 8 y 12 caracteres"),
        ("DemasiadoLarga1", "La clave debe tener entre 8 y 12 caracteres"),
        ("SinNumeros", "La clave debe incluir al menos un número"),
    ],
)
def test_a_password_outside_the_guides_rule_generates_no_user(visitor, clave, sentence):
    page = visitor
    page.look = lambda name: None
    sign_in(page, PRINCIPAL["username"], PRINCIPAL["password"])
    form = CreateUser(page).open()
    fill_in_the_person(form, clave=clave)
    form.submit()
    expect(page.get_by_role("alert").get_by_role("link", name=sentence)).to_be_visible()
    assert not User.objects.filter(username=USERNAME).exists()
