"""The figures as a page of Markdown, which is also what the terminal shows, and as a plot."""

import json
from datetime import datetime
from html import escape
from math import ceil, log2, log10
from pathlib import Path

from tests.bench.targets import Figures, verdicts

NAMES = {
    "sign_in": "Ingreso",
    "home": "Inicio",
    "list_first": "Lista, página 1",
    "list_deep": "Lista, página 50",
    "search": "Lista, búsqueda",
    "create": "Crear Usuario",
    "options": "Opciones",
    "options_post": "Opciones, Grabar",
    "roles": "Roles",
    "roles_post": "Roles, Asignar",
    "access_table": "Accesos",
    "history": "Historial",
    "sign_in_post": "Ingreso, Ingresar",
    "create_post": "Crear Usuario, Siguiente",
}
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PLOTTED = ("home", "list_first", "list_deep", "search", "options", "access_table", "history")


def save(folder: Path, results: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(f"{text}\n", encoding="utf-8")
    (folder / "results.md").write_text(page(results), encoding="utf-8")
    (folder / "cost.svg").write_text(plot(results), encoding="utf-8")


def page(results: dict) -> str:
    machine = results["machine"]
    parts = [
        "# Cuánto cuesta",
        "Lo escribe `make bench`. Valen las proporciones, medidas por turnos en la misma corrida; los "
        "milisegundos son de una máquina. Cómo se mide y qué se hizo con ello: "
        "[0015](../decisions/0015-measured.md).",
        f"{machine['processor']}, {machine['cores']} núcleos, Python {machine['python']}, Django "
        f"{machine['django']}, {datetime.fromisoformat(machine['at']):%d/%m/%Y %H:%M}. Carga de la "
        f"máquina: {number(machine['load_before'])} al empezar, {number(machine['load_after'])} al "
        "terminar (1 o menos al empezar es una máquina quieta).",
        "![Costo de cada página según los usuarios del portal](cost.svg)",
    ]
    for name, result in results["databases"].items():
        parts += section(DATABASES[name], result)
    return "\n\n".join(parts) + "\n"


def section(database: str, result: dict) -> list[str]:
    memory, load = result["memory"], result["load"]
    return [
        f"## {database} {result['version']}",
        f"Al confirmar: {result['durability']}.",
        table(
            ["Objetivo", "Límite", "Medido", "Exigido", ""],
            [
                [
                    verdict.what,
                    verdict.target,
                    f"{number(verdict.measured)} {verdict.unit}".strip(),
                    f"{number(verdict.limit)} {verdict.unit}".strip(),
                    "cumple" if verdict.is_met else "NO CUMPLE",
                ]
                for verdict in verdicts(result, NAMES)
            ],
        ),
        "`×` es veces la página mínima de Django (una plantilla con una consulta) o, en lo que cifra, "
        "veces una verificación de Argon2; `/s`, respuestas por segundo con "
        f"{result['scale']['clients']} clientes a la vez.",
        table(
            [
                "Trabajo",
                "Portal",
                "Empresa",
                "Opciones",
                "Mediana ms",
                "p95",
                "p99",
                "×",
                "Consultas",
                "KiB",
                "KiB gzip",
                "/s",
            ],
            [
                [
                    NAMES[row["work"]],
                    str(row["portal"]),
                    str(row["operator"]),
                    str(row["options"]),
                    *(number(row[f"{which}_ms"]) for which in ("median", "p95", "p99")),
                    number(row["ratio"]),
                    str(row["queries"]),
                    number(row["bytes"] / 1024),
                    number(row["compressed"] / 1024),
                    number(row["per_second"]) if "per_second" in row else "",
                ]
                for row in result["rows"]
            ],
        ),
        f"Memoria de todos los procesos del servidor (PSS): {number(memory['before_mib'])} MiB "
        f"mientras pide uno solo, {number(memory['peak_mib'])} MiB como máximo con "
        f"{result['scale']['clients']}, {number(memory['finished_mib'])} MiB al terminar.",
        f"Carga masiva: {load['rows']} usuarios con clave en {number(load['seconds'])} s, "
        f"{number(load['per_second'])} por segundo, donde solo cifrar da "
        f"{number(load['raw_per_second'])}. El plan de {load['planned']} filas, "
        f"{number(load['plan_seconds'])} s y {number(load['plan_peak_mib'])} MiB.",
        table(
            ["Página", "Opciones", "Primera visita KiB", "Siguiente KiB", "De otros sitios"],
            [
                [
                    NAMES[visit["page"]],
                    str(visit["options"]),
                    number(visit["first"] / 1024),
                    number(visit["next"] / 1024),
                    ", ".join(visit["elsewhere"]) or "nada",
                ]
                for visit in result["visits"]
            ],
        ),
    ]


def number(value: float) -> str:
    """Three digits are more than is known."""
    text = f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return text.replace(".", ",")


def table(titles: list[str], rows: list[list[str]]) -> str:
    """Columns as wide on a terminal as on a page; all but the first to the right."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    lines = [titles, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])], *rows]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )


# The plot ------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP = 420, 300, 45, 40
# For the names at the end of the lines.
RIGHT = 120
COLOURS = ("#1b5e9b", "#b3541e", "#2e7d32", "#7b3fa0", "#00796b", "#a3223f", "#5d5d5d")


def plot(results: dict) -> str:
    """For each database a panel: times the bare page, against the users in the portal."""
    databases = results["databases"].items()
    panels = [
        f'<g transform="translate({position * (WIDTH + RIGHT)} 0)">{panel(DATABASES[name], result)}</g>'
        for position, (name, result) in enumerate(databases)
    ]
    width = len(panels) * (WIDTH + RIGHT)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 60}" '
        f'font-family="sans-serif" font-size="12" fill="#333" role="img">'
        "<title>Veces la página mínima, según los usuarios del portal</title>"
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(panels)}</svg>\n'
    )


def panel(title: str, result: dict) -> str:
    figures = Figures(result)
    lines = {
        work: [figures.row(work, portal=size)["ratio"] for size in figures.sizes]
        for work in PLOTTED
    }
    # Each line of the grid is twice the one below.
    doublings = max(1, ceil(log2(max(max(ratios) for ratios in lines.values()))))
    first, last = log10(figures.sizes[0]), log10(figures.sizes[-1])

    def x(size: int) -> float:
        return LEFT + (WIDTH - LEFT) * (log10(size) - first) / (last - first)

    def y(ratio: float) -> float:
        return TOP + HEIGHT * (1 - log2(max(1, ratio)) / doublings)

    heading = f"{title}: veces la página mínima"
    parts = [f'<text x="{LEFT}" y="20" font-weight="bold">{heading}</text>']
    for ratio in (2**doubling for doubling in range(doublings + 1)):
        parts.append(
            f'<path d="M{LEFT} {y(ratio):.1f}H{WIDTH}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(ratio) + 4:.1f}" text-anchor="end">{ratio}</text>'
        )
    parts += [
        f'<text x="{x(size):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{size}</text>'
        for size in figures.sizes
    ]
    places = apart({work: y(ratios[-1]) for work, ratios in lines.items()})
    for (work, ratios), colour in zip(lines.items(), COLOURS, strict=True):
        points = " ".join(
            f"{x(size):.1f},{y(ratio):.1f}"
            for size, ratio in zip(figures.sizes, ratios, strict=True)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH + 6}" y="{places[work] + 4:.1f}" fill="{colour}">{escape(NAMES[work])}</text>'
        )
    return "".join(parts)


def apart(heights: dict[str, float], gap: float = 14) -> dict[str, float]:
    """The same heights, none nearer to the one above than a line of text."""
    placed: dict[str, float] = {}
    lowest = float("-inf")
    for name in sorted(heights, key=heights.__getitem__):
        lowest = placed[name] = max(heights[name], lowest + gap)
    return placed
