"""The catalogue file: its rules, its loading, and what the shipped catalogue must hold."""

import io
import tomllib
import unicodedata
from collections import Counter

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from operators.models import Operator, OperatorType
from profiles.access.tree import OptionTree
from profiles.actions.grants import assign_options
from profiles.catalog import reading
from profiles.catalog.loading import load_catalog
from profiles.catalog.reading import CATALOG_FILE, CatalogError
from profiles.models import AccessTemplate, Option, OptionGrant, Profile, Role
from profiles.tables import toml_text
from tests.conftest import SMALL_CATALOG, acting
from users.history.recording import Actor

SHIPPED = reading.read(reading.CATALOG_FILE.read_text(encoding="utf-8"))
TYPES = {
    "TRANSPORTISTA": "Transportista o su representante en el país",
    "AGENTE_CARGA": "Agente de carga internacional",
    "DEPOSITO_TEMPORAL": "Depósito temporal",
    "AGENTE_ADUANA": "Agente de aduana",
    "PROVEEDOR_SOFTWARE": "Proveedor de software",
}


def load(catalog: reading.Catalog) -> dict[str, int]:
    return load_catalog(catalog, actor=Actor.server())


def size(content: reading.Catalog) -> int:
    return sum(len(getattr(content, kind)) for kind in reading.COLUMNS)


def edited(*replacements: tuple[str, str]) -> str:
    text = SMALL_CATALOG
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def without(code: str) -> str:
    lines = SMALL_CATALOG.splitlines(keepends=True)
    kept = [line for line in lines if f'code = "{code}"' not in line]
    assert len(kept) == len(lines) - 1
    return "".join(kept)


def rows() -> dict[str, list[tuple]]:
    tables = [*apps.get_app_config("profiles").get_models(include_auto_created=True), OperatorType]
    return {table._meta.label: list(table.objects.order_by("pk").values_list()) for table in tables}


# Loading ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_shipped_catalogue_loads_and_a_second_load_changes_nothing():
    first = load(SHIPPED)
    assert first == {"created": size(SHIPPED), "changed": 0, "retired": 0, "unchanged": 0}
    loaded = rows()
    assert load(SHIPPED) == {
        "created": 0,
        "changed": 0,
        "retired": 0,
        "unchanged": size(SHIPPED),
    }
    assert rows() == loaded


@pytest.mark.django_db
def test_the_command_loads_the_shipped_catalogue_and_prints_the_tally(capsys):
    call_command("load_catalog")
    assert capsys.readouterr().out == (
        f"Catálogo: {size(SHIPPED)} filas nuevas, 0 cambiadas, 0 retiradas, 0 sin cambios.\n"
    )
    assert Option.objects.count() == len(SHIPPED.options)


@pytest.mark.parametrize("content", ["operator_types = [", b"\xff\xfe\x00", None])
@pytest.mark.django_db
def test_the_command_refuses_a_file_that_is_no_catalogue(tmp_path, content):
    file = tmp_path / "catalogo.toml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CommandError, match=r"TOML válido|No se pudo leer|UTF-8"):
        call_command("load_catalog", str(file))
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "model", "code", "field", "value"),
    [
        ('"Consulta de canal"', '"Consulta nueva"', Option, "90.1.2.1.1", "name", "Consulta nueva"),
        ('"Aquí se consulta."', '"Para ver."', Option, "90.1.2.1.1", "purpose", "Para ver."),
        (
            '"Permite consultar."',
            '"Permite ver."',
            Role,
            "NSIGAD.AGENTEADUANA.CONSULTA",
            "permits",
            "Permite ver.",
        ),
        ('name = "Transportista"', 'name = "T"', OperatorType, "TRANSPORTISTA", "name", "T"),
        ('"Comprobantes de pago"', '"Pagos"', Profile, "TRIBUTARIOS", "name", "Pagos"),
    ],
)
def test_one_changed_value_changes_one_row(small_catalog, old, new, model, code, field, value):
    content = reading.read(edited((old, new)))
    tally = load(content)
    assert tally == {"created": 0, "changed": 1, "retired": 0, "unchanged": size(content) - 1}
    assert getattr(model.objects.get(code=code), field) == value


