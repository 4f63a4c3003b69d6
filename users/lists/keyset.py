"""Keyset pagination: a page begins after a row's key, so every page costs the same.

The address holds the sort key of the last row of the previous page (``despues``) or of the first
row of the next one (``antes``), so inserted and deleted rows do not shift the pages
(docs/decisions/0014 has the costs).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import number_format

AFTER, BEFORE = "despues", "antes"

# Stop counting here: exact totals are slow and not needed.
COUNTED = 10_000


@dataclass(frozen=True)
class Page:
    """The rows of a page, the keys of the pages beside it, and the total of all rows."""

    rows: list
    total: int
    previous: list[str] = field(default_factory=list)
    following: list[str] = field(default_factory=list)
    # The rows before the page; None on the first page.
    earlier: QuerySet | None = field(default=None, compare=False)

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def said_total(self) -> str:
        counted = number_format(min(self.total, COUNTED), force_grouping=True)
        return f"Más de {counted}" if self.total > COUNTED else counted

    @cached_property
    def range(self) -> str:
        """Return which rows the page holds, «21–40»; "" beyond the counting limit.

        Costs a count on every page but the first, for screens that show it alone.
        """
        before = self.earlier.order_by()[: COUNTED + 1].count() if self.earlier is not None else 0
        if before > COUNTED or not self.rows:
            return ""
        first, last = (
            number_format(number, force_grouping=True)
            for number in (before + 1, before + len(self.rows))
        )
        return first if first == last else f"{first}–{last}"

    @property
    def has_neighbours(self) -> bool:
        return bool(self.previous or self.following)


def page_of(found: QuerySet, order: Sequence[str], size: int, query, *, rows=None) -> Page:
    """Return the page of ``found`` that the address names; the first page for an invalid key.

    ``order`` names columns or annotations that are never NULL, all descending if one is, the last
    one unique. ``found`` selects the rows, from an index alone where possible; ``rows`` is the
    queryset that reads them, with all that the page shows.
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
        """Return the page after the key; None if no row follows."""
        some, goes_on = self._some(self.found.filter(_beyond(self.order, key)), self.order)
        return self._page(some, previous=True, following=goes_on) if some else None

    def before(self, key: list) -> Page | None:
        """Return the page before the key; None if fewer rows than a page precede it."""
        back = _reverse(self.order)
        some, goes_on = self._some(self.found.filter(_beyond(back, key)), back)
        if len(some) < self.size:
            return None
        return self._page(some[::-1], previous=goes_on, following=True)

    def _some(self, found: QuerySet, order: Sequence[str]) -> tuple[list, bool]:
        """Return the first rows in this order, and whether more follow."""
        keys = found.order_by(*order).values("pk")[: self.size + 1]
        some = list(self.rows.filter(pk__in=keys).order_by(*order))
        return some[: self.size], len(some) > self.size

    def _page(self, rows: list, *, previous: bool = False, following: bool = False) -> Page:
        earlier = None
        if previous:
            key = [getattr(rows[0], name.removeprefix("-")) for name in self.order]
            earlier = self.found.filter(_beyond(_reverse(self.order), key))
        return Page(
            rows,
            self.total,
            previous=_values(rows[0], self.order) if previous else [],
            following=_values(rows[-1], self.order) if following else [],
            earlier=earlier,
        )


def _beyond(order: Sequence[str], key: Sequence) -> Q:
    """Return the condition for the rows after this key.

    The first column is compared on its own as well: an index serves that comparison alone.
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
    """Return the key that an address holds; None if it is missing or invalid for this order."""
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
