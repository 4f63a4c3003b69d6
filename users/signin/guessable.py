"""Which claves of operators' people are among the first that anybody would try.

Words of this trade, of this country and of every keyboard, and the person's own; with a year, a
number or a sign added, or written with digits for letters, they are no better.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from users.lists.search import fold

# Folded, as claves are before they are looked at.
WORDS = frozenset(Path(__file__).with_suffix(".txt").read_text("utf-8").split())
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "01234567890123456789")
ALSO_WRITTEN = {"a": "[a4@]", "e": "[e3]", "i": "[i1]", "o": "[o0]", "s": "[s5$]", "t": "[t7]"}
MEANT = {ord(sign): letter for letter, signs in ALSO_WRITTEN.items() for sign in signs[2:-1]}
AROUND_WORDS = r"[\W\d_]*"
SHORTEST_WORD = 3


def is_guessable(clave: str, user) -> bool:
    plain = fold(unicodedata.normalize("NFKC", clave))
    own = [fold(text) for text in (user.username, user.document_number) if text]
    names = map(letters, fold(f"{user.username} {user.first_name} {user.last_name}").split())
    return (
        len(set(plain)) < 5
        or any(text in plain for text in own)
        or is_in_a_row(letters(plain))
        or is_in_a_row("".join(filter(str.isdecimal, plain)), at_least=6)
        or consists_of(WORDS.union(name for name in names if len(name) >= SHORTEST_WORD), plain)
    )


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


def is_in_a_row(text: str, *, at_least: int = SHORTEST_WORD) -> bool:
    return len(text) >= at_least and any(text in row or text in row[::-1] for row in ROWS)


def consists_of(words: Iterable[str], text: str) -> bool:
    """Whether there is nothing in it but these words, digits and signs."""
    # Only those that are in it: to make a pattern of all of them, for each of ten thousand people,
    # takes ten times as long as all else that is asked of a file.
    meant = text.translate(MEANT)
    found = (word for word in words if word.translate(MEANT) in meant)
    spelt = ("".join(ALSO_WRITTEN.get(letter, letter) for letter in word) for word in found)
    pattern = f"{AROUND_WORDS}(?:(?:{'|'.join(spelt)}){AROUND_WORDS})*"
    return re.fullmatch(pattern, text) is not None