def test_a_change_of_types_and_roles_of_an_option_is_loaded(small_catalog):
    both = '["AGENTE_ADUANA", "TRANSPORTISTA"], roles = ["NSIGAD.AGENTEADUANA.CONSULTA", "NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.TRANSPORTISTA.TRANSMISOR"]'
    one = '["AGENTE_ADUANA"], roles = ["NSIGAD.AGENTEADUANA.CONSULTA"]'
    content = reading.read(edited((both, one)))
    assert load(content)["changed"] == 1
    option = Option.objects.get(code="90.1.2.1.1")
    assert {row.code for row in option.operator_types.all()} == {"AGENTE_ADUANA"}
    assert {row.code for row in option.roles.all()} == {"NSIGAD.AGENTEADUANA.CONSULTA"}
    assert load(content)["changed"] == 0


@pytest.mark.parametrize("code", ["90.1.1.1.2", "11.9.1.1.1"])
def test_an_option_missing_from_the_file_is_retired_and_can_return(principal, secondary, code):
    assign_options(actor=acting(principal), user=secondary, codes=[code], seen=[])
    assert load(reading.read(without(code)))["retired"] == 1
    assert Option.objects.get(code=code).is_retired
    assert not Option.objects.offered_to(secondary.operator).filter(code=code).exists()
    assert OptionGrant.objects.filter(user=secondary, option=code).exists()
    # The option is retired once, not by every load.
    assert load(reading.read(without(code)))["retired"] == 0
    tally = load(reading.read(SMALL_CATALOG))
    assert (tally["created"], tally["retired"]) == (0, 0)
    assert not Option.objects.get(code=code).is_retired
    assert Option.objects.offered_to(secondary.operator).filter(code=code).exists()


def test_a_role_missing_from_the_file_is_retired_and_can_return(operator):
    code = "NSIGAD.AGENTEADUANA.CONSULTA"
    gone = edited(('"NSIGAD.AGENTEADUANA.CONSULTA", "NSIGAD.AG', '"NSIGAD.AG'))
    gone = "".join(
        line for line in gone.splitlines(keepends=True) if f'code = "{code}"' not in line
    )
    assert load(reading.read(gone))["retired"] == 1
    assert code not in {role.code for role in Role.objects.offered_to(operator)}
    load(reading.read(SMALL_CATALOG))
    assert code in {role.code for role in Role.objects.offered_to(operator)}


def test_the_order_of_the_file_is_the_order_of_the_rows(small_catalog):
    lines = SMALL_CATALOG.splitlines(keepends=True)
    first, second = (
        next(number for number, line in enumerate(lines) if f'code = "{code}"' in line)
        for code in ("90.1.1.1.1", "90.1.1.1.2")
    )
    lines[first], lines[second] = lines[second], lines[first]
    assert load(reading.read("".join(lines)))["changed"] == 2
    leaves = OptionTree(Option.objects.leaves()).ordered_leaves
    assert [leaf.code for leaf in leaves][:2] == ["90.1.1.1.2", "90.1.1.1.1"]


