"""What the tests of accounts share: the form of Crear Usuario, and sign-ins without limits."""

import pytest

# The password of the form: no other account of the tests has it.
CLAVE = "Zorzal2026"
FORM = {
    "document_type": "1",
    "document_number": "90000002",
    "first_name": "Juan Carlos",
    "last_name": "Pérez Ñaupari",
    "email": "juan.perez@empresa.pe",
    "username": "JPEREZ01",
    "password1": CLAVE,
    "password2": CLAVE,
}


@pytest.fixture
def no_limits(settings):
    """Any number of wrong passwords is compared, so that one test can try many."""
    for kind in ("", "_PER_ADDRESS", "_PER_RUC"):
        setattr(settings, f"SIGN_IN_FAILURES{kind}", 10**6)
