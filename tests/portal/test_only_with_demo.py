"""In a real installation what exists for practice only is an address of nothing: 404."""

import json
import subprocess
import sys

import pytest

from tests.portal.conftest import PRODUCTION
from tests.routes import routes, url

# The doors of public robots, practice companies, exercises, and the API.
FOR_PRACTICE = ("sol:", "practice:", "exercises:", "api:")

# Print the addresses that lead somewhere, with or without a slash at their end.
LEADING_SOMEWHERE = """
import json, sys
import django
django.setup()
from django.urls import Resolver404, resolve
def leads(address):
    try:
        return bool(resolve(address))
    except Resolver404:
        return False
print(json.dumps([address for address in sys.argv[1:] if leads(address) or leads(address + "/")]))
"""


@pytest.mark.django_db
def test_without_demo_none_of_the_addresses_of_practice_exists():
    names = sorted({name for name in routes() if name.startswith(FOR_PRACTICE)})
    assert {f"{name.partition(':')[0]}:" for name in names} == {*FOR_PRACTICE}
    addresses = [url(name) for name in names]
    command = [sys.executable, "-c", LEADING_SOMEWHERE, "/ingresar/", *addresses]
    for demo, expected in {"true": ["/ingresar/", *addresses], "false": ["/ingresar/"]}.items():
        printed = subprocess.run(
            command,
            env={**PRODUCTION, "DEMO": demo, "DJANGO_SETTINGS_MODULE": "portal.settings"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(printed.stdout) == expected, demo
