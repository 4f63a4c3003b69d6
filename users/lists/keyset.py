"""Pages of a list that cost the same wherever they stand: each begins at a row, not after n rows.

The address of a page holds what its neighbour's last row is sorted by (``despues``, or ``antes``
for the way back), so that rows that come and go meanwhile move nothing. docs/decisions/0014 says
what that costs and saves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import number_format

AFTER, BEFORE = "despues", "antes"

# Nobody reads a number to the last digit that large, and counting takes time.
COUNTED = 10_000


@dataclass(frozen=True)
class Page:
    """Some rows of a list, the keys of its neighbours where there are any, and how many in all."""

    rows: list
    total: int
    previous: list[str] = field(default_factory=list)
    following: list[str] = field(default_factory=list)

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def said_total(self) -> str:
        counted = number_format(min(self.total, COUNTED), force_grouping=True)
        return f"Más de {counted}" if self.total > COUNTED else counted


def page_of(found: QuerySet, order: Sequence[str], size: int, query, *, rows=None) -> Page:
    """The page of ``found`` that the address asks for; the first one if it asks for none there is.

    ``order`` are names of columns or annotations that are never NULL, all of them descending if
    one is, the last of them unique. ``found`` only says which rows, and may be answered by an
    index alone; they are read from ``rows``, which brings whatever else the page shows.
    """
    total = found.order_by()[: COUNTED + 1].count()
    rows = found.model.objects.all() if rows is None else rows
    pages = _Pages(found, rows, order, size, total)
    if key := _key(found, order, query.getlist(AFTER)):
        page = pages.after(key)
    elif key := _key(found, order, query.getlist(BEFORE)):
        page = pages.before(key)
    else:
        return pages.first()
    return page or pages.first()


@dataclass(frozen=True)
class _Pages:
    found: QuerySet
    rows: QuerySet
    order: Sequence[str]
    size: int
    total: int

    def first(self) -> Page:
        some, goes_on = self._some(self.found, self.order)
        return self._page(some, following=goes_on)

    def after(self, key: list) -> Page | None:
        """None if nothing is there any more."""
        some, goes_on = self._some(self.found.filter(_beyond(self.order, key)), self.order)
        return self._page(some, previous=True, following=goes_on) if some else None

    def before(self, key: list) -> Page | None:
        """None if there is less than a page: the first one begins there, and is whole."""
        back = _reverse(self.order)
        some, goes_on = self._some(self.found.filter(_beyond(back, key)), back)
        if len(some) < self.size:
            return None
        return self._page(some[::-1], previous=goes_on, following=True)

    def _some(self, found: QuerySet, order: Sequence[str]) -> tuple[list, bool]:
        """The first rows in this order, and whether there are more."""
        keys = found.order_by(*order).values("pk")[: self.size + 1]
        some = list(self.rows.filter(pk__in=keys).order_by(*order))
        return some[: self.size], len(some) > self.size

    def _page(self, rows: list, *, previous: bool = False, following: bool = False) -> Page:
        return Page(
            rows,
            self.total,
            previous=_values(rows[0], self.order) if previous else [],
            following=_values(rows[-1], self.order) if following else [],
        )


def _beyond(order: Sequence[str], key: Sequence) -> Q:
    """What comes after the row of this key.

    The first column is compared once more by itself: an index serves that, and not the rest.
    """
    *outer, (last, value) = zip(order, key, strict=True)
    beyond = _past(last, value)
    for name, value in reversed(outer):
        beyond = _past(name, value) | Q(**{name.removeprefix("-"): value}) & beyond
    return _past(order[0], key[0], or_at="e") & beyond


def _past(name: str, value, *, or_at: str = "") -> Q:
    lookup = "lt" if name.startswith("-") else "gt"
    return Q(**{f"{name.removeprefix('-')}__{lookup}{or_at}": value})


def _reverse(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def _values(row, order: Sequence[str]) -> list[str]:
    values = (getattr(row, name.removeprefix("-")) for name in order)
    return [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]


def _key(found: QuerySet, order: Sequence[str], texts: list[str]) -> list | None:
    """The key that an address holds; None if it holds none or none of this order."""
    try:
        return [
            _value(found, name.removeprefix("-"), text)
            for name, text in zip(order, texts, strict=True)
        ]
    except (ValueError, ValidationError):
        return None


def _value(found: QuerySet, name: str, text: str):
    annotation = found.query.annotations.get(name)
    if annotation is not None:
        column = annotation.output_field
    else:
        column = found.model._meta.pk if name == "pk" else found.model._meta.get_field(name)
    value = column.to_python(text)
    if isinstance(value, datetime) and timezone.is_naive(value):
        raise ValueError(text)
    return value
