from uuid import uuid4

import pytest
from django.db import connection

from tests.places import on_server


@pytest.fixture(scope="module")
def make_place(tmp_path_factory):
    """make_place() is the address of a database that is empty, or not there yet."""
    folder = tmp_path_factory.mktemp("places")
    made = []

    def make() -> str:
        name = f"copia_{uuid4().hex}"
        if connection.vendor == "sqlite":
            return f"sqlite:///{folder / name}"
        on_server(f'CREATE DATABASE "{name}"')
        made.append(name)
        server = connection.settings_dict
        person = f"{server['USER']}:{server['PASSWORD']}".rstrip(":")
        return f"postgres://{person}@{server['HOST']}:{server['PORT']}/{name}"

    yield make
    for name in made:
        on_server(f'DROP DATABASE "{name}" WITH (FORCE)')
