"""Text as it is searched."""

import pytest

from users.search import LONGEST_SEARCH, fold, search_words


@pytest.mark.parametrize(
    ("text", "folded"), [("PÉREZ", "perez"), ("Ñaupari", "naupari"), ("straße", "strasse")]
)
def test_folding_takes_accents_and_case_away(text, folded):
    assert fold(text) == folded


def test_a_search_costs_a_bounded_number_of_words():
    assert search_words("a b " * 100_000) == {"a", "b"}
    assert len(search_words(" ".join(map(str, range(100_000))))) < LONGEST_SEARCH
