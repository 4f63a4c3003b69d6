"""Text as it is searched: the same for people's names and for the names of options."""

import unicodedata

# Nobody searches for more; and each word costs a look at every row.
LONGEST_SEARCH = 100


def search_words(text: str) -> set[str]:
    """The folded words that must all be found."""
    return set(fold(text[:LONGEST_SEARCH]).split())


def fold(text: str) -> str:
    """No accents, no case, so that «perez» finds «PÉREZ»."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
