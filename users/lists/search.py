"""Text as it is searched: the same for people's names and for the names of options."""

import unicodedata
from collections.abc import Iterable

# An index of PostgreSQL holds no more than 2,704 bytes of a row: these, of four bytes each, leave
# room for the rest. Only names made to be long are longer.
LONGEST_TEXT = 600

# Nobody searches for more; and each word costs a look at every row.
LONGEST_SEARCH = 100


def search_words(text: str) -> set[str]:
    """The folded words that must all be found."""
    return set(fold(text[:LONGEST_SEARCH]).split())


def searchable(texts: Iterable[str]) -> str:
    """What is searched in, of all that a row is found by."""
    return fold(" ".join(texts))[:LONGEST_TEXT]


def fold(text: str) -> str:
    """No accents, no case, so that «perez» finds «PÉREZ»."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
