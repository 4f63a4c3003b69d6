"""What the portal must not cost more than, and whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass

LISTS = ("list_first", "list_deep", "search")


@dataclass(frozen=True)
class Verdict:
    """``limit`` is the most that may be measured, or with ``at_least`` the least."""

    what: str
    target: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        if self.at_least:
            return self.measured >= self.limit
        return self.measured <= self.limit


class Figures:
    """The results of one database, found by what they are of."""

    def __init__(self, result: dict) -> None:
        self.result = result
        self.sizes = result["scale"]["sizes"]
        self.steady, self.largest = result["scale"]["steady"], result["scale"]["largest"]
        self.options, self.more_options = (
            result["scale"][name] for name in ("options", "more_options")
        )

    def row(self, work: str, portal: int = 0, operator: int = 0, options: int = 0) -> dict:
        wanted = {
            "work": work,
            "portal": portal or self.sizes[-1],
            "operator": operator or self.steady,
            "options": options or self.options,
        }
        return next(row for row in self.result["rows"] if wanted.items() <= row.items())


def verdicts(result: dict, name_of: dict[str, str]) -> Iterator[Verdict]:
    figures = Figures(result)
    for work in ("sign_in_post", "create_post"):
        row = figures.row(work)
        limit = 1.25 * row["reference_ms"] + 8
        yield Verdict(name_of[work], "1,25 × Argon2 + 8 ms", row["median_ms"], limit, "ms")
    in_the_largest = {work: figures.row(work, operator=figures.largest) for work in LISTS}
    for work, row in in_the_largest.items():
        what = f"{name_of[work]}, {figures.largest} en la empresa"
        yield Verdict(what, "2,5 × página mínima", row["ratio"], 2.5, "×")
    deep = in_the_largest["list_deep"]["median_ms"] / in_the_largest["list_first"]["median_ms"]
    yield Verdict("Lista, página 50 / página 1", "1,1 ×", deep, 1.1, "×")
    for work in LISTS:
        # Each against the bare page of its own round: the machine may be slower an hour later.
        growth = figures.row(work)["ratio"] / figures.row(work, portal=figures.sizes[0])["ratio"]
        what = f"{name_of[work]}, {figures.sizes[-1]} / {figures.sizes[0]} en el portal"
        yield Verdict(what, "1,2 ×", growth, 1.2, "×")
    few = figures.row("options")["ratio"]
    yield Verdict(f"{name_of['options']}, {figures.options}", "3 × página mínima", few, 3, "×")
    many = figures.row("options", options=figures.more_options)["ratio"] / few
    what = f"{name_of['options']}, {figures.more_options} / {figures.options}"
    yield Verdict(what, "4 ×", many, 4, "×")
    load = result["load"]
    share = 100 * load["share"]
    what = f"Carga masiva, {load['rows']} usuarios con clave"
    yield Verdict(what, "85 % de solo cifrar", share, 85, "%", at_least=True)
    what = f"Plan de {load['planned']} filas"
    yield Verdict(what, "5 s", load["plan_seconds"], 5, "s")
    yield Verdict(f"{what}, memoria", "4 KiB por fila", load["kib_per_row"], 4, "KiB")
    for options in (figures.options, figures.more_options):
        visits = [visit for visit in result["visits"] if visit["options"] == options]
        for key, what, limit in (("first", "Primera visita", 60), ("next", "Siguiente visita", 15)):
            heaviest = max(visits, key=lambda visit: visit[key])
            what = f"{what}, {options} opciones, la más pesada ({name_of[heaviest['page']]})"
            yield Verdict(what, f"{limit} KiB", heaviest[key] / 1024, limit, "KiB")
    elsewhere = sum(len(visit["elsewhere"]) for visit in result["visits"])
    yield Verdict("Solicitudes a otros sitios", "ninguna", elsewhere, 0, "")
    memory = result["memory"]["finished_mib"]
    yield Verdict("Memoria del servidor al terminar", "200 MiB", memory, 200, "MiB")
