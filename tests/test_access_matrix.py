"""Who may open which screen: one table (tests/routes.py), complete by construction.

A route that is in the URLconf and not in the table fails, so a new screen cannot escape it.
"""

import pytest
from django.urls import reverse

from tests.conftest import VISITORS
from tests.routes import (
    FORBIDDEN,
    FORMS,
    LOGIN,
    MATRIX,
    NOT_FOUND,
    OF_NO_COMPANY,
    converters,
    database,
    form,
    outcome,
    routes,
    url,
)
from tests.walking import writes


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(MATRIX) == set(routes())


@pytest.mark.parametrize("visitor", VISITORS)
def test_reading_a_route_answers_as_the_table_says_and_writes_nothing(visitor, visitors, client_of):
    """GET answers as the table says, HEAD with the same outcome and no body."""
    client = client_of(visitors[visitor])
    before, wrong = database(), []
    with writes() as written:
        for name, row in MATRIX.items():
            expected = row[VISITORS.index(visitor)]
            read, asked = client.get(url(name)), client.head(url(name))
            if (outcome(read), outcome(asked), asked.content) != (expected, expected, b""):
                wrong.append((name, outcome(read), outcome(asked)))
    assert (wrong, written) == ([], [])
    assert database() == before


@pytest.mark.parametrize("visitor", [v for v in VISITORS if v != "principal"])
def test_a_form_of_another_visitor_is_refused_and_changes_nothing(visitor, visitors, client_of):
    """About a user of the principal every other visitor is refused, elsewhere those with no power."""
    client = client_of(visitors[visitor])
    before, wrong = database(), []
    with writes() as written:
        for name in FORMS:
            if visitor == "stranger" and not converters(name) - OF_NO_COMPANY:
                # The stranger is the principal of another operator.
                continue
            expected = {"anonymous": LOGIN, "stranger": NOT_FOUND}.get(visitor, FORBIDDEN)
            answer = outcome(client.post(url(name), form(name)))
            if answer != expected or written:
                wrong.append((name, answer, written[:1]))
    assert wrong == []
    assert database() == before


# No load of these visitors is half done, so that there is nothing to continue.
@pytest.mark.parametrize("name", sorted(FORMS.keys() - {"profiles:load_progress"}))
def test_the_same_forms_do_change_something_for_the_principal(name, visitors, client_of):
    """Or the refusals above would prove nothing."""
    client = client_of(visitors["principal"])
    before = database()
    client.post(url(name), form(name))
    assert database() != before


@pytest.mark.parametrize("visitor", ["secondary", "principal"])
def test_an_account_of_an_operator_never_enters_the_administration(visitor, visitors, client_of):
    response = client_of(visitors[visitor]).get(reverse("admin:index"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("admin:login"))
