"""What the tests of accounts share: the form of Crear Usuario."""

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
