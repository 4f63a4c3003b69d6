"""Text that somebody stored is text on every page: no element, no attribute, no header, no query.

The payloads are written straight into the rows, past every validator, for the pages must not rely
on any of them.
"""

import csv
import io
import json
import logging
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import islice

import pytest
from django.db import models
from django.http import HttpResponse

from operators.models import Operator, OperatorType
from profiles.models import AccessTemplate, Option, Profile, Role
from tests.payloads import KEPT, MARK, PAYLOADS
from tests.routes import FORMS, form_of, url
from tests.walking import content, walk
from users.models import AuditEntry, User


class MarkFinder(HTMLParser):
    """Collects each element or attribute that a payload made of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if MARK in tag or (tag in ("base", "iframe") and any(MARK in (v or "") for _, v in attrs)):
            self.found.append(self.get_starttag_text()[:80])
        for name, value in attrs:
            value = value or ""
            is_handler = name.startswith("on") and MARK in value
            is_address = name in ("href", "src", "action", "formaction", "srcdoc") and (
                re.match(r"\s*(javascript|data|//)", value) and MARK in value
            )
            if MARK in name or is_handler or is_address:
                self.found.append(f"{tag} {name}={value[:60]}")

    def handle_data(self, data) -> None:
        # The parser is inside a script or a style sheet.
        if self.cdata_elem and MARK in data:
            self.found.append(f"{self.cdata_elem}: {data[:80]}")


def made_of_text(page: str | HttpResponse) -> list[str]:
    """Return every element or attribute that some payload made of itself."""
    html = page if isinstance(page, str) else content(page).decode()
    if MARK not in html:
        return []
    finder = MarkFinder()
    finder.feed(html)
    finder.close()
    return finder.found


def test_what_is_looked_for_is_found_where_nothing_escapes():
    """Or finding nothing below would prove nothing."""
    for payload in PAYLOADS[:21]:
        contexts = (
            f"<p>{payload}</p>",
            f'<input value="{payload}">',
            f"<input value='{payload}'>",
            f"<textarea>{payload}</textarea>",
            f'<a href="{payload}">a</a>',
            f"<title>{payload}</title>",
            f"<script>{payload}</script>",
            f"<style>{payload}</style>",
            f"<input value={payload}>",
        )
        assert any(map(made_of_text, contexts)), payload


def test_every_text_of_every_table_holds_one(infested):
    """But for those that a rule of the database keeps: a new column is filled, or named above."""
    empty = []
    for model in (Operator, OperatorType, Profile, Role, Option, AccessTemplate, User, AuditEntry):
        for field in model._meta.concrete_fields:
            text = isinstance(field, models.CharField | models.TextField | models.JSONField)
            if not text or field.primary_key or field.name in KEPT:
                continue
            rows = model.objects.values_list(field.name, flat=True)
            if not any(MARK in json.dumps(value) for value in rows):
                empty.append(f"{model.__name__}.{field.name}")
    assert empty == []


# Of some thirty users, templates and entries all stand in the lists; one in five is looked into.
FOUR_IN_FIVE = r"LLENO\d\d[1-46-9]/|/\d*[1-46-9]/"


@pytest.mark.parametrize("visitor", ["principal", "secondary", "staff"])
def test_no_page_makes_markup_of_stored_text(visitor, infested, client_of):
    client = client_of(infested[visitor])
    starts = ["/admin/"] if visitor == "staff" else ["/", "/no-existe/"]
    found, pages, shown = {}, 0, 0
    for address, response in walk(client, *starts, leaving_out=FOUR_IN_FIVE):
        if not response["Content-Type"].startswith("text/html"):
            continue
        pages += 1
        shown += MARK.encode() in content(response)
        if made := made_of_text(response):
            found[address] = made[:3]
    assert found == {}
    assert pages > {"principal": 60, "secondary": 2, "staff": 90}[visitor]
    assert shown > pages / 2 or visitor == "staff"


def batched(items: list, size: int) -> Iterator[tuple]:
    """Yield the items in tuples of at most ``size``: itertools.batched of Python 3.12."""
    remaining = iter(items)
    while some := tuple(islice(remaining, size)):
        yield some


def test_what_was_typed_comes_back_as_text(infested, client_of):
    """In fields, error summaries, messages, the resumed form and the sign-in page."""
    client, found = client_of(infested["principal"]), []
    for name in FORMS:
        fields = [field for field in form_of(name) if field not in ("change", "do", "seen")]
        address = url(name)
        # Each payload comes once to each form, as many of them at once as it has fields.
        for some in batched(PAYLOADS, len(fields)) if fields else ():
            page = client.post(address, dict(zip(fields, some, strict=False)))
            if made := made_of_text(page):
                found.append((name, made[:2]))
    # A page shows the messages that the forms above have left.
    client.get("/")
    form, address = form_of("profiles:template_new"), url("profiles:template_new")
    for payload in PAYLOADS:
        assert client.post(address, {**form, "name": payload}).status_code == 302
    # The messages wait for the next page, which shows all of them.
    page = client.get(url("profiles:template_list"))
    assert len(page.context["messages"]) == len(PAYLOADS)
    if made := made_of_text(page):
        found.append(("the messages of saved templates", made[:2]))
    parameters = ("texto", "orden", "estado", "desde", "accion", "opcion", "despues")
    for some in batched(PAYLOADS, len(parameters)):
        for name in (
            "profiles:user_list",
            "profiles:access_table",
            "profiles:history",
            "profiles:why",
        ):
            query = dict(zip(parameters, some, strict=False))
            if made := made_of_text(client.get(url(name), query)):
                found.append((name, made[:2]))
    stranger, fields = client_of(None), ("ruc", "username", "password", "next", "unsent")
    for some in batched(PAYLOADS, len(fields)):
        page = stranger.post(
            "/ingresar/", dict.fromkeys(fields, "x") | dict(zip(fields, some, strict=False))
        )
        if made := made_of_text(page):
            found.append(("sign in", made[:2]))
    assert found == []


def test_a_file_holds_the_text_and_nothing_that_runs(infested, client_of):
    client = client_of(infested["principal"])
    for address in ("/historial/", "/accesos/"):
        response = client.get(address, {"formato": "csv", "estado": ""})
        text = content(response).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), delimiter=";"))
        assert len({len(row) for row in rows}) == 1
        assert any(MARK in cell for row in rows for cell in row)
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")]


# Queries ------------------------------------------------------------------------------------------

LISTS = {
    "profiles:user_list": (
        "texto",
        "estado",
        "opcion",
        "rol",
        "hallazgo",
        "orden",
        "despues",
        "usuario",
    ),
    "profiles:access_table": ("texto", "estado", "opcion", "rol", "hallazgo", "despues", "filas"),
    "profiles:history": ("texto", "accion", "canal", "desde", "hasta", "despues", "formato"),
    "profiles:why": ("texto", "opcion"),
    "profiles:options": ("perfil",),
    "profiles:copy": ("desde", "plantilla", "modo"),
    "profiles:template_new": ("usuario", "plantilla"),
    "portal:home": ("texto",),
    "users:sign_in": ("next", "sesion"),
    "sol:authen": ("lang", "originalUrl", "state", "redirect_uri"),
    "sol:login_menu": ("next", "lang", "originalUrl", "state"),
    "sol:error": ("lang", "originalUrl", "state"),
    "sol:entry": ("originalUrl", "state", "code"),
}
INJECTIONS = [
    *("'", '"', "%", "_", "\\'", "x' OR '1'='1", "'; DROP TABLE users_user; --", "\x00", "-1", "9" * 30, "9" * 5000),
    *("٣", "[]", "password", "-operator__ruc", "?", "1,2", "9999-12-31", "<q7x>"),
]  # fmt: skip
ALONE = ["'", "\x00", "9" * 5000, "-operator__ruc", "<q7x>", "9999-12-31"]
ALL_OPERATORS = {"operator__ruc__gt": "0"}
LOOKUPS = {
    **ALL_OPERATORS, "password__startswith": "a", "username__regex": "(", "pk": "1 OR 1=1", "id__in": "1,2",
    "orden": "password", "operator__users__password": "x", "-": "-", "__class__": "x", "__": "x",
}  # fmt: skip


def test_no_parameter_of_any_list_is_more_than_a_value(visitors, strangers_secondary, client_of):
    client = client_of(visitors["principal"])
    client.raise_request_exception = False
    wrong = []
    for name, parameters in LISTS.items():
        # Every value in all parameters at once; one value of each kind in each parameter alone.
        queries = [dict.fromkeys(parameters, value) for value in INJECTIONS]
        queries += [{parameter: value} for parameter in parameters for value in ALONE]
        address = url(name)
        for query in queries:
            response = client.get(address, query)
            page = content(response)
            if response.status_code not in (200, 302, 400, 404) or b"AJENO001" in page:
                wrong.append((name, query, response.status_code))
        for query in (LOOKUPS, ALL_OPERATORS):
            response = client.get(address, query)
            if response.status_code not in (200, 302) or b"AJENO001" in content(response):
                wrong.append((name, query, response.status_code))
    assert not wrong, "\n".join(map(ascii, wrong[:40]))


# Lines --------------------------------------------------------------------------------------------

TWO_LINES = "a\r\nX-Otro: b\nSet-Cookie: c=d"


def test_a_line_that_was_sent_is_never_one_of_a_header_or_of_the_log(visitors, client_of, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_of(visitors["principal"])
    client.raise_request_exception = False
    responses = [client.post(url(name), dict.fromkeys(form_of(name), TWO_LINES)) for name in FORMS]
    responses += [
        client.get(url(name), dict.fromkeys(parameters, TWO_LINES))
        for name, parameters in LISTS.items()
    ]
    responses += [
        client.get("/a%0D%0AX-Otro:%20b/"),
        client.get("/usuarios/JPEREZ01%0AX-Otro/perfiles/"),
        client.get("/usuarios/", headers={"user-agent": TWO_LINES, "referer": TWO_LINES}),
        client_of(None).get("/usuarios/?a=%0D%0AX-Otro:%20b"),
    ]
    for response in responses:
        assert "X-Otro" not in response
        assert "c" not in response.cookies
        for value in response.headers.values():
            assert not {"\r", "\n"} & {*value}
    ours = ("django.request", "django.security", "portal", "users")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(ours)]
    assert len(lines) >= len(responses)
    assert [line for line in lines if "\n" in line] == []
