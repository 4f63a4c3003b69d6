"""Passwords that an attacker tries first (docs/decisions/0024).

Words of foreign trade, of Peru and of the keyboard, and the user's own names, usuario and document;
also with digits and signs around them, or with digits in place of letters.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from operators.validators import normalised
from users.lists.search import fold

# Folded, as ``is_guessable`` folds the password.
WORDS = frozenset(Path(__file__).with_suffix(".txt").read_text("utf-8").split())
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "01234567890123456789")
ALSO_WRITTEN = {"a": "[a4@]", "e": "[e3]", "i": "[i1]", "o": "[o0]", "s": "[s5$]", "t": "[t7]"}
MEANT = {ord(sign): letter for letter, signs in ALSO_WRITTEN.items() for sign in signs[2:-1]}
AROUND_WORDS = r"[\W\d_]*"
SHORTEST_WORD = 3


def is_guessable(password: str, user) -> bool:
    """Whether an attacker tries this password of the user among the first."""
    plain = fold(normalised("NFKC", password))
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
    """Only the letters of a text."""
    return "".join(filter(str.isalpha, text))


def is_in_a_row(text: str, *, at_least: int = SHORTEST_WORD) -> bool:
    """Whether the text is part of a row of the keyboard, of the alphabet or of the digits."""
    return len(text) >= at_least and any(text in row or text in row[::-1] for row in ROWS)


def consists_of(words: Iterable[str], text: str) -> bool:
    """Whether the text consists of these words, digits and signs alone."""
    # Only the words that occur in the text: a pattern of all words, compiled for each row of a bulk
    # load, takes ten times as long as all other checks of the row.
    meant = text.translate(MEANT)
    found = (word for word in words if word.translate(MEANT) in meant)
    spelt = ("".join(ALSO_WRITTEN.get(letter, letter) for letter in word) for word in found)
    pattern = f"{AROUND_WORDS}(?:(?:{'|'.join(spelt)}){AROUND_WORDS})*"
    return re.fullmatch(pattern, text) is not None
