"""Text search without accents or case."""

from urllib.parse import quote

import pytest

from profiles.actions.grants import assign_options
from tests.conftest import acting, soup
from users.actions import operators
from users.lists.search import LONGEST_SEARCH, LONGEST_TEXT, fold, search_words, searchable

APOSTROPHES = "'’´`ʼ‘′"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("PÉREZ", "perez"),
        ("Ñaupari", "naupari"),
        ("straße", "strasse"),
        *((f"D{apostrophe}Angelo", "d'angelo") for apostrophe in APOSTROPHES),
    ],
)
def test_folding_removes_accents_and_case(text, folded):
    assert fold(text) == folded


def test_the_words_of_a_search_are_limited():
    assert search_words("a b " * 100_000) == {"a", "b"}
    assert len(search_words(" ".join(map(str, range(100_000))))) < LONGEST_SEARCH


def test_the_search_text_fits_an_index_of_the_database(secondary):
    # Each of these syllables is three letters once it is taken apart, of three bytes each.
    names = "".join(chr(0xAC01 + n * 37) for n in range(150))
    secondary.first_name = secondary.last_name = names
    secondary.email = f"{'a' * 240}@ejemplo.pe"
    secondary.save()
    secondary.refresh_from_db()
    assert len(secondary.search_text) == LONGEST_TEXT
    assert searchable(["JPEREZ01", names]).startswith("jperez01 ")


PORTAL = ("/usuarios/?texto={}", "/accesos/?texto={}", "/historial/?texto={}")
ADMINISTRATION = (
    "/admin/users/user/?q={}",
    "/admin/users/auditentry/?q={}",
    "/admin/profiles/optiongrant/?q={}",
)


def test_every_kind_of_apostrophe_finds_every_other(make_secondary, principal, staff, client_of):
    """A name is stored with one kind; a search may have any, in each search of a person."""
    make_secondary("DANGELO1", 90000011, last_name="D’Ángelo")
    assert [*principal.operator.users.filter(last_name="D'Ángelo")]
    assign_options(
        actor=acting(principal),
        user=principal.operator.users.get(username="DANGELO1"),
        codes=["90.1.1.1.1"],
        seen=[],
    )
    for user, searches in ((principal, PORTAL), (staff, ADMINISTRATION)):
        client = client_of(user)
        for address in searches:
            for apostrophe in APOSTROPHES:
                page = soup(client.get(address.format(quote(f"D{apostrophe}Angelo"))))
                assert "DANGELO1" in page.select_one("main").text, (address, apostrophe)


def test_a_company_is_stored_and_found_with_any_apostrophe(operator, staff, client_of):
    operators.change_operator(
        actor=acting(staff),
        operator=operator,
        name="L’Oriental",
        operator_types=["AGENTE_ADUANA"],
        is_active=True,
    )
    operator.refresh_from_db()
    assert operator.name == "L'Oriental"
    client = client_of(staff)
    for apostrophe in APOSTROPHES:
        for model in ("operators/operator", "users/user", "users/auditentry"):
            page = soup(client.get(f"/admin/{model}/", {"q": f"l{apostrophe}oriental"}))
            assert "L'Oriental" in page.select_one("#result_list").text, (model, apostrophe)


def test_a_search_takes_each_word_as_typed_or_folded(make_secondary, principal, staff, client_of):
    """The name of an option is stored with its accents, that of a person folded."""
    user = make_secondary("DANGELO1", 90000011, last_name="D’Ángelo")
    assign_options(actor=acting(principal), user=user, codes=["90.1.1.1.1"], seen=[])
    page = client_of(staff).get("/admin/profiles/optiongrant/", {"q": "D´Ángelo Numeración"})
    assert "DANGELO1" in soup(page).select_one("#result_list").text
