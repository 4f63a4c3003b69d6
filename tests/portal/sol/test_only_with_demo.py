"""In a real installation the doors of public robots are addresses of nothing: 404."""

import json
import subprocess
import sys

import pytest

from tests.portal.conftest import PRODUCTION
from tests.routes import routes, url

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
def test_without_demo_none_of_the_doors_exists():
    doors = [url(name) for name in sorted({*routes()}) if name.startswith("sol:")]
    assert len(doors) == 8
    command = [sys.executable, "-c", LEADING_SOMEWHERE, "/ingresar/", *doors]
    for demo, expected in {"true": ["/ingresar/", *doors], "false": ["/ingresar/"]}.items():
        printed = subprocess.run(
            command,
            env={**PRODUCTION, "DEMO": demo, "DJANGO_SETTINGS_MODULE": "portal.settings"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(printed.stdout) == expected, demo
