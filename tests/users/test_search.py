"""Text search without accents or case."""

import pytest

from users.lists.search import LONGEST_SEARCH, LONGEST_TEXT, fold, search_words, searchable


@pytest.mark.parametrize(
    ("text", "folded"), [("PÉREZ", "perez"), ("Ñaupari", "naupari"), ("straße", "strasse")]
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
