"""Going through the portal as a person would, link by link, and watching what the database does."""

import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import unescape
from importlib import import_module
from types import ModuleType
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.db import connection, transaction
from django.db.models import Model

from users.models import Session

LINK = re.compile(r'<a\b[^>]*?\shref="([^"]*)"')
WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE")


def walk(client, *starts: str, leaving_out: str = r"$^") -> Iterator[tuple[str, object]]:
    """Every page that links lead to from these addresses, with its answer.

    Of addresses that differ in the values of their query only, the first stands for all; and a
    list that is filtered already is not filtered further. ``leaving_out`` is a pattern of paths.
    """
    waiting, known = [*starts], set()
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        key = (parts.path, tuple(sorted({name for name, _ in parse_qsl(parts.query)})))
        if (
            key in known
            or parts.netloc
            or re.search(leaving_out, parts.path)
            or parts.path.startswith("/static/")
        ):
            continue
        known.add(key)
        response = client.get(address)
        yield address, response
        if response.get("Location"):
            waiting.append(urljoin(address, response["Location"]))
        elif response["Content-Type"].startswith("text/html"):
            # Parsing the page whole would take longer than making it.
            hrefs = map(unescape, LINK.findall(content(response).decode()))
            links = [urljoin(address, href) for href in hrefs]
            waiting += [
                link for link in links if not (parts.query and urlsplit(link).path == parts.path)
            ]


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that write to the database meanwhile; a session's own row does not count."""
    written = []

    def watch(execute, sql, params, many, context):
        if sql.lstrip("( ").upper().startswith(WRITING) and Session._meta.db_table not in sql:
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield written


@contextmanager
def undone() -> Iterator[None]:
    """What is written meanwhile is taken back, so that one world serves many tries."""
    outermost = transaction.atomic()
    # As those that Django's own test case opens: a durable transaction inside takes it for none.
    outermost._from_testcase = True
    with outermost:
        yield
        transaction.set_rollback(True)


@cache
def _select(model: type[Model], leaving_out: tuple[str, ...]) -> str:
    """The statement that reads a table; Django takes longer to make it than the database to run it."""
    names = [f.attname for f in model._meta.concrete_fields if f.name not in leaving_out]
    return str(model._base_manager.order_by("pk").values_list(*names).query)


def rows_of(model: type[Model], *leaving_out: str) -> list[tuple]:
    """Every row of a table as the database holds it, without the fields to be left out."""
    with connection.cursor() as cursor:
        cursor.execute(_select(model, leaving_out))
        return cursor.fetchall()


def modules_of(package: ModuleType) -> list[ModuleType]:
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return [import_module(module.name) for module in found]


def content(response) -> bytes:
    return b"".join(response) if response.streaming else response.content
