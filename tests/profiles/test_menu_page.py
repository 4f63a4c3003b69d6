"""`load_catalog --from-menu`: the rows of a catalogue from a menu that somebody saved."""

import io
import tomllib

import pytest
from django.core.management import CommandError, call_command

from profiles.catalog import menu_page, reading
from profiles.catalog.export import current_catalog
from profiles.catalog.loading import load_catalog
from profiles.models import Option
from tests.conftest import PASSWORD, RUC, acting, person
from users.actions import operators
from users.history.recording import Actor

MENU = "/cl-ti-itmenu/MenuInternet.htm"
SHIPPED = reading.read(reading.CATALOG_FILE.read_text(encoding="utf-8"))
# As public robots describe the real document: levels side by side, and elements without a meaning here.
PAGE = """<!doctype html><html><body><header>EMPRESA FICTICIA SAC RUC 20999999043</header>
<div id="divOpcionServicio2"><span class="spanNivelDescripcion">Empresas</span></div>
<ul><li id="nivel1_62" class="nivel1"><i></i><span class="spanNivelDescripcion"> Guía de
  Remisión&nbsp;Electrónica </span></li>
<li id="nivel2_62_1" class="nivel2"><span class="x spanNivelDescripcion">Gu\u00eda</span></li>
<li id="nivel4_62_1_5_1_1" class="nivel4"><span class="spanNivelDescripcion">Consulta &lt;GRE&gt;</span>
<li id="nivel4_62_1_5_1_1"><span class="spanNivelDescripcion">Otra vez</span></li>
<li id="nivel4_62_1_5_1_2"><span class="spanNivelDescripcion"> </span></li>
<li id="nivel1_11"><span class="spanNivelDescripcion">Comprobantes de pago</span></li>
<li id="nivel2_11_9"><span class="spanNivelDescripcion">Envío de documentos</span></li>
<li id="nivel4_11_9_1_1_1"><span class="spanNivelDescripcion">Servicio</span></li></ul>
<script>var token = "x";</script></body></html>""".replace("\\u00ed", "i\u0301")


@pytest.fixture
def printed(tmp_path, capsys):
    """printed(page) is what the command prints for a page that was saved."""
    file = tmp_path / "menu.html"

    def run(page: str | bytes, *options: str) -> str:
        file.write_bytes(page if isinstance(page, bytes) else page.encode())
        call_command("load_catalog", "--from-menu", str(file), *options)
        return capsys.readouterr().out

    return run


def test_our_own_menu_gives_our_own_catalogue(staff, client_of, printed, clock):
    load_catalog(SHIPPED, actor=Actor.server())
    principal = operators.create_operator(
        actor=acting(staff),
        ruc=RUC,
        name="Empresa de todo",
        operator_types=[row["code"] for row in SHIPPED.operator_types],
        username="TITULAR1",
        password=PASSWORD,
        **person(90000001),
    ).users.get()
    found = tomllib.loads(printed(client_of(principal).get(MENU).content))
    source = f"menú propio, {clock.now.astimezone():%Y-%m-%d}"
    expected = {row["code"]: {**row, "source": source} for row in current_catalog().options}
    assert {row["code"]: row for row in found["options"]} == expected
    assert found["profiles"] == []
    # To be imported, the rows only need the other lists, and their order is one that is taken.
    assert reading.problems_of({**SHIPPED.lists(), "options": found["options"]}) == []


