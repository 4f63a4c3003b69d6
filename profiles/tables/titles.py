"""Finds the columns of a table by their titles, as people write them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from users.lists.search import fold

LONGEST_TITLE = 100
# Titles of a column that only numbers the rows. «N°» is «n».
_NUMBERING = {"n", "item", "num", "index"}


@dataclass(frozen=True)
class Column:
    """``name`` is what the column holds, ``heading`` its title, ``also`` other titles of it."""

    name: str
    heading: str
    note: str
    also: tuple[str, ...] = ()


class Titles:
    """The titles of one kind of table; the row of titles has that of the column ``key``."""

    def __init__(self, columns: Iterable[Column], key: str) -> None:
        self.key = key
        self._by_title = {
            bare(title): column for column in columns for title in (column.heading, *column.also)
        }

    def column(self, title: str) -> Column | None:
        """Return the column of a title. Accents, case, spaces and punctuation do not matter."""
        return self._by_title.get(bare(title[:LONGEST_TITLE]))

    def row(self, rows: list[list[str]]) -> int | None:
        """Return the index of the row of titles among the first rows; None if there is none.

        It has the key and another known title, or else the key alone.
        """
        known = [{column.name for column in map(self.column, row) if column} for row in rows]
        with_key = [index for index, names in enumerate(known) if self.key in names]
        alone = with_key[0] if with_key else None
        return next((index for index in with_key if len(known[index]) > 1), alone)


def bare(text: str) -> str:
    """Return the letters and digits of a text, folded: «D.N.I.» is «dni», «Usuario*» is «usuario»."""
    return re.sub("[^a-z0-9]", "", fold(text))


def is_numbering(title: str) -> bool:
    """Return whether the title is of a column that only numbers the rows: «N°», «Ítem», «#»."""
    return title.strip() == "#" or bare(title[:LONGEST_TITLE]) in _NUMBERING
