"""What the tests of the doors of public robots share."""

from tests.conftest import PASSWORD, RUC

OAUTH2 = "/v1/clientessol/4f3b88b3-d9d6-402a-b85d-6a0bc857746a/oauth2"
ENTRY = "/cl-ti-itmenu/AutenticaMenuInternet.htm"
MENU = "/cl-ti-itmenu/MenuInternet.htm"
STATE = "a-state-of-more-than-twenty-characters"
# The nine fields that public clients send.
CHECK = {
    "tipo": "2",
    "dni": "",
    "custom_ruc": RUC,
    "j_username": "JPEREZ01",
    "j_password": PASSWORD,
    "captcha": "",
    "originalUrl": f"https://menu.example{ENTRY}",
    "lang": "es-PE",
    "state": STATE,
}
WRONG = {"j_password": "Otra20260"}


def check(client, **changed: str | None):
    """Send the credentials; a field that is None is left out."""
    fields = {name: value for name, value in (CHECK | changed).items() if value is not None}
    return client.post(f"{OAUTH2}/j_security_check", fields)


def events(caplog) -> list[str]:
    """Return the names of the events of sign-ins that were logged."""
    return [line.getMessage() for line in caplog.records if line.name == "users.security"]
