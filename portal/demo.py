"""The practice operators and people of ``demo.toml``."""

import tomllib
from functools import cache
from pathlib import Path

DEMO_FILE = Path(__file__).with_name("demo.toml")


@cache
def data() -> dict:
    """Return the contents of ``demo.toml``."""
    return tomllib.loads(DEMO_FILE.read_text(encoding="utf-8"))


def operators() -> list[dict]:
    """Return each practice operator with all its accounts, the principal first."""
    principal = data()["principal"]
    return [
        {
            "ruc": operator["ruc"],
            "name": operator["name"],
            "accounts": [principal, *operator.get("secondary_users", [])],
        }
        for operator in data()["operators"]
    ]
