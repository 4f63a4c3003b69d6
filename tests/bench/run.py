"""All figures of one database, the one that the environment names: ``python -m bench.run``."""

import gc
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median, quantiles
from threading import Barrier
from time import monotonic, perf_counter

import django

django.setup()

from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.db import connection

from tests.bench import transfer
from tests.bench.browser import Browser, CountingBrowser, Request, Response
from tests.bench.data import World
from tests.bench.errors import CannotMeasureError
from tests.bench.progress import bar
from tests.bench.scale import FULL, QUICK, Scale
from tests.bench.server import MemoryWatch, Server, run_to_the_end
from tests.bench.works import HASHING, OF_MANY_OPTIONS, OF_MANY_USERS, PAGES, Place, Work

# Answers that are not counted: the first ones of a process compile templates and open files.
WARM_UP = 3
SEED = 1


@dataclass
class Stream:
    """A work done in one browser, again and again."""

    browser: Browser
    requests: Iterator[Request]

    @classmethod
    def of(cls, work: Work, place: Place, browser: Browser, number: int = 0) -> "Stream":
        return cls(browser, work(place, browser, number))

    def send(self) -> Response:
        return self.browser.send(next(self.requests))

    def time(self) -> float:
        return self.send().seconds


class Measurement:
    """Figures of works at places, as they come."""

    def __init__(self, world: World, portal: Server, bare: Server) -> None:
        self.world, self.portal, self.bare = world, portal, bare
        self.session_of_the_bare_page = world.session_of_the_bare_page()
        self.rows: list[dict] = []

    def pages(self, place: Place, works: dict[str, Work]) -> None:
        """Each page against the bare Django page."""
        bare = Browser(self.bare.port)
        bare.cookies = {"sessionid": self.session_of_the_bare_page}
        self.compare(
            place, works, self.world.scale.pages, "bare", lambda: bare.send(Request("/")).seconds
        )

    def hashing(self, place: Place) -> None:
        """Each POST that hashes against one bare verification by the hasher of the portal."""

        def verification() -> float:
            started = perf_counter()
            check_password(self.world.clave, self.world.hash)
            return perf_counter() - started

        self.compare(place, HASHING, self.world.scale.hashes, "argon2", verification)

    def compare(
        self,
        place: Place,
        works: dict[str, Work],
        samples: int,
        reference: str,
        time_reference: Callable[[], float],
    ) -> None:
        """Rounds of one of each, in an order that is another each time, so that whatever else the
        machine does meets all of them."""
        streams = {
            name: Stream.of(work, place, Browser(self.portal.port)) for name, work in works.items()
        }
        timers = {name: stream.time for name, stream in streams.items()} | {
            reference: time_reference
        }
        for timer in timers.values():
            for _ in range(WARM_UP):
                timer()
        seconds: dict[str, list[float]] = {name: [] for name in timers}
        order = Random(SEED)
        label = f"{len(works)} trabajos, {place.users} usuarios de {place.portal}"
        gc.disable()
        for _ in bar(label, range(samples), samples):
            for name in order.sample([*timers], len(timers)):
                seconds[name].append(timers[name]())
        gc.enable()
        base = median(seconds[reference])
        for name, work in works.items():
            counted, last = self.counted(work, place)
            self.rows.append(
                {
                    "work": name,
                    "portal": place.portal,
                    "operator": place.users,
                    "options": place.options,
                    **figures(seconds[name]),
                    "reference": reference,
                    "reference_ms": 1000 * base,
                    "ratio": median(seconds[name]) / base,
                    "queries": counted,
                    "bytes": len(last.body),
                    "compressed": len(last.compressed),
                }
            )

    def counted(self, work: Work, place: Place) -> tuple[int, Response]:
        """How many queries it makes, apart from the timed ones: counting costs."""
        stream = Stream.of(work, place, CountingBrowser())
        stream.send()
        return stream.browser.queries, stream.send()

    def rush(self, place: Place) -> None:
        """How many answers a second for many at once; kept in the rows of that place."""
        works = PAGES | HASHING
        for name, work in bar(f"{self.world.scale.clients} a la vez", works.items(), len(works)):
            self.row(name, place)["per_second"] = self.rate(work, place)

    def row(self, work: str, place: Place) -> dict:
        wanted = (work, place.portal, place.users, place.options)
        return next(
            row
            for row in self.rows
            if (row["work"], row["portal"], row["operator"], row["options"]) == wanted
        )

    def rate(self, work: Work, place: Place) -> float:
        clients, seconds = self.world.scale.clients, self.world.scale.rush
        streams = [
            Stream.of(work, place, Browser(self.portal.port), number) for number in range(clients)
        ]
        for stream in streams:
            stream.send()
        together = Barrier(clients)

        def keep_asking(stream: Stream) -> tuple[int, float]:
            together.wait()
            started, answers = monotonic(), 0
            while monotonic() - started < seconds:
                stream.send()
                answers += 1
            return answers, monotonic() - started

        with ThreadPoolExecutor(clients) as pool:
            return sum(answers / took for answers, took in pool.map(keep_asking, streams))

    def load(self, folder: Path) -> dict:
        """Carga masiva by its command, its start included."""
        scale, ruc = self.world.scale, self.world.growing.ruc
        plans = {}
        sizes = {"A": scale.few_planned, "B": scale.planned, "C": scale.loaded}
        for series, rows in bar("Planes de carga masiva", sizes.items(), len(sizes)):
            file = folder / f"{series}.csv"
            self.world.write_file(file, rows, series)
            took, peak, output = run_to_the_end(["users", "plan", "--ruc", ruc, str(file)])
            plans[series] = {"rows": rows, "seconds": took, "peak_kib": peak}
        plan = re.search(r"Plan (\d+)", output)[1]
        rate_before = hashing_rate(scale.loaded // 10)
        took, *_ = run_to_the_end(["users", "apply", "--ruc", ruc, plan])
        raw = (rate_before + hashing_rate(scale.loaded // 10)) / 2
        few, many = plans["A"], plans["B"]
        return {
            "rows": scale.loaded,
            "seconds": took,
            "per_second": scale.loaded / took,
            "raw_per_second": raw,
            "share": scale.loaded / took / raw,
            "planned": many["rows"],
            "plan_seconds": many["seconds"],
            "plan_peak_mib": many["peak_kib"] / 1024,
            "kib_per_row": (many["peak_kib"] - few["peak_kib"]) / (many["rows"] - few["rows"]),
        }


def figures(seconds: list[float]) -> dict:
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return {
        "samples": len(seconds),
        "median_ms": 1000 * median(seconds),
        "p95_ms": 1000 * hundredths[94],
        "p99_ms": 1000 * hundredths[98],
    }


def hashing_rate(hashes: int) -> float:
    """Hashes a second with every core, and nothing else to do."""
    started = monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(make_password, ["Clave12345"] * hashes):
            pass
    return hashes / (monotonic() - started)


def durability() -> str:
    """What a commit waits for; a throwaway PostgreSQL is started with fsync=off."""
    setting = "PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW fsync"
    with connection.cursor() as cursor:
        cursor.execute(setting)
        return f"{setting.split()[1]}={cursor.fetchone()[0]}"


def measure(scale: Scale, folder: Path) -> dict:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    with (
        Server("tests.bench.bare_settings", folder / "bare.log") as bare,
        Server("portal.settings", folder / "portal.log") as portal,
    ):
        world = World(scale)
        bare.wait()
        portal.wait()
        measurement = Measurement(world, portal, bare)
        for size in scale.sizes:
            world.grow(size)
            place = Place(world, world.steady, size, scale.options)
            measurement.pages(place, PAGES)
            measurement.hashing(place)
        # Only now: looking at memory disturbs what is timed one by one.
        memory = {"before_mib": portal.memory()}
        with MemoryWatch(portal) as watch:
            measurement.rush(place)
        visits = transfer.visits(place, Browser(portal.port))
        large = Place(world, world.largest, size, scale.options)
        measurement.pages(large, {name: PAGES[name] for name in OF_MANY_USERS})
        load = measurement.load(folder)
        world.offer_more_options()
        wide = Place(world, world.steady, size, scale.more_options)
        measurement.pages(wide, {name: PAGES[name] for name in OF_MANY_OPTIONS})
        visits += transfer.visits(wide, Browser(portal.port))
        memory |= {"peak_mib": watch.peak, "finished_mib": portal.memory()}
    return {
        "version": ".".join(map(str, connection.get_database_version())),
        "durability": durability(),
        "scale": vars(scale),
        "rows": measurement.rows,
        "load": load,
        "visits": visits,
        "memory": memory,
    }


if __name__ == "__main__":
    # The requests whose queries are counted would each write a line here.
    logging.disable()
    folder, is_quick, audit = Path(sys.argv[1]), sys.argv[2] == "quick", int(sys.argv[3])
    try:
        result = measure(replace(QUICK if is_quick else FULL, audit=audit), folder)
    except CannotMeasureError as error:
        sys.exit(f"No se pudo medir. {error}")
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