# Edits of the small catalogue, and what the refusal of each says.
WRONG_VALUES = [
    ('code = "11.9.1.1.2"', 'code = "11.9.X"', r"11\.9\.X\).*: El código debe ser números"),
    ('code = "11.9.1.1.2"', f'code = "11.{"9" * 40}"', ": .* 40 caracteres"),
    ('name = "Consulta de canal"', f'name = "{"x" * 201}"', r"90\.1\.2\.1\.1\), .* 200 caracteres"),
    ('purpose = "Aquí se numera."', f'purpose = "{"x" * 301}"', r"90\.1\.1\.1\.1\), .* 300"),
    ('permits = "Permite consultar."', f'permits = "{"x" * 301}"', r"CONSULTA\), .* 300"),
    ('name = "Comprobantes de pago"', f'name = "{"x" * 201}"', r"TRIBUTARIOS\), .* 200"),
    ('name = "Transportista"', f'name = "{"x" * 121}"', r"TRANSPORTISTA\), .* 120"),
    (
        'source = "público" },\n]\nroles',
        f'source = "{"x" * 201}" }},\n]\nroles',
        r"TRIBUTARIOS\), .* 200",
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize("is_first", [True, False], ids=["into nothing", "over another"])
def test_a_value_that_no_column_holds_is_refused_and_nothing_is_loaded(subtests, is_first):
    if not is_first:
        load(reading.read(SMALL_CATALOG))
    before = rows()
    for old, new, sentence in WRONG_VALUES:
        with subtests.test(sentence):
            content = reading.read(
                edited(('name = "Agente de aduana"', 'name = "Otro"'), (old, new))
            )
            with pytest.raises(CatalogError, match=sentence):
                load(content)
            assert rows() == before


@pytest.mark.django_db
def test_a_role_code_has_a_system_an_actor_and_a_role(subtests):
    for code in ["nsigad.x.y", "NSIGAD.AGENTE", "NSIGAD.AGENTE.DESPACHO1"]:
        with subtests.test(code=code):
            text = SMALL_CATALOG.replace("NSIGAD.TRANSPORTISTA.TRANSMISOR", code)
            with pytest.raises(CatalogError, match=r"la forma SISTEMA\.ACTOR\.ROL"):
                load(reading.read(text))
            assert not OperatorType.objects.exists()


# Broken files -----------------------------------------------------------------------------------

LEAF = 'parent = "90.1.1", name = "Rectificación electrónica"'


# Edits of the small catalogue, and the first problem of each.
BROKEN_RULES = [
    (
        ', source = "cartilla" },\n  { code = "TRANSP',
        ' },\n  { code = "TRANSP',
        "operator_types, fila 1 (AGENTE_ADUANA), «source»: Falta el valor.",
    ),
    (
        'code = "TRIBUTARIOS", ',
        "",
        "profiles, fila 2 (sin código), «code»: Falta el valor.",
    ),
    (
        'name = "Despacho", ',
        'name = "Despacho", colour = "rojo", ',
        "options, fila 1 (90.1), «colour»: No se conoce esta columna.",
    ),
    (
        'name = "Transmisor"',
        'name = "Transmisor", purpose = "Actuar"',
        "roles, fila 3 (NSIGAD.TRANSPORTISTA.TRANSMISOR), «purpose»: No se conoce esta columna.",
    ),
    (
        'name = "Despacho"',
        "name = 7",
        "options, fila 1 (90.1), «name»: El valor no es válido.",
    ),
    (
        'name = "Despacho"',
        'name = " Despacho"',
        "options, fila 1 (90.1), «name»: El valor no es válido.",
    ),
    (
        'name = "Despacho"',
        'name = ""',
        "options, fila 1 (90.1), «name»: El valor no es válido.",
    ),
    (
        'name = "Despacho"',
        r'name = "Des\u0000pacho"',
        "options, fila 1 (90.1), «name»: El valor no es válido.",
    ),
    (
        'operator_types = ["TRANSPORTISTA"]',
        'operator_types = "TRANSPORTISTA"',
        "options, fila 7 (90.2.1.1.1), «operator_types»: El valor no es válido.",
    ),
    (
        'operator_types = ["TRANSPORTISTA"]',
        "operator_types = [7]",
        "options, fila 7 (90.2.1.1.1), «operator_types»: El valor no es válido.",
    ),
    (
        'operator_type = "TRANSPORTISTA"',
        'operator_type = ["TRANSPORTISTA"]',
        "roles, fila 3 (NSIGAD.TRANSPORTISTA.TRANSMISOR), «operator_type»: El valor no es válido.",
    ),
    (
        'code = "11.9.1.1.2"',
        'code = "11.9.1.1.1"',
        "options, fila 10 (11.9.1.1.1), «code»: 11.9.1.1.1 está repetido.",
    ),
    (
        'code = "TRIBUTARIOS"',
        'code = "ADUANEROS"',
        "profiles, fila 2 (ADUANEROS), «code»: ADUANEROS está repetido.",
    ),
    (
        'operator_type = "TRANSPORTISTA"',
        'operator_type = "NADIE"',
        "roles, fila 3 (NSIGAD.TRANSPORTISTA.TRANSMISOR), «operator_type»: "
        "No existe el tipo de operador NADIE.",
    ),
    (
        'code = "90.1", profile = "ADUANEROS"',
        'code = "90.1", profile = "NADA"',
        "options, fila 1 (90.1), «profile»: No existe el perfil NADA.",
    ),
    (
        LEAF,
        LEAF.replace('"90.1.1"', '"90.7"'),
        "options, fila 4 (90.1.1.1.2), «parent»: La carpeta 90.7 no está en una fila de más arriba.",
    ),
    (
        LEAF,
        LEAF.replace('"90.1.1"', '"90.2"'),
        "options, fila 4 (90.1.1.1.2), «parent»: La carpeta 90.2 no está en una fila de más arriba.",
    ),
    (
        LEAF,
        LEAF.replace('"90.1.1"', '"90.1.1.1.2"'),
        "options, fila 4 (90.1.1.1.2), «parent»: La carpeta 90.1.1.1.2 no está en una fila de más arriba.",
    ),
    (
        LEAF,
        LEAF.replace('"90.1.1"', '"90.1.1.1.1"'),
        "options, fila 4 (90.1.1.1.2), «parent»: 90.1.1.1.1 no es una carpeta.",
    ),
    (
        'parent = "11.9", name',
        'parent = "90.2", name',
        "options, fila 9 (11.9.1.1.1), «parent»: La carpeta 90.2 es de otro perfil.",
    ),
    (
        '["TRANSPORTISTA"], roles = ["NSIGAD.TRANSPORTISTA.TRANSMISOR"]',
        '["TRANSPORTISTA", "NADIE"], roles = []',
        "options, fila 7 (90.2.1.1.1), «operator_types»: No existe el tipo de operador NADIE.",
    ),
    (
        'roles = ["NSIGAD.AGENTEADUANA.DESPACHO"]',
        'roles = ["NSIGAD.NADIE.NADA"]',
        "options, fila 3 (90.1.1.1.1), «roles»: No existe el rol NSIGAD.NADIE.NADA.",
    ),
    (
        '"NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.TRANSPORTISTA.TRANSMISOR"]',
        '"NSIGAD.AGENTEADUANA.DESPACHO"]',
        "options, fila 5 (90.1.2.1.1), «roles»: Cada tipo de operador al que se ofrece necesita un rol, y ninguno más.",
    ),
    (
        'roles = ["NSIGAD.AGENTEADUANA.DESPACHO"]',
        'roles = ["NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.TRANSPORTISTA.TRANSMISOR"]',
        "options, fila 3 (90.1.1.1.1), «roles»: Cada tipo de operador al que se ofrece necesita un rol, y ninguno más.",
    ),
    (
        'name = "Manifiesto de carga"',
        'name = "Manifiesto de carga", roles = ["NSIGAD.TRANSPORTISTA.TRANSMISOR"]',
        "options, fila 6 (90.2), «roles»: Una carpeta no se ofrece ni pide roles por sí misma.",
    ),
    (
        'purpose = "Aquí se numera.", ',
        "",
        "options, fila 3 (90.1.1.1.1), «purpose»: Diga qué se haría ahí.",
    ),
]


def test_each_broken_rule_has_its_own_problem(subtests):
    for old, new, problem in BROKEN_RULES:
        with subtests.test(old=old, new=new, problem=problem):
            with pytest.raises(CatalogError) as refused:
                reading.read(edited((old, new)))
            # Problems that follow from the first one may come after it.
            assert refused.value.problems[0] == problem
            assert str(refused.value) == " · ".join(refused.value.problems)


def test_each_list_is_required(subtests):
    wrong = [(kind, value) for kind in reading.COLUMNS for value in ("'a'", "['a']", "{}", "7")]
    missing = [(kind, None) for kind in reading.COLUMNS if kind not in reading.MAY_BE_MISSING]
    for kind, value in wrong + missing:
        with subtests.test(kind=kind, value=value):
            lists = dict.fromkeys(reading.COLUMNS, "[]") | {kind: value}
            text = "\n".join(f"{name} = {rows}" for name, rows in lists.items() if rows)
            with pytest.raises(CatalogError) as refused:
                reading.read(text)
            assert refused.value.problems == [f"Falta la lista «{kind}»."]


def test_a_file_that_is_no_toml_is_refused(subtests):
    for text in ["a = [", "a = 1\na = 2", "no es nada", "a = " + "9" * 5000]:
        with subtests.test(text=text):
            with pytest.raises(CatalogError) as refused:
                reading.read(text)
            (problem,) = refused.value.problems
            assert problem.startswith("El archivo no es TOML válido")


DEEP = ".".join("abcdef")
# Where a dotted key may stand; strings and comments before it look as if they went on, or ended.
DEEP_KEYS = [
    f"{DEEP} = 1",
    f" [ {DEEP} ]",
    f"[[{DEEP}]]",
    f"x = {{{DEEP} = 1}}",
    " . ".join("abcdef") + " = 1",
    ".".join(['"a"', "'b'"] * 3) + " = 1",
    f'"a\\"b".{DEEP}."c" = 1',
    f'x = """a""""\n{DEEP} = 1',
    f'x = """\\""""\n{DEEP} = 1',
    f'x = """"""\n{DEEP} = 1',
    f"x = '''a''''\n{DEEP} = 1",
    f'x = {{y = """\n" """, {DEEP}."z" = 1}}',
    f"x = {{y = '''\n' ''', {DEEP}.'z' = 1}}",
    f'x = "#"\n{DEEP} = 1',
    f"# it's \"\n{DEEP} = 1",
    f'x = "\\\\"\n{DEEP} = 1',
    f"x = '\\'\n{DEEP} = 1",
]


def test_deep_keys_are_refused_before_they_are_parsed(subtests, monkeypatch):
    """The parser takes the square of their length: twenty seconds for 80 KB."""
    for text in DEEP_KEYS:
        assert tomllib.loads(text)
    monkeypatch.setattr(tomllib, "loads", None)
    for text in DEEP_KEYS:
        with subtests.test(text=text), pytest.raises(CatalogError, match="claves con puntos"):
            reading.read(text)


def test_dots_in_texts_and_comments_are_none_of_keys():
    texts = [f'"{"." * 99}"', f"'{'.' * 99}'", f'"""\n{"." * 99}\n"""', f"7 # {'.' * 99}"]
    for text in texts:
        with pytest.raises(CatalogError, match="Falta la lista"):
            reading.read(f"x = {text}")


def test_a_quoted_text_that_never_ends_is_one_match_to_the_end_of_the_file():
    for text in ('"""x\\', '"""x', '"""\\"""x\\', "'''x\\", "'x\\", "# x\\"):
        assert toml_text.QUOTED.fullmatch(text)


def test_an_accent_that_is_a_character_of_its_own_is_composed():
    text = CATALOG_FILE.read_text()
    assert unicodedata.normalize("NFD", text) != text
    assert reading.read(unicodedata.normalize("NFD", text)) == reading.read(text)


def test_a_file_that_is_too_large_is_not_read_to_its_end():
    file = io.BytesIO(b"#" * 10**7)
    with pytest.raises(CatalogError, match="200 KB"):
        reading.read_file(file)
    assert file.tell() == toml_text.MAX_BYTES + 1


def test_what_is_said_of_a_file_stays_short():
    files = [
        "options = [" + "{}," * 10_000 + "]",
        f"options = [{{ code = 0x{'f' * 10_000} }}]",
        f"options = [{{ code = '{'x' * 10_000}' }}]",
    ]
    for text in files:
        with pytest.raises(CatalogError) as refused:
            reading.read(text)
        assert len(str(refused.value)) < 20_000


def test_all_problems_are_reported_at_once():
    text = edited(('name = "Despacho"', "name = 7"), ('name = "Transmisor"', "name = 7"))
    with pytest.raises(CatalogError) as refused:
        reading.read(text)
    assert len(refused.value.problems) == 2
    text = edited(('purpose = "Aquí se numera.", ', ""), ('purpose = "Aquí se rectifica.", ', ""))
    with pytest.raises(CatalogError) as refused:
        reading.read(text)
    assert len(refused.value.problems) == 2


# What the shipped catalogue promises ------------------------------------------------------------


def leaves_of(profile: str) -> list[dict]:
    return [
        row for row in SHIPPED.options if row["profile"] == profile and not reading.is_folder(row)
    ]


def test_the_operator_types_are_the_five_of_the_guide_by_its_names():
    assert {row["code"]: row["name"] for row in SHIPPED.operator_types} == TYPES


def test_mis_tramites_aduaneros_has_at_least_40_options_in_three_levels_or_more():
    (profile,) = [row for row in SHIPPED.profiles if row["name"] == "Mis Trámites Aduaneros"]
    parents = {row["code"]: row.get("parent") for row in SHIPPED.options}

    def level(code: str) -> int:
        return 1 + (level(parents[code]) if parents[code] else 0)

    leaves = leaves_of(profile["code"])
    assert len(leaves) >= 40
    assert max(level(row["code"]) for row in leaves) >= 3


def test_mis_tramites_aduaneros_has_something_for_each_type(subtests):
    for operator_type in TYPES:
        with subtests.test(operator_type=operator_type):
            assert [row for row in leaves_of("ADUANEROS") if operator_type in row["operator_types"]]


def test_there_are_three_further_profiles_and_none_is_empty():
    assert len(SHIPPED.profiles) == 4
    assert all(leaves_of(row["code"]) for row in SHIPPED.profiles)


def test_one_folder_has_a_name_twice_as_the_real_menu():
    names = Counter(
        (row["parent"], row["name"]) for row in SHIPPED.options if not reading.is_folder(row)
    )
    assert max(names.values()) >= 2


def test_each_type_has_three_roles_or_more_and_each_of_them_acts_somewhere(subtests):
    for operator_type in TYPES:
        with subtests.test(operator_type=operator_type):
            roles = {row["code"] for row in SHIPPED.roles if row["operator_type"] == operator_type}
            acting_roles = {role for row in SHIPPED.options for role in row.get("roles", [])}
            assert len(roles) >= 3
            assert roles <= acting_roles


def test_every_row_has_a_source():
    for kind in reading.COLUMNS:
        assert [row["name"] for row in getattr(SHIPPED, kind) if not row["source"]] == []


def test_every_code_of_our_own_is_marked_as_assumed():
    own = [row for row in SHIPPED.options if "90" in row["code"].split(".")]
    assert own
    assert [row["code"] for row in own if "supuesto" not in row["source"]] == []


def test_every_folder_leads_to_an_option():
    parents = {row.get("parent") for row in SHIPPED.options}
    folders = {row["code"] for row in SHIPPED.options if reading.is_folder(row)}
    assert folders - parents == set()


@pytest.mark.django_db
def test_an_operator_is_offered_the_options_and_roles_of_its_type_and_no_other(subtests):
    load(SHIPPED)
    operator = Operator.objects.create(ruc="20999999043", name="Empresa de Práctica")
    for operator_type in TYPES:
        with subtests.test(operator_type):
            operator.operator_types.set([operator_type])
            offered = [
                row for row in SHIPPED.options if operator_type in row.get("operator_types", [])
            ]
            own_roles = {
                row["code"] for row in SHIPPED.roles if row["operator_type"] == operator_type
            }
            options = {row.code for row in Option.objects.offered_to(operator)}
            assert options == {row["code"] for row in offered}
            assert {row.code for row in Role.objects.offered_to(operator)} == own_roles
            # Where roles act in an option, an offered role is one of them.
            asking = [set(row["roles"]) for row in offered if row["roles"]]
            assert asking
            assert [roles for roles in asking if not roles & own_roles] == []


# Ready templates ----------------------------------------------------------------------------------

TEMPLATE = """templates = [
  { operator_type = "AGENTE_ADUANA", name = "De siempre", options = ["90.1.1.1.1"], roles = ["NSIGAD.AGENTEADUANA.DESPACHO"], source = "supuesto" },
]
"""


@pytest.mark.django_db
def test_each_type_has_a_ready_made_template_whose_options_all_work():
    load(SHIPPED)
    acting = {row["code"]: set(row.get("roles", [])) for row in SHIPPED.options}
    assert AccessTemplate.objects.count() == len(SHIPPED.operator_types)
    for template in AccessTemplate.objects.all():
        roles = {role.code for role in template.roles.all()}
        codes = [option.code for option in template.options.all()]
        assert codes
        assert [code for code in codes if acting[code] and not acting[code] & roles] == []


@pytest.mark.django_db
def test_a_ready_made_template_follows_the_file():
    text = SMALL_CATALOG + TEMPLATE
    load(reading.read(text))
    assert load(reading.read(text))["unchanged"] == size(reading.read(text))
    changed = reading.read(text.replace('options = ["90.1.1.1.1"]', 'options = ["90.1.1.1.2"]'))
    assert load(changed)["changed"] == 1
    assert AccessTemplate.objects.get().options.get().code == "90.1.1.1.2"
    assert load(reading.read(SMALL_CATALOG))["retired"] == 1
    assert not AccessTemplate.objects.exists()


# Edits of TEMPLATE, and the problem of each.
NOT_OFFERED = [
    ('"AGENTE_ADUANA"', '"NADIE"', "No existe el tipo de operador NADIE."),
    ("90.1.1.1.1", "90.2.1.1.1", "La opción 90.2.1.1.1 no se ofrece a AGENTE_ADUANA."),
    ("90.1.1.1.1", "90.1", "La opción 90.1 no se ofrece a AGENTE_ADUANA."),
    (
        "NSIGAD.AGENTEADUANA.DESPACHO",
        "NSIGAD.TRANSPORTISTA.TRANSMISOR",
        "El rol NSIGAD.TRANSPORTISTA.TRANSMISOR no es de AGENTE_ADUANA.",
    ),
]


def test_a_ready_made_template_holds_only_what_its_type_is_offered(subtests):
    for old, new, problem in NOT_OFFERED:
        with subtests.test(old=old, new=new, problem=problem):
            with pytest.raises(CatalogError) as refused:
                reading.read(SMALL_CATALOG + TEMPLATE.replace(old, new))
            assert problem in refused.value.problems[0]


@pytest.mark.django_db
def test_a_ready_made_template_with_a_long_name_is_refused():
    with pytest.raises(CatalogError, match="hasta 80 caracteres"):
        load(reading.read(SMALL_CATALOG + TEMPLATE.replace("De siempre", "x" * 81)))
