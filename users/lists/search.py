"""Text search without accents or case, the same for names of people and of options."""

import unicodedata
from collections.abc import Iterable

from operators.validators import normalised, plain_apostrophes

# A PostgreSQL index entry has at most 2,704 bytes: 600 characters of up to four bytes leave room
# for the other columns.
LONGEST_TEXT = 600

# Characters of a search: each word costs a scan of every row.
LONGEST_SEARCH = 100


def search_words(text: str) -> set[str]:
    """Return the folded words of a search; a row must contain them all."""
    return set(fold(text[:LONGEST_SEARCH]).split())


def searchable(texts: Iterable[str]) -> str:
    """Return the folded text of a row in which searches look."""
    return fold(" ".join(texts))[:LONGEST_TEXT]


def fold(text: str) -> str:
    """Return the text without accents and case, with plain apostrophes: «d'avila» finds «D’ÁVILA»."""
    decomposed = normalised("NFD", plain_apostrophes(text))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
