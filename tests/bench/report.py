"""The figures of a database in Markdown: what is judged as a list, every page in one table."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

from tests.bench.data import Scale
from tests.bench.works import LISTS

TITLES = ("Trabajo", "Portal", "Empresa", "Opciones", "Mediana ms", "p95", "p99", "× referencia")
TITLES += ("Consultas", "KiB", "Primera visita KiB", "Siguiente KiB", "Por segundo")


@dataclass
class Row:
    """Of one work: milliseconds, times its reference in the same rounds, queries, KiB."""

    median: float
    p95: float
    p99: float
    ratio: float
    queries: int
    size: float
    first_visit: float
    next_visit: float
    per_second: float | None = None


# The most bare pages that a page may cost, where nothing else is said of it below.
MOST = {"Roles": 3.5, "Accesos": 12, "Historial": 4, "Opciones, Grabar": 2, "Roles, Asignar": 2}

# By work, users in the portal, users in the operator, options offered.
Rows = dict[tuple[str, int, int, int], Row]


@dataclass(frozen=True)
class Figure:
    """What was measured, and perhaps the most, or ``at_least`` the least, that it may be."""

    what: str
    measured: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    def __str__(self) -> str:
        text = f"- {self.what}: {number(self.measured)} {self.unit}"
        if self.limit is None:
            return text
        is_met = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        side = "al menos" if self.at_least else "a lo más"
        return f"{text}, {side} {number(self.limit)}: {'cumple' if is_met else 'NO CUMPLE'}"


def judged(rows: Rows, scale: Scale) -> Iterator[Figure]:
    first, *_, last = scale.sizes
    here = last, first, scale.options
    for work in ("Ingreso, Ingresar", "Crear Usuario, Siguiente"):
        row = rows[work, *here]
        limit = 1.25 * row.median / row.ratio + 8
        yield Figure(f"{work}, contra 1,25 × Argon2 + 8 ms", row.median, "ms", limit)
    large = {work: rows[work, last, scale.largest, scale.options] for work in LISTS}
    for work in LISTS:
        what = f"{work}, {scale.largest} en la empresa"
        yield Figure(what, large[work].ratio, "× página mínima", 2.5)
        # Ratios, for the two sizes are measured minutes apart.
        growth = rows[work, *here].ratio / rows[work, first, first, scale.options].ratio
        yield Figure(f"{work}, {last} / {first} en el portal", growth, "×", 1.2)
    deep = large["Lista, página 50"].median / large["Lista, página 1"].median
    yield Figure("Lista, página 50 / página 1", deep, "×", 1.1)
    home = rows["Inicio", last, scale.largest, scale.options]
    yield Figure(f"Inicio, {scale.largest} en la empresa", home.ratio, "× página mínima", 4)
    for work, limit in MOST.items():
        yield Figure(work, rows[work, *here].ratio, "× página mínima", limit)
    few = rows["Opciones", *here].ratio
    many = rows["Opciones", last, first, scale.more_options].ratio
    yield Figure(f"Opciones, {scale.options}", few, "× página mínima", 3)
    yield Figure(f"Opciones, {scale.more_options} / {scale.options}", many / few, "×", 4)
    for options in (scale.options, scale.more_options):
        visited = [(key[0], row) for key, row in rows.items() if key[3] == options]
        for what, visit, limit in (("Primera", "first_visit", 35), ("Siguiente", "next_visit", 15)):
            kib, work = max((getattr(row, visit), work) for work, row in visited)
            what = f"{what} visita, {options} opciones, la más pesada ({work})"
            yield Figure(what, kib, "KiB", limit)


def section(title: str, figures: list[Figure], rows: Rows) -> str:
    lines = [TITLES, ["---", *["---:"] * (len(TITLES) - 1)]]
    lines += [[*map(str, key), *map(number, astuple(row))] for key, row in rows.items()]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([f"## {title}", "\n".join(map(str, figures)), table])


def number(value: float | None) -> str:
    """Three digits are more than is known."""
    if value is None:
        return ""
    digits = 0 if value >= 100 or isinstance(value, int) else 1 if value >= 10 else 2
    return f"{value:.{digits}f}".replace(".", ",")