def test_a_saved_menu_gives_codes_names_folders_and_nothing_else(small_catalog, printed, clock):
    before = list(Option.objects.values_list())
    text = printed(PAGE, "--type", "TRANSPORTISTA")
    source = f"menú propio, {clock.now.astimezone():%Y-%m-%d}"
    new = {"profile": "MENU62", "source": source}
    known = {"profile": "TRIBUTARIOS", "source": source}
    assert tomllib.loads(text) == {
        "profiles": [{"code": "MENU62", "name": "Guía de Remisión Electrónica", "source": source}],
        "options": [
            {"code": "62", "name": "Guía de Remisión Electrónica", **new},
            {"code": "62.1", "parent": "62", "name": "Guía", **new},
            {
                "code": "62.1.5.1.1",
                "parent": "62.1",
                "name": "Consulta <GRE>",
                "purpose": "Opción del menú propio.",
                "operator_types": ["TRANSPORTISTA"],
                "roles": [],
                **new,
            },
            {"code": "11", "name": "Comprobantes de pago", **known},
            {"code": "11.9", "parent": "11", "name": "Envío de documentos", **known},
            {
                "code": "11.9.1.1.1",
                "parent": "11.9",
                "name": "Servicio",
                "purpose": "Aquí se envía.",
                "operator_types": ["AGENTE_ADUANA", "TRANSPORTISTA"],
                "roles": [],
                **known,
            },
        ],
    }
    assert "EMPRESA" not in text
    assert RUC not in text
    assert list(Option.objects.values_list()) == before


def test_new_options_are_offered_to_every_type_unless_told(small_catalog, printed):
    rows = {row["code"]: row for row in tomllib.loads(printed(PAGE))["options"]}
    assert rows["62.1.5.1.1"]["operator_types"] == ["AGENTE_ADUANA", "TRANSPORTISTA"]
    with pytest.raises(CommandError, match="No existe el tipo de operador NADIE"):
        printed(PAGE, "--type", "NADIE")


ENDLESS = [b"<![", b"<!--", b"<a", b'<a b="', b"<nivel a", b"<nivel a='"]
REFUSED = {
    menu_page.NO_MENU: [
        b"",
        b"<html><body>Hola</body></html>",
        b"PK\x03\x04",
        b"%PDF-1.7",
        b'<li id="nivel4_28_1"><span>sin clase</span></li>',
        b'<span class="spanNivelDescripcion">sin identificador</span>',
        b'<li id="nivel9_28"><span class="spanNivelDescripcion">x</span></li>',
        b'<li id="nivel4_28<b>"><span class="spanNivelDescripcion">x</span></li>',
        b'<!-- <li id="nivel4_28"><span class="spanNivelDescripcion">x</span></li> -->',
        b"<script>'<li id=nivel4_28><span class=spanNivelDescripcion>x</span></li>'</script>",
        # What opens and never ends: a reader that looks for each end takes hours.
        *(piece * (2**20 // len(piece)) for piece in ENDLESS),
    ],
    menu_page.NOT_UTF_8: [
        PAGE.encode("latin-1", "replace"),
        PAGE.encode("utf-16"),
        b"\x89PNG\r\n\xff",
    ],
    menu_page.TOO_BIG: [PAGE.encode() + b" " * 20 * 1024**2],
}


def test_a_page_that_is_no_menu_is_refused_with_a_sentence(small_catalog, printed, tmp_path):
    for sentence, pages in REFUSED.items():
        for page in pages:
            with pytest.raises(CommandError) as refused:
                printed(page)
            assert str(refused.value) == sentence, page[:40]
    with pytest.raises(CommandError, match="No se pudo leer"):
        call_command("load_catalog", "--from-menu", str(tmp_path / "nada.html"))


def test_a_page_is_not_read_to_its_end_when_it_is_too_large():
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            self.asked += size
            return b"x" * size

    page = Endless()
    with pytest.raises(reading.CatalogError):
        menu_page.read_names(page)
    assert page.asked == menu_page.MAX_BYTES + 1


def test_an_identifier_says_the_level_and_the_code():
    assert menu_page.identifier("28.1") == "nivel2_28_1"
    assert menu_page.identifier("28.1.2") == "nivel3_28_1_2"
    assert menu_page.identifier("28.1.2.1.1") == "nivel4_28_1_2_1_1"
    assert menu_page.identifier("90.1.1.1") == "nivel4_90_1_1_1"
