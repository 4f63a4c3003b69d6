"""The tree of options: its shape, its order, its counts and its search."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.access.tree import OptionTree
from profiles.models import Option, Profile

pytestmark = pytest.mark.django_db

DECLARATION, RECTIFICATION, CHANNEL = "90.1.1.1.1", "90.1.1.1.2", "90.1.2.1.1"
MANIFEST, SERVICE, NAMESAKE = "90.2.1.1.1", "11.9.1.1.1", "11.9.1.1.2"


@pytest.fixture(autouse=True)
def catalog(small_catalog):
    """Every test reads the small catalogue."""


def tree(**terms) -> OptionTree:
    return OptionTree(Option.objects.leaves(), **terms)


def codes(nodes) -> list[str]:
    return [node.code for node in nodes]


def shape(nodes) -> dict:
    return {node.code: shape(node.children) for node in nodes}


def group(options: OptionTree, code: str):
    """Return the profile or folder of that code."""
    waiting = list(options)
    while waiting:
        node = waiting.pop()
        if node.code == code:
            return node
        waiting += node.children
    raise AssertionError(f"{code} is not in the tree")


def test_leaves_are_under_their_folders_and_folders_under_their_profile():
    assert shape(tree()) == {
        "ADUANEROS": {
            "90.1": {"90.1.1": {DECLARATION: {}, RECTIFICATION: {}}, CHANNEL: {}},
            "90.2": {MANIFEST: {}},
        },
        "TRIBUTARIOS": {"11.9": {SERVICE: {}, NAMESAKE: {}}},
    }


def test_a_folder_or_profile_without_a_leaf_is_not_in_the_tree():
    only = OptionTree(Option.objects.leaves().filter(code=CHANNEL))
    assert shape(only) == {"ADUANEROS": {"90.1": {CHANNEL: {}}}}


def test_a_leaf_may_be_directly_under_its_profile():
    Option.objects.filter(code=CHANNEL).update(parent=None)
    assert shape(tree())["ADUANEROS"].keys() == {"90.1", "90.2", CHANNEL}


def test_a_tree_of_nothing_is_false_and_empty():
    empty = OptionTree([])
    assert not empty
    assert list(empty) == empty.selected == empty.matches == empty.ordered_leaves == []
    assert empty.codes == frozenset()
    assert empty.assumed_count == 0
    assert tree()


def test_a_leaf_has_its_path_and_a_folder_is_no_leaf():
    options = tree()
    leaf = next(leaf for leaf in options.leaves if leaf.code == DECLARATION)
    assert leaf.path == (
        "Mis Trámites Aduaneros",
        "Despacho",
        "Declaraciones",
        "Numeración de la declaración",
    )
    assert (leaf.is_leaf, leaf.parent.is_leaf) == (True, False)
    assert leaf.leaves == [leaf]
    assert codes(group(options, "90.1").leaves) == [DECLARATION, RECTIFICATION, CHANNEL]


def test_the_catalogue_decides_the_order_and_not_the_text_of_the_code():
    # As text 90.1.10.1.1 is before 90.1.2.1.1; the order of the rows does not matter.
    template = Option.objects.get(code=CHANNEL)
    Option.objects.create(
        code="90.1.10.1.1",
        name="Décima",
        profile=template.profile,
        parent=template.parent,
        position=template.position + 1,
    )
    Option.objects.filter(code=RECTIFICATION).update(position=0)
    Profile.objects.filter(code="TRIBUTARIOS").update(position=0)
    in_order = [SERVICE, NAMESAKE, RECTIFICATION, DECLARATION, CHANNEL, "90.1.10.1.1", MANIFEST]
    for order in ("code", "-code"):
        options = OptionTree(Option.objects.leaves().order_by(order))
        assert codes(options) == ["TRIBUTARIOS", "ADUANEROS"]
        assert codes(options.ordered_leaves) == in_order


def test_selected_leaves_are_counted_at_every_level():
    options = tree(selected={SERVICE, CHANNEL, RECTIFICATION, "99.9.9.9.9"})
    assert codes(options.selected) == [RECTIFICATION, CHANNEL, SERVICE]
    counts = {
        code: group(options, code).selected_count
        for code in ("ADUANEROS", "90.1", "90.1.1", "90.2", "TRIBUTARIOS", "11.9")
    }
    assert counts == {
        "ADUANEROS": 2,
        "90.1": 2,
        "90.1.1": 1,
        "90.2": 0,
        "TRIBUTARIOS": 1,
        "11.9": 1,
    }
    assert options.codes == {DECLARATION, RECTIFICATION, CHANNEL, MANIFEST, SERVICE, NAMESAKE}


SEARCHES = [
    ("", [DECLARATION, RECTIFICATION, CHANNEL, MANIFEST, SERVICE, NAMESAKE]),
    ("   ", [DECLARATION, RECTIFICATION, CHANNEL, MANIFEST, SERVICE, NAMESAKE]),
    ("numeración", [DECLARATION]),
    ("numeracion", [DECLARATION]),
    ("NUMERACIÓN", [DECLARATION]),
    ("  NUMERACION  ", [DECLARATION]),
    ("numeracio\u0301n", [DECLARATION]),
    ("declaraciones rectif", [RECTIFICATION]),
    ("rectif declaraciones", [RECTIFICATION]),
    ("declaraciones", [DECLARATION, RECTIFICATION]),
    ("comprobantes", [SERVICE, NAMESAKE]),
    ("11.9.1.1.2", [NAMESAKE]),
    ("servicio 1.1.2", [NAMESAKE]),
    ("despacho manifiesto", []),
    ("%", []),
    ("aqui se numera", []),
]


def test_a_search_matches_all_words_in_path_name_or_code_without_accents_or_case(subtests):
    for query, found in SEARCHES:
        with subtests.test(query=query, found=found):
            assert codes(tree(query=query).matches) == found


def test_a_search_removes_nothing_from_the_tree():
    everything, narrowed = tree(), tree(query="rectificacion")
    assert shape(narrowed) == shape(everything)
    counts = {
        code: group(narrowed, code).match_count
        for code in ("ADUANEROS", "90.1", "90.1.1", "90.2", "TRIBUTARIOS")
    }
    assert counts == {"ADUANEROS": 1, "90.1": 1, "90.1.1": 1, "90.2": 0, "TRIBUTARIOS": 0}


def test_selected_leaves_that_do_not_match_are_counted_as_hidden():
    options = tree(selected={DECLARATION, RECTIFICATION, SERVICE}, query="rectificacion")
    hidden = {
        code: group(options, code).hidden_selected_count
        for code in ("ADUANEROS", "90.1.1", "90.2", "TRIBUTARIOS")
    }
    assert hidden == {"ADUANEROS": 1, "90.1.1": 1, "90.2": 0, "TRIBUTARIOS": 1}
    assert codes(options.selected) == [DECLARATION, RECTIFICATION, SERVICE]


FOLDERS = [
    ("90.1.1", {DECLARATION, RECTIFICATION}),
    ("90.1", {DECLARATION, RECTIFICATION, CHANNEL}),
    ("ADUANEROS", {DECLARATION, RECTIFICATION, CHANNEL, MANIFEST}),
    (DECLARATION, {DECLARATION}),
    ("90", set()),  # the beginning of a code is not a folder
    ("99.9", set()),
    ("", set()),
    ("\0", set()),
]


def test_under_a_folder_are_its_leaves_at_any_depth(subtests):
    for code, under in FOLDERS:
        with subtests.test(code=code, under=under):
            assert tree().under(code) == under


def test_under_a_folder_are_only_the_matching_leaves():
    assert tree(query="rectificacion").under("90.1.1") == {RECTIFICATION}
    assert tree(query="rectificacion").under("90.2") == set()


SOURCES = [
    ("supuesto", True),
    ("nombre: portal público; código: supuesto", True),
    ("público", False),
    ("cartilla", False),
]


def test_leaves_with_an_assumed_part_are_counted(subtests):
    for source, is_assumed in SOURCES:
        with subtests.test(source=source, is_assumed=is_assumed):
            Option.objects.update(source="público")
            Option.objects.filter(code__in=[DECLARATION, "90.1"]).update(source=source)
            assert tree().assumed_count == int(is_assumed)  # the folder is not counted


def test_many_options_cost_as_many_queries_as_few():
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            options = tree(selected={DECLARATION}, query="de")
            for profile in options:
                _ = profile.selected_count, profile.match_count, profile.hidden_selected_count
            _ = [leaf.path for leaf in options.ordered_leaves], options.assumed_count
        return len(captured)

    few = queries()
    template = Option.objects.get(code=DECLARATION)
    for number in range(3, 40):
        folder = Option.objects.create(
            code=f"90.{number}", name="Carpeta", profile=template.profile, is_folder=True
        )
        leaf = Option.objects.create(
            code=f"90.{number}.1.1.1", name="Hoja", profile=template.profile, parent=folder
        )
        leaf.operator_types.set(template.operator_types.all())
        leaf.roles.set(template.roles.all())
    assert len(tree().leaves) == 6 + 37
    assert queries() == few
