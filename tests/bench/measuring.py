"""All figures of one database, the one that DATABASE_URL names."""

import gzip
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import sample
from statistics import median, quantiles
from time import monotonic
from timeit import timeit

from bs4 import BeautifulSoup
from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.db import connection

from tests.bench import works
from tests.bench.data import Scale, World
from tests.bench.report import Figure, Row, Rows, judged, section
from tests.bench.works import HASHING, PAGES, CountingVisitor, Place, Visitor, Work
from tests.places import run
from tests.server import Answer, MemoryWatch, Server

# Runs manage.py, then prints what the kernel knows of the process.
MANAGE = """import runpy
runpy.run_path("manage.py", {}, "__main__")
print(open("/proc/self/status").read())"""


def main(scale: Scale, folder: str) -> None:
    """Print the section of the report about this database."""
    logging.disable()  # or each request whose queries are counted writes a line
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    log, bare_project = Path(folder, "log"), {"DJANGO_SETTINGS_MODULE": "tests.bench.bare"}
    with Server(os.environ | bare_project, log) as bare, Server({**os.environ}, log) as portal:
        world, visitor, rows = World(scale), Visitor(bare), {}
        visitor.send("/enter/")

        def bare_page() -> float:
            return visitor.send("/").seconds

        def argon2() -> float:
            return timeit(lambda: check_password(world.password, world.hash), number=1)

        for size in scale.sizes:
            world.grow(size)
            place = Place(world, portal, world.steady, size, scale.options)
            rows |= compare(place, PAGES, bare_page) | compare(place, HASHING, argon2)
        # Only now: looking at memory disturbs what is timed one by one.
        memory = [Figure("Memoria del servidor, un cliente", portal.memory(), "MiB")]
        with MemoryWatch(portal) as watch:
            for name, work in (PAGES | HASHING).items():
                rows[name, *place.key].per_second = rate(work, place)
        memory.append(Figure(f"Memoria del servidor, {scale.clients} a la vez", watch.peak, "MiB"))
        large = replace(place, operator=world.largest)
        rows |= compare(large, {name: PAGES[name] for name in works.OF_MANY_USERS}, bare_page)
        load = [*load_figures(world, Path(folder))]
        world.offer_more_options()
        wide = replace(place, options=scale.more_options)
        rows |= compare(wide, {name: PAGES[name] for name in works.OF_MANY_OPTIONS}, bare_page)
        memory.append(Figure("Memoria del servidor al terminar", portal.memory(), "MiB", 200))
    title = f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"
    print(section(title, [*judged(rows, scale), *load, *memory], rows))


def compare(place: Place, compared: dict[str, Work], reference: Callable[[], float]) -> Rows:
    """By turns, each round in another order: whatever else the machine does meets all of them."""
    scale, streams = place.world.scale, {name: work(place, 1) for name, work in compared.items()}
    times: dict[str, list[float]] = {name: [] for name in (*streams, "")}
    for number in range(-scale.warm_up, scale.samples):
        for name in sample([*times], len(times)):
            seconds = next(streams[name]).seconds if name else reference()
            if number >= 0:
                times[name].append(1000 * seconds)
    rows, counting = {}, copy(place)  # with the address of page 50, once found
    counting.browser = CountingVisitor
    for name, work in compared.items():
        hundredths = quantiles(times[name], n=100, method="inclusive")
        middle, p95, p99 = (hundredths[n - 1] for n in (50, 95, 99))
        sizes = weights(next(streams[name]), Visitor(place.server))
        # The first request of a new session also writes when the session was seen.
        queries = [*islice(work(counting, 1), 2)][1].queries
        ratio = middle / median(times[""])
        rows[name, *place.key] = Row(middle, p95, p99, ratio, queries, *sizes)
    return rows


def weights(page: Answer, visitor: Visitor) -> tuple[float, float, float]:
    """KiB of a page, of a visit with an empty cache, and of the next one."""
    first = after = weight(page)
    for tag in BeautifulSoup(page.content, "html.parser").select("link[href], [src]"):
        file = visitor.send(tag.get("href") or tag["src"])
        first += weight(file)
        if "immutable" not in file.headers["Cache-Control"]:
            after += weight(file)
    return len(page.content) / 1024, first, after


def weight(answer: Answer) -> float:
    """Headers and body; the proxy compresses what the portal sends as it is."""
    is_packed = "Content-Encoding" in answer.headers
    body = answer.content if is_packed else gzip.compress(answer.content, 6)
    return (len(bytes(answer.headers)) + len(body)) / 1024


def rate(work: Work, place: Place) -> float:
    """Answers a second for many browsers at once."""
    clients, rush = place.world.scale.clients, place.world.scale.rush
    streams = [work(place, number) for number in range(1, clients + 1)]
    for stream in streams:
        next(stream)
    started = monotonic()

    def ask(stream: Iterator[Answer]) -> float:
        answers = 0
        while (took := monotonic() - started) < rush:
            next(stream)
            answers += 1
        return answers / took

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(ask, streams))


def load_figures(world: World, folder: Path) -> Iterator[Figure]:
    """Carga masiva by its commands, the start of each included."""
    scale, own = world.scale, ("--ruc", world.growing.ruc)
    for series, rows in enumerate((scale.planned // 10, scale.planned, scale.loaded)):
        world.write_file(folder / f"{series}.csv", rows, series)
    _, few_kib, _ = command("plan", *own, f"{folder}/0.csv")
    seconds, many_kib, _ = command("plan", *own, f"{folder}/1.csv")
    what = f"Plan de {scale.planned} filas"
    yield Figure(what, seconds, "s", 5)
    kib_of_a_row = (many_kib - few_kib) / (scale.planned - scale.planned // 10)
    yield Figure(f"{what}, memoria por fila", kib_of_a_row, "KiB", 4)
    _, _, output = command("plan", *own, f"{folder}/2.csv")
    before = hashes_per_second(scale.loaded // 10)
    seconds, _, _ = command("apply", *own, re.search(r"Plan (\d+)", output)[1])
    raw = (before + hashes_per_second(scale.loaded // 10)) / 2
    what, loaded = f"Carga masiva, {scale.loaded} usuarios con clave", scale.loaded / seconds
    yield Figure(what, loaded, "por segundo")
    yield Figure(f"{what}, contra solo cifrar", 100 * loaded / raw, "%", 85, at_least=True)


def command(*arguments: str) -> tuple[float, int, str]:
    """Seconds, peak of memory in KiB, and output of a command about users."""
    started, process = monotonic(), [sys.executable, "-c", MANAGE, "users", *arguments]
    output = run(process, os.environ["DATABASE_URL"], DEMO="false")
    peak = re.search(r"^VmHWM:\s+(\d+) kB", output, re.MULTILINE)[1]
    return monotonic() - started, int(peak), output


def hashes_per_second(hashes: int) -> float:
    """With every core, and nothing else to do."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return hashes / timeit(
            lambda: [*pool.map(make_password, ["Clave12345"] * hashes)], number=1
        )
