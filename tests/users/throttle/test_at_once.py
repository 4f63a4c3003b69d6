"""Simultaneous guesses and sign-ins: how many are compared, and that none waits for ever."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from tests.conftest import PASSWORD
from tests.users.throttle.conftest import GUESS, WRONG, said, sign_in


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("right", [None, 0, 39], ids=["all wrong", "right first", "right last"])
def test_of_forty_simultaneous_guesses_five_are_compared(
    shared_database, secondary, compared, right
):
    compared.clear()
    together = Barrier(40, timeout=60)

    def attempt(number):
        client = Client()
        together.wait()
        try:
            # Each guess from another address, as from a botnet.
            password = PASSWORD if number == right else GUESS
            return sign_in(client, password, REMOTE_ADDR=f"192.0.2.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(40) as pool:
        responses = list(pool.map(attempt, range(40)))
    entered = [response for response in responses if response.status_code == 302]
    refused = [response for response in responses if response.status_code == 200]
    assert len(entered) + len(refused) == 40
    assert len(entered) == compared.count(PASSWORD) <= 1
    if not entered:
        assert len(compared) == 5
        assert [said(response) for response in refused].count(WRONG) == 5
    else:
        # The right password resets the counter for the guesses after it.
        assert len(compared) <= 10


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_five_hundred_simultaneous_sign_ins_do_not_deadlock(secondary, settings):
    """Right and wrong, of one account, one RUC, one address: the same rows in every order."""
    settings.SIGN_IN_FAILURES = settings.SIGN_IN_FAILURES_PER_ADDRESS = 20
    settings.SIGN_IN_WAITS = [timedelta(milliseconds=1)]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

    def attempt(number):
        client = Client(raise_request_exception=False)
        address = f"192.0.2.{number}" if number % 3 else "192.0.2.1"
        name = "JPEREZ01" if number % 4 else f"NADIE{number:03}"
        try:
            return sign_in(
                client, PASSWORD if number % 2 else GUESS, username=name, REMOTE_ADDR=address
            ).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        codes = Counter(pool.map(attempt, range(500)))
    assert codes.keys() == {200, 302}
    with connection.cursor() as cursor:
        cursor.execute(deadlocks)
        assert cursor.fetchone() == (0,)
