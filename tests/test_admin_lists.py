"""A list of the administration takes the filters and columns that it offers, and nothing else."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import BadRequest
from django.db import DataError, transaction
from django.test import RequestFactory
from django.urls import reverse

from tests.conftest import soup
from tests.walking import content
from users.admin.lists import StrictChangeList

# Each is a regular expression, a number, a date or a list that some column cannot have.
ODD = ["", "'", "(", r"(a+)+$", "-1", "0", "9" * 30, "9" * 5000, "99999", "1,2", "abc", "٣", "<q7x>", "a\r\nX-Otro: b"]  # fmt: skip
# Parameters that Django reads in each list.
OF_DJANGO = ["q", "o", "p", "all", "e", "_facets", "_popup", "_to_field", "_changelist_filters"]
LOOKUPS = ["", "__exact", "__regex", "__iregex", "__contains", "__startswith", "__in", "__isnull", "__gt", "__year", "__date"]  # fmt: skip


def address(model, page: str, *args) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def offered(client, model) -> set[tuple[str, str]]:
    """Return the filters of the links beside the list, with their values, and of ``linked_by``."""
    links = soup(client.get(address(model, "changelist"))).select("#changelist-filter a[href]")
    found = {pair for link in links for pair in parse_qsl(urlsplit(link["href"]).query)}
    return found | {(name, "1") for name in admin.site._registry[model].linked_by}


def columns(model) -> set[str]:
    """Return the names of the model's columns, and of those of the models beside it."""
    found = set()
    for field in model._meta.get_fields():
        found.add(field.name)
        if field.related_model:
            found |= {f"{field.name}__{other.name}" for other in field.related_model._meta.fields}
    return found


@pytest.fixture
def staff_client(visitors, strangers_secondary, client_of):
    client = client_of(visitors["staff"])
    client.raise_request_exception = False
    return client


@pytest.fixture
def is_refused(visitors):
    """is_refused(model, query): whether the list answers 400; its rows are read if it does not."""

    def ask(model, query: dict) -> bool:
        request = RequestFactory().get("/", query)
        request.user, request.session = visitors["staff"], {}
        request._messages = FallbackStorage(request)
        try:
            list(admin.site._registry[model].get_changelist_instance(request).result_list)
        except (BadRequest, OverflowError, DataError):
            # The last two of portal.middleware.PlainRequestMiddleware.
            return True
        return False

    return ask


def test_every_list_is_strict():
    assert len(admin.site._registry) >= 10
    for model_admin in admin.site._registry.values():
        assert model_admin.get_changelist(None) is StrictChangeList, model_admin


def test_a_list_has_the_same_rows_in_the_order_of_any_column(staff_client, is_refused, visitors):
    for model, model_admin in admin.site._registry.items():
        request = RequestFactory().get("/")
        request.user, request.session = visitors["staff"], {}
        shown = model_admin.get_changelist_instance(request)
        rows = sorted(row.pk for row in shown.queryset)
        for number in range(1, len(shown.list_display)):
            for order in (number, -number):
                request = RequestFactory().get("/", {"o": order})
                request.user, request.session = visitors["staff"], {}
                try:
                    ordered = model_admin.get_changelist_instance(request)
                except BadRequest:
                    continue
                assert sorted(row.pk for row in ordered.queryset) == rows, (model, order)


def test_a_list_takes_the_filters_that_it_offers_and_no_other_lookup(staff_client, is_refused):
    wrong = []
    for model in admin.site._registry:
        filters = offered(staff_client, model)
        wrong += [(model, pair) for pair in filters if is_refused(model, dict([pair]))]
        names = {name for name, _ in filters}
        # A filter has a choice for rows without a value, which no row of the test offers.
        names |= {name.rpartition("__")[0] + "__isnull" for name in names}
        names |= {name.rpartition("__")[0].rpartition("__")[0] + "__isnull" for name in names}
        for column in columns(model):
            for lookup in LOOKUPS if "__" not in column else LOOKUPS[:3]:
                if column + lookup not in names and not is_refused(model, {column + lookup: "1"}):
                    wrong.append((model, column + lookup))
    assert not wrong, "\n".join(map(ascii, wrong[:40]))


def test_no_value_of_a_parameter_of_a_list_is_an_error_of_ours(staff_client, is_refused):
    for model in admin.site._registry:
        names = {name for name, _ in offered(staff_client, model)}
        for name in {*OF_DJANGO, *names}:
            for value in ODD:
                # Raises what is not a refusal.
                with transaction.atomic():
                    is_refused(model, {name: value})


def test_no_odd_address_of_the_administration_is_an_error_of_ours(staff_client):
    wrong = []
    for value in ODD:
        path = quote(value)
        pages = [(f"/admin/r/{path}/{path}/", [])]
        for model in admin.site._registry:
            rows = address(model, "changelist")
            fields = [field.name for field in model._meta.get_fields()]
            pages += [
                (rows, ["q", "o", "p", "all", "_changelist_filters"]),
                (address(model, "add"), [*fields, "_changelist_filters", "_popup"]),
                (f"{rows}{path}/change/", ["_changelist_filters"]),
                (f"{rows}{path}/history/", ["p"]),
            ]
        for url, names in pages:
            response = staff_client.get(url, dict.fromkeys(names, value))
            if response.status_code >= 500 or b"<q7x" in content(response):
                wrong.append((url[:60], value[:20], response.status_code))
    assert not wrong, "\n".join(map(ascii, wrong[:40]))


def test_a_list_of_millions_is_sorted_by_no_column(staff_client):
    for model_admin in admin.site._registry.values():
        if not model_admin.get_sortable_by(None):
            response = staff_client.get(address(model_admin.model, "changelist"), {"o": "1"})
            assert response.status_code == 400


def test_a_column_that_is_no_field_of_a_form_is_not_completed(staff_client):
    for model in admin.site._registry:
        for field in model._meta.fields:
            query = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
                "term": "a " * 1000,
            }
            assert staff_client.get("/admin/autocomplete/", query).status_code == 404
